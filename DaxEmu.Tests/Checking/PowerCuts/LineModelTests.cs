using DaxEmu.Core;
using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking.PowerCuts;

/// <summary>What a power cut may leave, rule by rule. Words 0 to 7 are one line, 8 to 15 the next.</summary>
public sealed class LineModelTests
{
    [Test]
    public void OfTheStoresToALineThoseUpToSomeMomentAreLeft() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Put(1, 1); d.Put(0, 2); }, 0, 1), Is.EqualTo(new[] { "0 0", "1 0", "1 1", "2 1" }));

    [Test]
    public void LinesAreLeftWithoutOrder() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Put(8, 1); }, 0, 8), Is.EqualTo(new[] { "0 0", "0 1", "1 0", "1 1" }));

    [Test]
    public void AFlushAloneMakesNothingDurable() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Flush(0, 8); }, 0), Is.EqualTo(new[] { "0", "1" }));

    [Test]
    public void AFenceAloneMakesNothingDurable() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Drain(); }, 0), Is.EqualTo(new[] { "0", "1" }));

    [Test]
    public void FlushAndFenceMakeALineDurable() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Put(8, 1); d.Persist(0, 8); }, 0, 8), Is.EqualTo(new[] { "1 0", "1 1" }));

    [Test]
    public void AFlushCoversTheStoresBeforeItAndNoneAfter() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Flush(0, 8); d.Put(1, 1); d.Put(0, 2); d.Drain(); }, 0, 1), Is.EqualTo(new[] { "1 0", "1 1", "2 1" }));

    [Test]
    public void TheFenceOfAnotherThreadDoesNotCount()
    {
        Assert.That(
            CutProgram.Left(d => { d.Put(0, 1); d.Flush(0, 8); d.PutAround(8, 1); OnAnotherThread(d.Drain); }, 0, 8), Is.EqualTo(new[] { "0 0", "0 1", "1 0", "1 1" }));
        Assert.That(
            CutProgram.Left(d => { d.Put(0, 1); OnAnotherThread(() => d.Persist(0, 8)); }, 0), Is.EqualTo(new[] { "1" }), "it flushes what others stored");
    }

    [Test]
    public void AFlushDoesNotCoverStoresAroundTheCachesOfAnotherThread() => Assert.That(
        CutProgram.Left(d => { d.PutAround(0, 1); OnAnotherThread(() => d.Persist(0, 8)); }, 0), Is.EqualTo(new[] { "0", "1" }));

    [Test]
    public void StoresAroundTheCachesAreLeftWordByWord() => Assert.That(
        CutProgram.Left(d => d.CopyNonTemporal(0, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]), 0, 1), Is.EqualTo(new[] { "0 0", "0 1", "1 0", "1 1" }));

    [Test]
    public void StoresAroundTheCachesToOneWordKeepTheirOrder() => Assert.That(
        CutProgram.Left(d => { d.PutAround(0, 1); d.PutAround(0, 2); }, 0), Is.EqualTo(new[] { "0", "1", "2" }));

    [Test]
    public void StoresAroundTheCachesNeedAFenceAndNoFlush() => Assert.That(
        CutProgram.Left(d => { d.PutAround(0, 1); d.Drain(); d.PutAround(1, 1); }, 0, 1), Is.EqualTo(new[] { "1 0", "1 1" }));

    [Test]
    public void AStoreAroundTheCachesArrivesWithoutTheCachedOnesBeforeIt() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.PutAround(1, 1); d.Drain(); }, 0, 1), Is.EqualTo(new[] { "0 1", "1 1" }));

    [Test]
    public void WhatArrivesOfOneWordLiesInTheOrderOfTheProgram() => Assert.Multiple(() =>
    {
        Assert.That(CutProgram.Left(d => { d.PutAround(0, 1); d.Put(0, 2); d.Put(1, 3); }, 0, 1), Is.EqualTo(new[] { "0 0", "1 0", "2 0", "2 3" }));
        Assert.That(CutProgram.Left(d => { d.Put(0, 1); d.PutAround(0, 2); d.Drain(); }, 0), Is.EqualTo(new[] { "2" }));
        Assert.That(CutProgram.Left(d => { d.PutAround(0, 1); d.Put(0, 2); d.Drain(); }, 0), Is.EqualTo(new[] { "1", "2" }));
    });

    [Test]
    public void EightAlignedBytesAreLeftWholeAndOthersByteByByte()
    {
        Assert.That(CutProgram.Left(d => d.Put(0, 0x0101), 0), Is.EqualTo(new[] { "0", "257" }));
        Assert.That(CutProgram.Left(d => d.Store(0, [1, 1]), 0), Is.EqualTo(new[] { "0", "1", "257" }));
    }

    [Test]
    public void AStoreThatChangesNothingLeavesNoChoice() => Assert.That(
        CutProgram.Left(d => { d.Put(0, 1); d.Persist(0, 8); d.Put(0, 1); }, 0), Is.EqualTo(new[] { "1" }));

    [Test]
    public void RawStoresAreFoundAtTheFlushOfTheirLine() => Assert.That(
        CutProgram.Left(d => { d.PutRaw(0, 1); d.Flush(0, 8); d.PutRaw(0, 2); d.Drain(); }, 0), Is.EqualTo(new[] { "1", "2" }));

    [Test]
    public void RawStoresThatAreNeverFlushedAreFoundAtTheNextFence() => Assert.That(
        CutProgram.Left(d => { d.PutRaw(8, 1); d.Put(0, 1); d.Persist(0, 8); d.PutRaw(8, 2); d.Drain(); }, 0, 8), Is.EqualTo(new[] { "1 0", "1 1", "1 2" }));

    [Test]
    public void RawStoresToOneLineAreSeenAsOne() => Assert.That(
        CutProgram.Left(d => { d.PutRaw(0, 1); d.PutRaw(1, 1); d.PutRaw(8, 1); }, 0, 1, 8), Is.EqualTo(new[] { "0 0 0", "0 0 1", "1 1 0", "1 1 1" }));

    [Test]
    public void ARawStoreComesBeforeALaterStoreToItsLine() => Assert.That(
        CutProgram.Left(d => { d.PutRaw(1, 1); d.Put(0, 1); }, 0, 1), Is.EqualTo(new[] { "0 0", "0 1", "1 1" }));

    [Test]
    public void RawStoresOfAFrameworksViewAreFound() => Assert.That(
        CutProgram.Left(
            d =>
            {
                // The workload's device has no file: its memory is what a view would show.
                Span<byte> memory = d.DirectAccess(new Pfn(1), 1).Span;
                memory[0] = 1;
            },
            512),
        Is.EqualTo(new[] { "0", "1" }));

    [Test]
    public void ACutIsMadeBeforeEachFenceEachStepAndAtTheEnd()
    {
        List<(int Number, int Begun, int Acknowledged)> cuts = [];
        var test = new PowerCutTest<int>
        {
            Name = "cuts",
            Workload = (device, progress) =>
            {
                progress.Step("one", () => { device.Put(0, 1); device.Persist(0, 8); }); // before it, before its fence
                progress.Step("two", () => { device.Put(8, 1); device.Persist(64, 8); }); // after the first, before its fence
                device.Put(16, 1); // at the end
            },
            Recover = _ => 0,
            Verify = (_, cut) =>
            {
                cuts.Add((cut.Number, cut.BegunSteps, cut.AcknowledgedSteps));
                return null;
            },
        };
        PowerCutReport report = PowerCutRunner.Explore(test, new PowerCutOptions { WorkerCount = 1 });
        Assert.That(cuts, Is.EqualTo(new[] { (1, 0, 0), (2, 1, 0), (3, 1, 1), (4, 2, 1), (5, 2, 2) }));
        Assert.That(report.CutCount, Is.EqualTo(5));
    }

    private static void OnAnotherThread(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }
}
