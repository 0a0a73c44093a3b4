using System.Runtime.CompilerServices;
using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Mm;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Mm;

/// <summary>What is shown of a page table, under the deterministic scheduler: never more than the table holds when a change has returned.</summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class HostMmuScheduleTests
{
    private const ulong ReadRight = 1;
    private const ulong WriteRight = 2;

    private static readonly RunLimits Plenty = new(long.MaxValue, TimeSpan.FromSeconds(60));
    // The larger ones take long.
    private static readonly string[] Mixes = ["fd", "fp", "cf", "cd", .. Effort.IsThorough ? ["fdp", "rfd"] : Array.Empty<string>()];

    [TestCaseSource(nameof(Mixes))]
    public void NothingIsShownByAnOldTranslation(string mix)
    {
        CheckOutcome outcome = CheckRunner.Exhaust(Of(mix, isReversed: false), Plenty, maxPreemptions: 3);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    [TestCase("fd")]
    [TestCase("fp")]
    public void ATableThatChangesItsWordsAfterwardsIsFound(string mix) =>
        Assert.That(CheckRunner.Exhaust(Of(mix, isReversed: true), Plenty), Is.InstanceOf<CheckFailed>());

    private static Scenario Of(string mix, bool isReversed) =>
        new("host-mmu-" + mix, isReversed ? "reversed" : "fixed", "Faults and changes of one page.", () => new Run(mix, isReversed))
        {
            Model = MemoryModel.SequentiallyConsistent,
        };

    private sealed class Run : IScenarioRun, IHostPages
    {
        private readonly VmArea area;
        private readonly HostMmu mmu;
        private readonly PinnedLines host = new(1);
        private readonly PinnedLines entry = new(1);

        public Run(string mix, bool isReversed)
        {
            var lines = new PinnedLines(2);
            var file = new VmFile(
                1, 0, new AsymmetricLock(1, MappingLock.Invalidate, lines[0]), new AsymmetricLock(1, MappingLock.Areas, lines[1]), true, false, _ => { });
            area = new VmArea(file, 0, default, 2, MapMode.Shared, isHost: true);
            mmu = new HostMmu(area, this, new HostPiece(0, 2, CanRead: true, CanWrite: true));
            area.Table.Mmu = isReversed ? null : mmu;
            area.Table.TryInstallPage(0, Translation.Device(new Pfn(5), PageOrder.Pte, writable: true));
            Threads = [.. mix.Select((kind, i) => new ScenarioThread($"{kind}{i}", () => Step(kind, isReversed)))];
        }

        public IReadOnlyList<ScenarioThread> Threads { get; }

        public void Check() => RequireNoMore("at the end");

        public void Dispose()
        {
            area.Table.Mmu = null;
            area.FreeTables();
            mmu.Dispose();
        }

        bool IHostPages.TryMap(VmaPage first, long count, Translation translation, bool isWritable)
        {
            Atomic.Store(ref *host[0], (ulong)translation.Pfn.Value << 2 | ReadRight | (isWritable ? WriteRight : 0), Site.Other);
            return true;
        }

        void IHostPages.Drop(VmaPage first, long count) => Atomic.Store(ref *host[0], 0, Site.Other);

        void IHostPages.WriteProtect(VmaPage first, long count) => Atomic.And(ref *host[0], ~WriteRight, Site.Other);

        void IHostPages.Release(VmaPage first, long count) => ((IHostPages)this).Drop(first, count);

        // f: a fault of a store. r: a fault of a load. d: drops the translation. p: write-protects it. c: drops it and shows another page there.
        private void Step(char kind, bool isReversed)
        {
            switch (kind)
            {
                case 'f' or 'r':
                    Fault(isWrite: kind == 'f');
                    break;
                case 'd':
                    Change(isReversed, () => mmu.Drop(0, 1), () => area.Table.Unmap(0, 1, keepCopies: false));
                    RequireNoMore("after the drop");
                    break;
                case 'p':
                    Change(isReversed, () => mmu.WriteProtect(0, 1), () => area.Table.WriteProtect(0, 1));
                    RequireNotWritable("after the write-protection"); // a drop beside it may not have returned
                    break;
                default:
                    area.Table.Unmap(0, 1, keepCopies: false);
                    RequireNoMore("after the drop");
                    Install(new Pfn(6), isWrite: true);
                    _ = mmu.TryMap(0, isWrite: true, window: 1);
                    break;
            }
        }

        // A table that reported its changes before it made them.
        private static void Change(bool isReversed, Action report, Action change)
        {
            if (isReversed)
            {
                report();
            }

            change();
        }

        // As the fault handler does it, twice at most: it is dropped or protected once.
        private void Fault(bool isWrite)
        {
            for (int tries = 0; tries < 2 && mmu.TryMap(0, isWrite, window: 1) == MapOutcome.Changed; tries++)
            {
                Install(new Pfn(5), isWrite);
            }
        }

        // Under the lock of the entry, which gives all faults one and the same page.
        private void Install(Pfn pfn, bool isWrite)
        {
            WordLock.Enter(ref *entry[0], Site.LockEntry);
            Translation there = area.Table.Page(0);
            area.Table.TryInstallPage(0, Translation.Device(there.IsPresent ? there.Pfn : pfn, PageOrder.Pte, isWrite));
            WordLock.Leave(ref *entry[0], Site.UnlockEntry);
        }

        // The two words as they are at this moment: no steps of the schedule.
        private (ulong Shown, Translation Word) Now() => (*host[0], new Translation(*(ulong*)Unsafe.AsPointer(ref area.Table.PageWord(0))));

        private void RequireNotWritable(string when)
        {
            (ulong shown, Translation word) = Now();
            ScenarioCheck.That((shown & WriteRight) == 0 || word.IsWritable, $"a page is writable without the right {when}");
        }

        private void RequireNoMore(string when)
        {
            RequireNotWritable(when);
            (ulong shown, Translation word) = Now();
            ScenarioCheck.That(shown == 0 || word.IsPresent, $"a page is shown without a translation {when}");
            ScenarioCheck.That(shown == 0 || (long)(shown >> 2) == word.Pfn.Value, $"another page is shown {when}");
        }
    }
}
