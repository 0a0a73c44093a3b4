using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Failures;

/// <summary>Would the sweep notice? Faults are put into the sources of the core, and the sweep of one operation must find each.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class SweepMutationTests
{
    private const string EarlyTakeOut = "Fsync.WriteAndWait(mapping, plan.SecondWriteback, cancellationToken);";

    private static readonly Fault[] Faults =
    [
        new("a truncate takes entries out before it can fail", "file truncate to the middle of a shared page",
            "Fs/LayoutChange.cs", EarlyTakeOut, EarlyTakeOut + " LayoutBreak.TakeOut(mapping, plan.TakesOut);"),
        new("zeroing takes entries out before it can fail", "file zero over a hole and a dirty page",
            "Fs/LayoutChange.cs", EarlyTakeOut, EarlyTakeOut + " LayoutBreak.TakeOut(mapping, plan.TakesOut);"),
        new("a pin whose flush fails stays", "view unpin",
            "Dax/Faults/PagePin.cs",
            "pins.ForEach(run => Try(() => device.FlushUnchecked(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift)));",
            "pins.ForEach(run => device.FlushUnchecked(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift));"),
        new("a private copy that cannot be made keeps the gate", "view store privately to the first page of all",
            "Dax/Faults/PrivateCopy.cs",
            "        finally\n        {\n            WordLock.Leave(ref area.CopyGate, Site.Copying);\n        }\n\n        return FaultOutcome",
            "        finally\n        {\n        }\n\n        WordLock.Leave(ref area.CopyGate, Site.Copying);\n        return FaultOutcome"),
        new("an interrupted allocation gives a block back that it has not taken", "view store to a hole",
            "Iomap/InMemoryExtentMap.cs", "isTaken = TryTake(index, run.PageCount, out run);", "isTaken = true; isTaken = TryTake(index, run.PageCount, out run);"),
        new("a filled hole stays mapped by the zero page", "view store to a hole that is mapped",
            "Dax/Faults/EntryInstall.cs", "if (held.Entry.IsZero && (target.Flags & ExtentFlags.New) != 0)", "if (false)"),
        new("storage that cannot zero a new block throws out of a fault", "view store to a hole",
            "Fs/DaxVolume.cs", "catch (DaxEnvironmentException)", "catch (DaxEnvironmentException) when (blocks.IsEmpty)"),
        new("edges that cannot be zeroed stop a change of layout halfway", "file punch unaligned",
            "Dax/ReadWrite/ZeroRange.cs", "catch (Exception failure)", "catch (Exception failure) when (failure is DaxEmu.Native.DaxEnvironmentException)"),
        new("a file whose last writeback is interrupted stays open", "volume dispose",
            "Fs/DaxFile.cs", "catch (Exception stopped)", "catch (Exception stopped) when (stopped is null)"),
        new("an entry that could not be flushed becomes clean", "file sync",
            "Dax/Writeback/EntryCleaner.cs", "return chosen & from;", "return 0;"),
        new("a device whose owners could not be listed once fails for ever", "volume of a new device",
            "Pmem/PmemDevice.cs", "LazyThreadSafetyMode.PublicationOnly", "LazyThreadSafetyMode.ExecutionAndPublication"),
        new("a wait that fails keeps faults out", "file punch of a page that is pinned",
            "Fs/LayoutChange.cs", "catch\n        {\n            hold.Dispose();", "catch\n        {"),
    ];

    private CoreSources sources = null!;

    private static IEnumerable<Fault> Tried => Effort.Part(Faults, every: 16);

    [OneTimeSetUp]
    public void ReadSources() => sources = new CoreSources();

    [Test]
    public void EachFaultHasItsText() => Assert.Multiple(() =>
    {
        foreach (Fault fault in Faults)
        {
            Assert.That(() => sources.PlaceOfText(fault.Name, fault.File, fault.Before), Throws.Nothing);
        }
    });

    [Test]
    public void TheSweepFindsTheFault([ValueSource(nameof(Tried))] Fault fault)
    {
        using ProbedCore faulty = sources.Compile(fault.Name, fault.File, fault.Before, fault.After);
        IReadOnlyList<string> found = faulty.Sweep(fault.Operation);
        Assert.That(found, Is.Not.Empty, "the sweep sees nothing");
        TestContext.Out.WriteLine(found[0]);
    }

    public sealed record Fault(string Name, string Operation, string File, string Before, string After)
    {
        public override string ToString() => Name;
    }
}
