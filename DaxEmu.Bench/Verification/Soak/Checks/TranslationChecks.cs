using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Checks;

/// <summary>Every translation is backed by an entry and leads to that entry's page; one that can be written through has a dirty entry.</summary>
internal static class TranslationChecks
{
    public static IEnumerable<string> Run(DaxFile file)
    {
        foreach (VmArea area in file.Mapping.Areas)
        {
            for (long page = 0; page < area.PageCount; page++)
            {
                Translation translation = area.Table.Find(page); // no lock: one that stays held is a finding of its own
                if (translation.IsPresent && !translation.IsCopy && Problem(file, area, page, translation) is { } problem)
                {
                    yield return $"page {page} of a view ({area.Mode}) {problem}";
                }
            }
        }
    }

    private static string? Problem(DaxFile file, VmArea area, long page, Translation translation)
    {
        PageIndex index = area.IndexOf(page);
        EntrySnapshot seen = file.Mapping.Entries[index];
        if (!seen.IsPresent || translation.IsZero != seen.Entry.IsZero || seen.Entry.IsEmpty)
        {
            return $"is mapped by {translation.Word:x}, and its entry is {seen}.";
        }

        if (translation.IsZero)
        {
            return null;
        }

        if (PageEvidence.PfnBehind(area, page, translation) != seen.Entry.Pfn + (index - seen.Start))
        {
            return $"is mapped to device page {PageEvidence.PfnBehind(area, page, translation)}, and its entry is {seen}.";
        }

        // What is stored through it would never be written back.
        return translation.IsWritable && !seen.Entry.IsDirty ? $"can be written, and its entry is clean: {seen}." : null;
    }
}
