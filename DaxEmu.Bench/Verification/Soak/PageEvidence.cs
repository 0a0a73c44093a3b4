using System.Runtime.InteropServices;
using System.Text;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>What can be found out about a page that shows something wrong: entry, extent, and every translation, with the bytes behind each.</summary>
internal static class PageEvidence
{
    /// <summary>Looks without a lock and faults nothing in: what is wrong may go away otherwise.</summary>
    public static string Of(SoakFixture fixture, long page) =>
        Of(fixture, page, fixture.File) + (page < fixture.ClonePageCount ? "\n" + Of(fixture, page, fixture.Clone) : string.Empty);

    /// <summary>The same of one file.</summary>
    public static string Of(SoakFixture fixture, long page, DaxFile file)
    {
        var text = new StringBuilder();
        string name = fixture.NameOf(file);
        var index = new PageIndex(page);
        text.Append("  ").Append(name).Append(": entry ").Append(file.Mapping.Entries[index]);
        Extent extent = file.Extents.Find(index, 1, ExtentIntent.Read).Source;
        text.Append(", extent ").Append(extent.Kind).Append(extent.IsShared ? " shared" : string.Empty);
        if (extent.Kind != ExtentKind.Hole)
        {
            text.Append(" at device page ").Append(extent.PfnAt(index)).Append(", which holds ").Append(At(fixture, extent.PfnAt(index)));
        }

        text.Append('\n');
        int number = 0;
        foreach (VmArea area in file.Mapping.Areas.Where(a => page >= a.FirstIndex.Value && page < a.FirstIndex.Value + a.PageCount))
        {
            text.Append("    view ").Append(number++).Append(" (").Append(area.Mode).Append("): ").Append(Describe(fixture, area, page - area.FirstIndex.Value)).Append('\n');
        }

        return text.ToString().TrimEnd();
    }

    private static string Describe(SoakFixture fixture, VmArea area, long page)
    {
        Translation translation;
        try
        {
            translation = area.TranslationOf(page);
        }
        catch (ObjectDisposedException)
        {
            return "unmapped meanwhile";
        }

        if (!translation.IsPresent)
        {
            return "no translation";
        }

        string order = translation.IsHuge ? "2 MiB" : "4 KiB";
        if (translation.IsZero || translation.IsCopy)
        {
            return $"{order}, {(translation.IsZero ? "zero page" : "private copy")}";
        }

        Pfn pfn = PfnBehind(area, page, translation);
        return $"{order}, {(translation.IsWritable ? "writable" : "read-only")}, device page {pfn}, which holds {At(fixture, pfn)}";
    }

    /// <summary>The device page that a translation of device memory leads to.</summary>
    public static Pfn PfnBehind(VmArea area, long page, Translation translation) =>
        translation.Pfn + (translation.IsHuge ? (area.LeadPages + page) & DaxConstants.ColourMask : 0);

    private static string At(SoakFixture fixture, Pfn pfn)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(fixture.Device.GetSpan(pfn, 1));
        return words[0] == words[^1] ? new PageStamp(words[0]).ToString() : $"{new PageStamp(words[0])} ... {new PageStamp(words[^1])}";
    }
}
