using DaxEmu.Bench.Devices;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>What the limits of memory groups leave, read from the kernel's text.</summary>
public sealed class MemoryGroupTests
{
    private const long MiB = 1 << 20;
    private const string FirstVersion = "41 36 0:37 / /sys/fs/cgroup/memory rw,relatime shared:19 - cgroup cgroup rw,memory";
    private const string SecondVersion = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

    [Test]
    public void TheFirstVersionLeavesTheLimitLessWhatIsUsedAndCannotBeGivenUp() => Assert.That(
        Left(
            ["5:memory:/a/b"],
            [FirstVersion],
            ("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", 512 * MiB),
            ("/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", 300 * MiB),
            ("/sys/fs/cgroup/memory/a/b/memory.stat", "cache 1\ntotal_inactive_file 41943040\ntotal_active_file 20971520\n")),
        Is.EqualTo(272 * MiB));

    [Test]
    public void TheSecondVersionLeavesWhatTheTightestGroupAboveLeaves() => Assert.That(
        Left(
            ["0::/a/b"],
            [SecondVersion],
            ("/sys/fs/cgroup/a/b/memory.max", "max"),
            ("/sys/fs/cgroup/a/b/memory.current", 5 * MiB),
            ("/sys/fs/cgroup/a/memory.max", 100 * MiB),
            ("/sys/fs/cgroup/a/memory.current", 60 * MiB)),
        Is.EqualTo(40 * MiB));

    [Test]
    public void AGroupWhoseHostPathIsNotInTheContainerIsFoundAtTheRootOfItsMount() => Assert.That(
        Left(
            ["5:memory:/docker/0123"],
            [FirstVersion],
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", 64 * MiB),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", 70 * MiB)),
        Is.Zero, "more than the limit is used already");

    [Test]
    public void WithoutALimitNothingIsLimited()
    {
        Assert.That(Left(["5:memory:/"], [FirstVersion], ("/sys/fs/cgroup/memory/memory.limit_in_bytes", 9223372036854771712), ("/sys/fs/cgroup/memory/memory.usage_in_bytes", 1)), Is.Null);
        Assert.That(Left(["1:cpu:/a"], [FirstVersion]), Is.Null);
        Assert.That(Left(["0::/a"], []), Is.Null);
        Assert.That(Left(["", "x", "5:memory"], ["broken"]), Is.Null);
    }

    private static long? Left(string[] membership, string[] mounts, params (string Path, object Content)[] files) =>
        MemoryGroup.AvailableBytes(membership, mounts, path => files.FirstOrDefault(f => f.Path == path).Content?.ToString());
}
