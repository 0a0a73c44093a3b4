using DaxEmu.Core;
using DaxEmu.Core.Fs;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>The plans against what XFS and ext4 were seen to ask for. Ranges are first and last page; null is "none", -1 the end of all files.</summary>
public sealed class FileSystemModelTests
{
    private const long Kib4 = 4096;

    private static readonly FileSystemModel Xfs = FileSystemModel.Xfs;
    private static readonly FileSystemModel Ext4 = FileSystemModel.Ext4;

    private static (long First, long Last)? Pages(PageRange range) => range.IsEmpty
        ? null
        : (range.First.Value, range.End == PageRange.All.End ? -1 : range.End.Value - 1);

    [TestCase(FileOperation.PunchHole, 4100, 9000, 1048576, 1, 3)]
    [TestCase(FileOperation.PunchHole, 40960, 4096, 4194304, 10, 10)]
    [TestCase(FileOperation.PunchHole, 6298939, 2097152, 8387082, 1537, 2049)]
    [TestCase(FileOperation.ZeroRange, 2457610, 4, 4194304, 600, 600)]
    [TestCase(FileOperation.CollapseRange, 4186112, 2097152, 11653120, 1022, 1533)]
    [TestCase(FileOperation.Truncate, 1000000, 0, 4194304, 244, 244)]
    public void XfsWritesTheRangeBackFirst(object operation, long offset, long length, long size, long first, long last) =>
        Assert.That(Pages(Xfs.PlanFor((FileOperation)operation, offset, length, size).Writeback), Is.EqualTo((first, last)));

    [TestCase(FileOperation.CollapseRange, 4186112, 2097152, 11653120, 1021, 3865)]
    [TestCase(FileOperation.CollapseRange, 4096, 4096, 6291456, 0, 1535)]
    [TestCase(FileOperation.InsertRange, 2097152, 2097152, 4194304, 511, 2046)]
    [TestCase(FileOperation.InsertRange, 0, 4096, 16777216, 0, 4096)]
    [TestCase(FileOperation.InsertRange, 10747904, 2097152, 17822767, 2623, 7486)]
    [TestCase(FileOperation.PunchHole, 6298939, 2097152, 8387082, 2047, -1)]
    [TestCase(FileOperation.ZeroRange, 4044677, 1048576, 4194427, 1024, -1)]
    public void XfsThenWritesBackWhatMovesOrTheLastPage(object operation, long offset, long length, long size, long first, long last) =>
        Assert.That(Pages(Xfs.PlanFor((FileOperation)operation, offset, length, size).SecondWriteback), Is.EqualTo((first, last)));

    [TestCase(FileOperation.Truncate, 12288, 0, 5000, 1, 2)]
    [TestCase(FileOperation.Allocate, 6291818, 12388, 6303844, 1539, 1539)]
    [TestCase(FileOperation.ZeroRange, 8384512, 12388, 6303844, 1539, 2050)]
    [TestCase(FileOperation.InsertRange, 10747904, 2097152, 17822767, 4351, 4863)]
    public void XfsWritesBackWhatItZeroedBehindTheOldEnd(object operation, long offset, long length, long size, long first, long last) =>
        Assert.That(Pages(Xfs.PlanFor((FileOperation)operation, offset, length, size).WritebackIfZeroed), Is.EqualTo((first, last)));

    [TestCase(FileOperation.PunchHole, 20580, 200, 4194304, 5, 5)]
    [TestCase(FileOperation.CollapseRange, 4186112, 2097152, 11653120, 1022, 1022)]
    [TestCase(FileOperation.InsertRange, 2097152, 2097152, 4194304, 512, -1)]
    public void Ext4WritesTheRangeBackFirst(object operation, long offset, long length, long size, long first, long last) =>
        Assert.That(Pages(Ext4.PlanFor((FileOperation)operation, offset, length, size).Writeback), Is.EqualTo((first, last)));

    [Test]
    public void Ext4CollapseThenWritesBackWhatMoves() => Assert.That(
        Pages(Ext4.PlanFor(FileOperation.CollapseRange, 4186112, 2097152, 11653120).SecondWriteback), Is.EqualTo((1534L, -1L)));

    [TestCase(FileOperation.Truncate, 4096, 0)]
    [TestCase(FileOperation.ZeroRange, 4096, 8192)]
    [TestCase(FileOperation.Allocate, 0, 1 << 20)]
    public void Ext4WritesNothingBackForTruncateZeroAndAllocate(object operation, long offset, long length)
    {
        LayoutPlan plan = Ext4.PlanFor((FileOperation)operation, offset, length, 100_000);
        Assert.That((plan.Writeback.IsEmpty, plan.SecondWriteback.IsEmpty, plan.WritebackIfZeroed.IsEmpty), Is.EqualTo((true, true, true)));
    }

    [TestCase(FileOperation.Truncate, 2 * Kib4, 0, true, true)]
    [TestCase(FileOperation.Truncate, 1 << 30, 0, true, true)]
    [TestCase(FileOperation.PunchHole, Kib4, Kib4, true, true)]
    [TestCase(FileOperation.PunchHole, 1 << 21, Kib4, true, false)]
    [TestCase(FileOperation.ZeroRange, Kib4, Kib4, true, true)]
    [TestCase(FileOperation.ZeroRange, 100, Kib4, true, false)]
    [TestCase(FileOperation.Allocate, 0, Kib4, true, false)]
    [TestCase(FileOperation.AllocateKeepingSize, 0, Kib4, true, false)]
    [TestCase(FileOperation.CollapseRange, Kib4, Kib4, true, true)]
    [TestCase(FileOperation.InsertRange, Kib4, Kib4, true, true)]
    [TestCase(FileOperation.Write, 0, Kib4, false, false)]
    [TestCase(FileOperation.Read, 0, Kib4, false, false)]
    [TestCase(FileOperation.Sync, 0, 0, false, false)]
    public void TranslationsGoWithTheLayout(object operation, long offset, long length, bool onXfs, bool onExt4) => Assert.That(
        (Xfs.PlanFor((FileOperation)operation, offset, length, 1 << 20).DropsTranslations, Ext4.PlanFor((FileOperation)operation, offset, length, 1 << 20).DropsTranslations),
        Is.EqualTo((onXfs, onExt4)));

    [Test]
    public void XfsRoundsOutwardsAndExt4Inwards()
    {
        Assert.That(Pages(Xfs.PlanFor(FileOperation.PunchHole, 100, 8192, 1 << 20).TakesOut), Is.EqualTo((0L, 2L)));
        Assert.That(Pages(Ext4.PlanFor(FileOperation.PunchHole, 100, 8192, 1 << 20).TakesOut), Is.EqualTo((1L, 1L)));
        Assert.That(Pages(Ext4.PlanFor(FileOperation.ZeroRange, 100, 200, 1 << 20).TakesOut), Is.Null);
        Assert.That(Pages(Xfs.PlanFor(FileOperation.Truncate, 4097, 0, 1 << 20).TakesOut), Is.EqualTo((2L, -1L)));
        Assert.That(Pages(Ext4.PlanFor(FileOperation.Truncate, 4096, 0, 1 << 20).TakesOut), Is.EqualTo((1L, -1L)));
    }

    [Test]
    public void HabitsAreChosenByName()
    {
        Assert.That((FileSystemModel.ByName("XFS"), FileSystemModel.ByName("ext4")), Is.EqualTo((Xfs, Ext4)));
        Assert.That(() => FileSystemModel.ByName("btrfs"), Throws.ArgumentException.With.Message.Contains("xfs, ext4"));
    }

    [TestCase(-1, 0, 0)]
    [TestCase(0, -1, 0)]
    [TestCase(0, 0, -1)]
    [TestCase(long.MaxValue, 1, 0)]
    public void APlanForNoRangeIsMisuse(long offset, long length, long size) => Assert.That(
        () => Xfs.PlanFor(FileOperation.PunchHole, offset, length, size), Throws.TypeOf<ArgumentOutOfRangeException>());
}
