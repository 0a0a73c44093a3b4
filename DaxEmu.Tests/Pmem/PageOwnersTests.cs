using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PageOwnersTests : IDisposable
{
    private static readonly Pfn Aligned = new(1024);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly PageOwners owners = new(new PfnRange(new Pfn(100), 4096));

    public void Dispose() => owners.Dispose();

    [Test]
    public void APageKnowsItsEntry()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, mapping: 7, new PageIndex(33), isShared: false);
        PageOwner owner = owners.Find(new Pfn(200));
        Assert.That((owner.Mapping, owner.Index, owner.HolderCount), Is.EqualTo((7L, new PageIndex(33), 1L)));
        Assert.That(owners.Find(new Pfn(201)).IsNone, Is.True);

        Assert.That(owners.Disassociate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33)), Is.Zero);
        Assert.That(owners.VerifyUnused, Throws.Nothing);
    }

    [Test]
    public void APageInsideAPmdKnowsItsOwnIndex()
    {
        owners.Associate(Aligned, PageOrder.Pmd, mapping: 7, new PageIndex(512), isShared: false);
        Assert.That(owners.Find(Aligned + 5).Index, Is.EqualTo(new PageIndex(517)));
        Assert.That(owners.Find(Aligned + 511).Index, Is.EqualTo(new PageIndex(1023)));
        Assert.That(owners.Find(Aligned + 512).IsNone, Is.True);
        Assert.That(owners.FirstInUse(new PfnRange(Aligned + 100, 1)), Is.EqualTo(Aligned + 100));
        Assert.That(owners.VerifyUnused, Throws.InvalidOperationException.With.Message.Contains("1024"));
    }

    [Test]
    public void TheLargestMappingAndIndexFitTheWord()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, PageOwner.MaxMapping, new PageIndex(PageOwner.MaxIndex), isShared: false);
        PageOwner owner = owners.Find(new Pfn(200));
        Assert.That((owner.Mapping, owner.Index.Value, owner.IsShared), Is.EqualTo((PageOwner.MaxMapping, PageOwner.MaxIndex, false)));
        Assert.That((PageOwner.MaxMapping, new PageIndex(PageOwner.MaxIndex + 1).OffsetBytes), Is.EqualTo(((long)int.MaxValue, 1L << 44)));
    }

    [Test]
    public void TwoEntriesCannotHoldAnUnsharedPage()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33), isShared: false);
        Assert.That(
            () => owners.Associate(new Pfn(200), PageOrder.Pte, 8, new PageIndex(1), isShared: false),
            Throws.InvalidOperationException.With.Message.Contains("mapping 7 at page 33"));
    }

    [Test]
    public void OnlyTheHolderGivesUp()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33), isShared: false);
        Assert.That(() => owners.Disassociate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(34)), Throws.InvalidOperationException);
        Assert.That(() => owners.Disassociate(new Pfn(300), PageOrder.Pte, 7, new PageIndex(33)), Throws.InvalidOperationException);
    }

    [Test]
    public void ASharedPageCountsItsHoldersAndTheLastOneClearsIt()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33), isShared: false);
        owners.Associate(new Pfn(200), PageOrder.Pte, 8, new PageIndex(1), isShared: true);
        owners.Associate(new Pfn(200), PageOrder.Pte, 9, new PageIndex(2), isShared: true);
        Assert.That(owners.Find(new Pfn(200)).HolderCount, Is.EqualTo(3));
        Assert.That(owners.Find(new Pfn(200)).IsShared, Is.True);

        Assert.That(owners.Disassociate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33)), Is.EqualTo(2));
        Assert.That(owners.Disassociate(new Pfn(200), PageOrder.Pte, 9, new PageIndex(2)), Is.EqualTo(1));
        Assert.That(owners.Disassociate(new Pfn(200), PageOrder.Pte, 8, new PageIndex(1)), Is.Zero);
        Assert.That(owners.Find(new Pfn(200)).IsNone, Is.True);
    }

    [Test]
    public void APageHeldAtBothOrdersHasTheSumOfHolders()
    {
        owners.Associate(Aligned, PageOrder.Pmd, 7, new PageIndex(0), isShared: true);
        owners.Associate(Aligned, PageOrder.Pte, 8, new PageIndex(3), isShared: true);
        Assert.That(owners.Find(Aligned).HolderCount, Is.EqualTo(2));
        Assert.That(owners.Find(Aligned + 1).HolderCount, Is.EqualTo(1));
    }

    [Test]
    public void APmdMustBeAligned() =>
        Assert.That(() => owners.Associate(new Pfn(1025), PageOrder.Pmd, 7, new PageIndex(0), false), Throws.ArgumentException);

    [Test]
    public void APinMakesAPageBusyAnEntryDoesNot()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33), isShared: false);
        Assert.That(owners.IsBusy(new Pfn(200)), Is.False);
        owners.Pin(new PfnRange(new Pfn(200), 2));
        owners.Pin(new PfnRange(new Pfn(201), 1));
        owners.Unpin(new PfnRange(new Pfn(200), 2));
        Assert.That(owners.IsBusy(new Pfn(200)), Is.False);
        Assert.That(owners.IsBusy(new Pfn(201)), Is.True);
        Assert.That(owners.FirstBusy(new PfnRange(new Pfn(100), 4096)), Is.EqualTo(new Pfn(201)));
        owners.Unpin(new PfnRange(new Pfn(201), 1));
        Assert.That(owners.FirstBusy(new PfnRange(new Pfn(100), 4096)), Is.Null);
        Assert.That(() => owners.Unpin(new PfnRange(new Pfn(201), 1)), Throws.InvalidOperationException);
    }

    [Test]
    public void APinOutlivesTheEntry()
    {
        owners.Associate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33), isShared: false);
        owners.Pin(new PfnRange(new Pfn(200), 1));
        owners.Disassociate(new Pfn(200), PageOrder.Pte, 7, new PageIndex(33));
        Assert.That(owners.FirstInUse(new PfnRange(new Pfn(150), 100)), Is.EqualTo(new Pfn(200)));
    }

    [Test]
    public void EveryWaiterSleepsUntilTheLastPinIsGone()
    {
        var page = new PfnRange(new Pfn(200), 1);
        owners.Pin(page);
        owners.Pin(page);
        Task[] waiters = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () => owners.WaitIdle(page.First), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        owners.Unpin(page);
        Assert.That(Task.WaitAny(waiters, TimeSpan.FromMilliseconds(50)), Is.EqualTo(-1), "one pin is left");
        owners.Unpin(page);
        Assert.That(Task.WaitAll(waiters, Soon), Is.True, "a waiter was not woken");
    }

    [Test]
    public void NoWakeUpIsLostWhenPinsAndWaitsRace()
    {
        var page = new PfnRange(new Pfn(200), 1);
        const int Rounds = 3000;
        int done = 0;
        Task pinner = Task.Factory.StartNew(
            () =>
            {
                while (Volatile.Read(ref done) == 0)
                {
                    owners.Pin(page);
                    Thread.SpinWait(20);
                    owners.Unpin(page);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Task waiter = Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < Rounds; i++)
                {
                    owners.WaitIdle(page.First);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        bool finished = waiter.Wait(Soon);
        Volatile.Write(ref done, 1);
        Assert.That(finished, Is.True, "the waiter slept on an idle page");
        Assert.That(pinner.Wait(Soon), Is.True);
        Assert.That(owners.VerifyUnused, Throws.Nothing);
    }

    [Test]
    public void HoldersOfASharedPageMeetInItsCount()
    {
        void Work(long mapping)
        {
            for (int i = 0; i < 20000; i++)
            {
                owners.Associate(new Pfn(200), PageOrder.Pte, mapping, new PageIndex(i), isShared: true);
                owners.Disassociate(new Pfn(200), PageOrder.Pte, mapping, new PageIndex(i));
            }
        }

        Parallel.Invoke(() => Work(1), () => Work(2), () => Work(3));
        Assert.That(owners.Find(new Pfn(200)).IsNone, Is.True);
    }
}
