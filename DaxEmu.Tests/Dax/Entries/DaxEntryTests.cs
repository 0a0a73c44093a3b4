using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

public sealed class DaxEntryTests
{
    private static IEnumerable<TestCaseData> Legal =>
        from kind in new[] { 'e', 'z', 'm' }
        from order in new[] { PageOrder.Pte, PageOrder.Pmd }
        from dirty in new[] { false, true }
        from shared in new[] { false, true }
        from locked in new[] { false, true }
        where !(kind == 'e' && dirty) && !(kind != 'm' && shared)
        select new TestCaseData(kind, order, dirty, shared, locked);

    [TestCaseSource(nameof(Legal))]
    public void EveryLegalWordTellsWhatItWasMadeOf(char kind, PageOrder order, bool dirty, bool shared, bool locked)
    {
        DaxEntry entry = Make(kind, order).WithDirty(dirty).WithShared(shared);
        entry = locked ? entry.WithLock : entry;

        Assert.That(entry.IsPresent, Is.True);
        Assert.That((entry.IsEmpty, entry.IsZero, entry.IsReal), Is.EqualTo((kind == 'e', kind == 'z', kind == 'm')));
        Assert.That((entry.Order, entry.IsPmd), Is.EqualTo((order, order == PageOrder.Pmd)));
        Assert.That((entry.IsDirty, entry.IsShared, entry.IsLocked), Is.EqualTo((dirty, shared, locked)));
        Assert.That(entry.WithLock.WithoutLock, Is.EqualTo(entry.WithoutLock));
        Assert.That(entry.WithDirty().WithDirty(dirty), Is.EqualTo(entry));
        Assert.That(entry.WithShared(true).WithShared(shared), Is.EqualTo(entry));
        if (kind == 'm')
        {
            Assert.That(entry.Pfn, Is.EqualTo(new Pfn(1024)));
        }

        string size = order == PageOrder.Pmd ? "2" : "4";
        string what = kind == 'm' ? "m@1024" : kind.ToString();
        Assert.That(entry.ToString(), Is.EqualTo(size + what + (dirty ? "*" : "") + (shared ? "s" : "") + (locked ? "L" : "")));
    }

    [Test]
    public void NoTwoLegalWordsAreAlike()
    {
        IEnumerable<ulong> words = Legal.Select(c =>
        {
            DaxEntry entry = Make((char)c.Arguments[0]!, (PageOrder)c.Arguments[1]!)
                .WithDirty((bool)c.Arguments[2]!)
                .WithShared((bool)c.Arguments[3]!);
            return (bool)c.Arguments[4]! ? entry.WithLock.Word : entry.Word;
        });
        Assert.That(words.Append(DaxEntry.None.Word), Is.Unique);
    }

    [TestCase(0)]
    [TestCase(511)]
    [TestCase((1L << 52) - 1)]
    public void TheFirstAndTheLastDevicePageFitTheWord(long pfn)
    {
        DaxEntry entry = DaxEntry.Real(new Pfn(pfn), PageOrder.Pte).WithDirty().WithLock;
        Assert.That(entry.Pfn.Value, Is.EqualTo(pfn));
        Assert.That(entry.IsReal, Is.True, "page 0 of the device is as real as any");
    }

    [Test]
    public void NoEntryIsNothing()
    {
        Assert.That(DaxEntry.None.IsPresent, Is.False);
        Assert.That(DaxEntry.None.IsReal, Is.False);
        Assert.That(DaxEntry.None.ToString(), Is.EqualTo("-"));
        Assert.That(new EntrySnapshot(new PageIndex(5), Make('m', PageOrder.Pte).WithDirty(), true).ToString(), Is.EqualTo("5:4m@1024*t"));
    }

    [TestCaseSource(nameof(Legal))]
    public void ARangeWordIsAPmdOnlyIfItIsAPmdEntry(char kind, PageOrder order, bool dirty, bool shared, bool locked)
    {
        DaxEntry entry = Make(kind, order).WithDirty(dirty).WithShared(shared);
        entry = locked ? entry.WithLock : entry;
        Assert.That(new RegionWord(entry.Word).IsPmd, Is.EqualTo(order == PageOrder.Pmd));
    }

    [Test]
    public void ARangeWordThatIsATableIsNoPmdWhateverItsMarks()
    {
        foreach (ulong marks in new ulong[] { 0, RegionWord.AnyDirtyBit, RegionWord.ClosingBit, RegionWord.AnyDirtyBit | RegionWord.ClosingBit })
        {
            var word = new RegionWord(RegionWord.Table.Word | marks);
            Assert.That((word.IsTable, word.IsPmd), Is.EqualTo((true, false)));
            Assert.That(word.WithClosing.WithoutClosing.WithoutAnyDirty, Is.EqualTo(RegionWord.Table));
        }
    }

    private static DaxEntry Make(char kind, PageOrder order) => kind switch
    {
        'e' => DaxEntry.Empty(order),
        'z' => DaxEntry.Zero(order),
        _ => DaxEntry.Real(new Pfn(1024), order),
    };
}
