using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Golden;

/// <summary>Recorded scenarios through real loads and stores (<c>replay --mmu host</c>).</summary>
public sealed class RealMemoryTests
{
    private const double MostNotShown = 0.01;
    private const int FewEnough = 40;

    private static IEnumerable<string> Names => Effort.Part(GoldenCorpus.Names(), FewEnough);

    [Test]
    public void RealLoadsAndStoresFindWhatTheKernelShowed()
    {
        long signals = HostFaults.Counts.Signals;
        ReplayReport[] reports = [.. Names.Select(n => GoldenReplayer.Run(GoldenCorpus.Load(n), MmuKind.Host))];
        long accesses = reports.Sum(r => r.RealAccessCount);
        Assert.Multiple(() =>
        {
            Assert.That(reports.SelectMany(r => r.Mismatches).Where(m => !m.IsAdopted), Is.Empty);
            Assert.That(reports.Sum(r => r.WrongCount), Is.Zero);
            Assert.That(reports.Sum(r => r.NotShown.Values.Sum()), Is.LessThanOrEqualTo(MostNotShown * reports.Sum(r => r.OpCount)));
            Assert.That(accesses, Is.GreaterThan(reports.Sum(r => r.OpCount) / 4));
            Assert.That(HostFaults.Counts.Signals - signals, Is.GreaterThan(accesses / 2), "most accesses of the scenarios fault");
        });
    }

    [Test]
    public void AnOpWithoutRealMemoryIsCountedWithItsReason()
    {
        using var device = PmemDevice.CreateInMemory(DaxConstants.PmdSize);
        using var mapping = new AddressSpace(device, new LinearExtentMap(new Pfn(0), DaxConstants.PagesPerPmd), DaxConstants.PmdSize);
        using var memory = new RealMemory(mapping, new FaultLoop(new FaultHandler(mapping)), new ReplayWork(CancellationToken.None));
        memory.Map(0, new PageIndex(0), 1, MapMode.Shared, leadPages: 0);
        Assert.Multiple(() =>
        {
            Assert.That(memory.Store(0, 0, 5, 7), Is.EqualTo(IoError.None));
            Assert.That(memory.Load(0, 0, 5, out byte value), Is.EqualTo(IoError.None));
            Assert.That(value, Is.EqualTo(7));
            Assert.That(memory.AccessCount, Is.Zero);
            Assert.That(memory.NotShown.Single().Key, Does.Contain("in-memory device").And.Contain("has no file"));
            Assert.That(memory.NotShown.Single().Value, Is.EqualTo(3));
        });
    }

    [TestCase(0UL, "without a translation")]
    [TestCase(1UL, "at byte")]
    [TestCase(2UL, "by a translation that cannot be written")]
    public void ARealMappingBeyondThePageTableIsSeen(ulong change, string problem)
    {
        using var device = PmemDevice.CreateTemporary(2 * DaxConstants.PmdSize);
        using var volume = DaxVolume.ScratchOf(device);
        using DaxFile file = volume.Create("a", DaxConstants.PmdSize);
        using HostMapping real = file.MapHost(0, DaxConstants.PmdSize, MapMode.Shared | MapMode.NoHugePage);
        HostAccess.Store(real.Address + DaxConstants.PageSize, [1], out _);
        Assert.That(ShownPages.Excess([(real.Area, real.Address)]), Is.Empty);

        // Behind the back of what shows it.
        ref ulong word = ref real.Area.Table.PageWord(1);
        ulong before = word;
        word = change switch
        {
            0 => 0,
            1 => word + (1UL << Translation.PfnShift),
            _ => word & ~Translation.WritableBit,
        };
        Assert.That(ShownPages.Excess([(real.Area, real.Address)]).Single(), Does.StartWith("page 1 is mapped rw-s").And.Contain(problem));
        word = before;
    }

    [Test]
    public void TraceTextIsRefusedWithTheReason()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["trace.txt"], Recordings.Pte());
        CommandResult result = Command.RunHere("replay", "--mmu", "host", scratch["trace.txt"]);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("trace.txt is trace text").And.Contain("without --mmu host"));
    }

    [Test]
    public void TheCommandSaysHowManyAccessesWereReal()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["one.jsonl"], GoldenCorpus.Text("hand/pmd-write-preallocated"));
        CommandResult result = Command.RunHere("replay", "--mmu", "host", scratch["one.jsonl"]);
        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        Assert.That(result.Output, Does.Match("1 scenarios, [0-9]+ ops: 0 differ").And.Match("[1-9][0-9]* loads and stores, [1-9][0-9]* faults"));
        Assert.That(result.Output, Does.Contain("0 ops were not carried out by real accesses (0.00 %)."));
    }
}
