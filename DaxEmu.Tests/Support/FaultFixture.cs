using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>A device in memory, a file on it, and its fault handlers; checked when it is left.</summary>
internal sealed class FaultFixture : IDisposable
{
    public const long FilePages = 4 * DaxConstants.PagesPerPmd;

    public FaultFixture(AddressSpaceOptions? options = null, long? sizeBytes = null, long firstPfn = DaxConstants.PagesPerPmd)
    {
        Device = PmemDevice.CreateInMemory((FilePages + (2 * DaxConstants.PagesPerPmd)) << DaxConstants.PageShift);
        options ??= new AddressSpaceOptions();
        Mapping = new AddressSpace(
            Device,
            new LinearExtentMap(new Pfn(firstPfn), FilePages),
            sizeBytes ?? FilePages << DaxConstants.PageShift,
            options with { MaximumSizeBytes = 1L << 30 });
        Handler = new FaultHandler(Mapping);
        Loop = new FaultLoop(Handler);
    }

    public PmemDevice Device { get; }

    public AddressSpace Mapping { get; }

    public FaultHandler Handler { get; }

    public FaultLoop Loop { get; }

    public VmArea Map(MapMode kind = MapMode.Shared, long first = 0, long pageCount = FilePages, int? lead = null) =>
        Mapping.Map(new PageIndex(first), pageCount, kind, lead);

    public FaultOutcome Pte(VmArea area, long page, bool isWrite = false) => Fault(area, page, isWrite, PageOrder.Pte);

    public FaultOutcome Pmd(VmArea area, long page, bool isWrite = false) => Fault(area, page, isWrite, PageOrder.Pmd);

    public void Dispose()
    {
        try
        {
            Assert.That(Mapping.Entries.Verify(), Is.Empty, Mapping.Entries.Dump());
            VerifyTranslations();
        }
        finally
        {
            Mapping.Dispose();
            Device.Dispose();
        }
    }

    private FaultOutcome Fault(VmArea area, long page, bool isWrite, PageOrder order) =>
        Handler.Fault(area, page, isWrite ? FaultFlags.Write : FaultFlags.None, order);

    // Every translation is backed by an entry that leads to the same page.
    private void VerifyTranslations()
    {
        foreach (VmArea area in Mapping.Areas)
        {
            for (long page = 0; page < area.PageCount; page++)
            {
                Translation translation = area.TranslationOf(page);
                if (!translation.IsPresent || translation.IsCopy)
                {
                    continue;
                }

                PageIndex index = area.FirstIndex + page;
                var entry = Mapping.Entries[index];
                Assert.That(entry.IsPresent, $"page {index} is mapped without an entry");
                if (!translation.IsZero)
                {
                    long expected = entry.Entry.Pfn.Value + (index - entry.Start);
                    long actual = translation.Pfn.Value + (translation.IsHuge ? index.Colour : 0);
                    Assert.That(actual, Is.EqualTo(expected), $"page {index}");
                    Assert.That(!translation.IsWritable || entry.Entry.IsDirty, $"page {index} is writable and clean");
                }
            }
        }
    }
}
