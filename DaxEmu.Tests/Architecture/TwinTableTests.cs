using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>The table in docs/architecture.md leads from each function of fs/dax.c to its twin in one step.</summary>
public sealed partial class TwinTableTests
{
    // Linux 6.1 and 6.12 together.
    private const string Functions = """
        pe_order dax_to_pfn dax_make_entry dax_is_locked dax_entry_order dax_is_pmd_entry dax_is_pte_entry dax_is_zero_entry dax_is_empty_entry dax_is_conflict
        dax_entry_waitqueue wake_exceptional_entry_func dax_wake_entry get_unlocked_entry wait_entry_unlocked put_unlocked_entry dax_unlock_entry dax_lock_entry
        dax_entry_size dax_end_pfn dax_mapping_is_cow dax_mapping_set_cow dax_page_is_shared dax_page_share_get dax_page_share_put dax_associate_entry
        dax_disassociate_entry dax_busy_page dax_lock_page dax_unlock_page dax_lock_folio dax_unlock_folio dax_lock_mapping_entry dax_unlock_mapping_entry
        grab_mapping_entry dax_layout_busy_page_range dax_layout_busy_page __dax_invalidate_entry __dax_clear_dirty_range dax_delete_mapping_entry
        dax_invalidate_mapping_entry_sync dax_iomap_pgoff copy_cow_page_dax dax_fault_is_synchronous dax_insert_entry dax_writeback_one dax_writeback_mapping_range
        dax_iomap_direct_access dax_iomap_cow_copy dax_iomap_copy_around dax_load_hole dax_pmd_load_hole dax_unshare_iter dax_file_unshare dax_memzero dax_zero_iter
        dax_zero_range dax_truncate_page dax_iomap_iter dax_iomap_rw dax_fault_return dax_fault_synchronous_pfnp dax_fault_cow_page dax_fault_iter dax_iomap_pte_fault
        dax_fault_check_fallback dax_iomap_pmd_fault dax_iomap_fault dax_insert_pfn_mkwrite dax_finish_sync_fault dax_range_compare_iter
        dax_dedupe_file_range_compare dax_remap_file_range_prep init_dax_wait_table
        """;

    private static readonly string Docs = Path.Combine(Solution.Root, "docs");

    private static readonly string[][] Rows = [.. Row()
        .Matches(File.ReadAllText(Path.Combine(Docs, "architecture.md")))
        .Select(m => m.Groups["cell"].Captures.Select(c => c.Value.Trim()).ToArray())];

    [Test]
    public void EachFunctionHasARow() => Assert.That(
        Functions.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(f => Rows.Count(r => Quoted(r[0]).Contains(f)) != 1), Is.Empty, "functions with no row, or several");

    [Test]
    public void EachRowNamesMembersThatExistOrSaysWhyThereIsNone() => Assert.Multiple(() =>
    {
        foreach (string[] row in Rows)
        {
            bool hasNone = row[1].StartsWith("none: ", StringComparison.Ordinal);
            Assert.That(Quoted(row[1]).Any(), Is.Not.EqualTo(hasNone && row[2].Length == 0), row[0]);
            Assert.That(hasNone ? [] : Quoted(row[1]).Where(n => !Members.Exist(n)), Is.Empty, row[0]);
        }
    });

    [Test]
    public void EachMemberIsInAFileThatTheRowLinks() => Assert.That(
        from row in Rows
        where row[2].Length > 0
        let sources = Link().Matches(row[2]).Select(m => Path.Combine(Docs, m.Groups[1].Value)).Where(File.Exists).Select(File.ReadAllText).ToArray()
        from name in Quoted(row[1])
        where !sources.Any(source => name.Split('.') is [string type, .. string[] member]
            && Regex.IsMatch(source, $@"\b(class|struct|interface|enum|record)\s+(struct\s+)?{type}\b")
            && Array.TrueForAll(member, m => Regex.IsMatch(source, $@"\b{m}\b")))
        select $"{row[0]}: {name} is in none of {row[2]}",
        Is.Empty);

    private static IEnumerable<string> Quoted(string cell) => Backticks().Matches(cell).Select(m => m.Groups[1].Value);

    [GeneratedRegex(@"^\|(?<cell> `\w+`(?:, `\w+`)* )\|(?<cell>[^|\n]*)\|(?<cell>(?: \[[^|\n]*| ))\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`([\w.]+)`")]
    private static partial Regex Backticks();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();
}
