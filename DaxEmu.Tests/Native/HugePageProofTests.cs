using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class HugePageProofTests
{
    private const int Size = 4 << 20;

    [Test]
    public void SmallPagesCountAsNoneAndCollapsedOnesAsAll()
    {
        using ScratchDirectory scratch = new();
        using DeviceFile file = DeviceFile.Create(scratch["file"], Size, sparse: false);
        using MappedRegion region = MappedRegion.MapFile(file.Handle, Size, synchronous: false, file.Path);
        region.Span(0, Size).Fill(1);
        if (HugePageProbe.ForFile(file, isMapSync: false).IsSupported)
        {
            Assert.Ignore("this file system gives 2 MiB pages from the start");
        }

        Assert.That(HugePageProof.MappedBytes(region), Is.Zero);
        if (!region.TryCollapse())
        {
            Assert.Ignore("this kernel cannot collapse pages");
        }

        Assert.That(HugePageProof.MappedBytes(region), Is.EqualTo(Size));
        Assert.That(region.Span(0, Size).ContainsAnyExcept((byte)1), Is.False, "collapsing must keep the data");
    }

    [Test]
    public void OnlyTheCountersOfTheRegionAreAdded()
    {
        string[] smaps =
        [
            "00200000-00400000 rw-p 00000000 00:00 0",
            "AnonHugePages:      2048 kB",
            "00400000-00800000 rw-s 00000000 00:19 77   /dev/shm/some file-name (deleted)",
            "Size:               4096 kB",
            "AnonHugePages:         0 kB",
            "ShmemPmdMapped:     2048 kB",
            "FilePmdMapped:      2048 kB",
            "VmFlags: rd wr sh mr mw me ms sd",
            "00800000-00a00000 rw-p 00000000 00:00 0",
            "AnonHugePages:      2048 kB",
        ];

        Assert.That(HugePageProof.MappedBytes(smaps, 0x400000, 0x800000), Is.EqualTo(4 << 20));
        Assert.That(HugePageProof.MappedBytes(smaps, 0xa00000, 0xb00000), Is.Zero);
    }
}
