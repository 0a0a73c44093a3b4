using DaxEmu.Bench.Cli.Fio;
using DaxEmu.Bench.Commands;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Cli.Fio;

/// <summary>Command lines as fio's users write them: each runs as it stands, or is refused with the nearest that exists.</summary>
[NonParallelizable]
public sealed class FioCommandLineTests
{
    // What stands behind fio's name, and what it is here: the cases, one behind the other, or a part of the error line.
    private static readonly (string Line, string Expected)[] Sample =
    [
        ("--name=seqread --rw=read --bs=4k --size=4m --numjobs=1 --runtime=1 --time_based", "seqread: 4k read refault, 4m, 1 job"),
        ("--name=j --readwrite=randwrite --blocksize=4KiB --size=4MiB --numjobs=1", "j: 4k randwrite refault, 4m, 1 job"),
        ("--name=j --rw=randrw --rwmixread=70 --bs=4k --size=4m --numjobs=2 --group_reporting", "j: 4k randrw 70/30 refault, 4m, 2 jobs"),
        ("--name=j --rw=readwrite --rwmixwrite=25 --bs=2m --size=4m --numjobs=1 --thread", "j: 2m rw 75/25 refault, 4m, 1 job"),
        ("--name=j --ioengine=mmap --rw=write --bs=4k --size=4m --numjobs=1 --direct=1 --iodepth=1", "j: 4k write refault, 4m, 1 job"),
        ("--name=j --ioengine=psync --rw=randread --bs=64k --size=4m --numjobs=1", "j: 64k randread pread, 4m, 1 job"),
        ("--name=j --ioengine=sync --rw=write --bs=1MiB --size=4m --numjobs=1 --fsync=16", "j: 1m write fsync=16 pwrite, 4m, 1 job"),
        ("--name=j --rw=randread --random_distribution=zipf:1.1 --size=4m --numjobs=1", "j: 4k randread zipf:1.1 refault, 4m, 1 job"),
        ("--name=j --rw=randwrite --random_distribution=pareto:0.2 --size=4m --numjobs=1 --randseed=7 --randrepeat=1", "j: 4k randwrite pareto:0.2 refault, 4m, 1 job"),
        ("--name=j --rw=write --size=4m --numjobs=1 --cpus_allowed=0 --cpus_allowed_policy=split", "j: 4k write refault, 4m, 1 job"),
        ("--name=j --rw=write --size=4m --numjobs=1 --percentile_list=50:99:99.9 --output-format=normal --eta=never", "j: 4k write refault, 4m, 1 job"),
        ("--name=j --rw=write --size=4m --numjobs=1 --loops=3 --ramp_time=1 --status-interval=10", "j: 4k write refault, 4m, 1 job"),
        ("--size=4m --numjobs=1 --name=a --rw=read --name=b --rw=write --stonewall", "a: 4k read refault, 4m, 1 job\nb: 4k write refault, 4m, 1 job"),
        ("--size=4m --numjobs=1 --name=a --rw=read --name=b --rw=write", "job 'b' and the one before it at once"),
        ("--name=j --ioengine=libaio --iodepth=32 --rw=randread --bs=4k --size=4m", "--numjobs N"),
        ("--name=j --ioengine=io_uring --rw=randread --size=4m", "The nearest is psync"),
        ("--name=j --iodepth=16 --rw=read --size=4m", "--numjobs N"),
        ("--name=j --rw=trim --size=4m", "Choose one of: read, write"),
        ("--name=j --rw=randrw --bssplit=4k/50:64k/50 --size=4m", "--bs 4k,2m"),
        ("--name=j --rw=write --size=4m --verify=crc32c", "daxemu soak"),
        ("--name=j --rw=write --size=4m --rate=100m", "as fast as it can"),
        ("--name=j --rw=read --offset=1m --size=4m", "--size 50%"),
        ("--name=j --rw=read --size=4m --write_lat_log=lat", "--hgrm FILE"),
        ("--name=j --rw=read --size=4m --output-format=terse", "Choose one of: normal, json"),
        ("--name=j --rw=read --size=4m --numa_mem_policy=bind:0", "numactl --membind"),
        ("--name=j --rw=read --size=4m --norandommap", "zipf:1.1"),
        ("--name=j --rw=read --size=4m --loops=2 --time_based", "exclude each other"),
        ("--name=j --rw=read --size=4m --rwmixread=70", "--rw randrw"),
        ("--name=j --rw=randrw --ioengine=psync --size=4m", "--rw read,write"),
        ("--name=j --rw=write --fsync=8 --size=4m", "--phase pwrite"),
        ("--name=j --rw=write --random_distribution=zipf:1.1 --size=4m", "--rw randwrite"),
        ("--name=j --rw=randwrite --random_distribution=zipf:0 --size=4m", "zipf:1.1"),
        ("--name=j --cpus_allowed=8191 --size=4m", "Give some of 0"),
        ("--name=j --numa_cpu_nodes=999 --size=4m", "no NUMA node 999"),
        ("--name=j --rw=read --size=4m --iodetph=1", "Did you mean '--iodepth'?"),
    ];

    private static IEnumerable<TestCaseData> Lines() => Sample.Select(s => new TestCaseData(s.Line, s.Expected).SetArgDisplayNames(s.Line));

    [TestCaseSource(nameof(Lines))]
    public void ALineOfFiosRunsAsItStandsOrIsRefusedWithTheNearest(string line, string expected)
    {
        CommandResult result = Command.RunHere(["bench", "--parse-only", .. line.Split(' ')]);
        if (result.Code == 0)
        {
            Assert.That(result.Output, Is.EqualTo(expected + "\n"));
            Assert.That(result.Error, Is.Empty);
        }
        else
        {
            Assert.That(result.Code, Is.EqualTo(2).Or.EqualTo(3), result.Error);
            Assert.That(result.ErrorLines, Has.Length.EqualTo(1));
            Assert.That(result.Error, Does.Contain(expected));
        }
    }

    [Test]
    public void WhatIsTakenAlsoRuns()
    {
        using var scratch = new ScratchDirectory();
        CommandResult result = Command.RunHere(
            "bench", "--size=4m", "--ramp_time=1ms", "--loops=5", "--numjobs=1", "--engine=emu", "--output=" + scratch["out"], "--name=mix", "--rw=randrw", "--rwmixread=70", "--cpus_allowed=0",
            "--name=blocks", "--stonewall", "--ioengine=psync", "--rw=randwrite", "--bs=64k", "--fsync=4", "--random_distribution=zipf:1.1");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Is.Empty, "it is in the file");
        Assert.That(File.ReadAllText(scratch["out"]), Does.Contain("mix: 4k randrw 70/30 refault").And.Contain("blocks: 64k randwrite zipf:1.1 fsync=4 pwrite"));
    }

    [Test]
    public void EachOptionOfFiosSaysOneOfThreeThings() => Assert.Multiple(() =>
    {
        string[] ours = [.. BenchCommand.Create().Options.SelectMany(o => o.Aliases.Append(o.Name))];
        Assert.That(FioOptions.All.Select(o => o.Name), Is.Unique);
        foreach (FioOption option in FioOptions.All)
        {
            Assert.That(ours, Does.Not.Contain("--" + option.Name), "it would never be asked for");
            Assert.That(option.Here is null || ours.Contains(option.Here), option.Name);
            Assert.That(option.Note, Does.EndWith("."), option.Name);
        }
    });

    [Test]
    public void ThePageOnFioHasEachOfThem()
    {
        string page = File.ReadAllText(Path.Combine(Solution.Root, "docs", "fio.md"));
        Assert.That(FioOptions.All.Select(o => o.Name.Replace('-', '_')).Where(n => !page.Contains($"`{n}`", StringComparison.Ordinal)), Is.Empty);
        Assert.That(BenchCommand.Create().Options.Where(o => o.Hidden).Select(o => o.Name[2..].Replace('-', '_')).Where(n => !page.Contains($"`{n}`", StringComparison.Ordinal)), Is.Empty);
    }
}
