using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class WriteTrackerTests
{
    private const int Page = 4096;
    private const int Length = 4 << 20;

    [Test]
    public void AStoreIsSeenOnceAndALoadNever()
    {
        StoreTrackingKernel.Require();
        using MappedRegion region = MappedRegion.MapAnonymous(Length, "test");
        region.Span(7 * Page, 1)[0] = 1; // before the tracking begins
        using WriteTracker tracker = WriteTracker.Begin(region);
        byte sum = (byte)(region.Span(0, 1)[0] + region.Span(7 * Page, 1)[0] + region.Span(3 << 20, 1)[0]);
        Assert.That(sum, Is.EqualTo(1));
        Assert.That(Scan(tracker, 0, Length), Is.Empty);

        region.Span(7 * Page, 1)[0] = 2;
        region.Span(8 * Page, 1)[0] = 2;
        region.Span(3 << 20, 1)[0] = 2;
        Assert.That(Scan(tracker, 0, Length), Is.EqualTo(((long, long)[])[(7 * Page, 2 * Page), (3 << 20, Page)]));
        Assert.That(Scan(tracker, 0, Length), Is.Empty);
    }

    [Test]
    public void APartIsLookedAtAlone()
    {
        StoreTrackingKernel.Require();
        using MappedRegion region = MappedRegion.MapAnonymous(Length, "test");
        using WriteTracker tracker = WriteTracker.Begin(region);
        region.Span(Page, 1)[0] = 1;
        region.Span(2 * Page, 1)[0] = 1;
        Assert.That(Scan(tracker, 2 * Page, Page), Is.EqualTo(((long, long)[])[(2 * Page, Page)]));
        Assert.That(Scan(tracker, 0, Length), Is.EqualTo(((long, long)[])[(Page, Page)]));
    }

    [Test]
    public void MoreRunsThanOneCallReportsAreAllReported()
    {
        StoreTrackingKernel.Require();
        using MappedRegion region = MappedRegion.MapAnonymous(Length, "test");
        using WriteTracker tracker = WriteTracker.Begin(region);
        for (int page = 0; page < Length / Page; page += 2)
        {
            region.Span(page * Page, 1)[0] = 1;
        }

        Assert.That(Scan(tracker, 0, Length), Has.Count.EqualTo(Length / Page / 2));
        Assert.That(Scan(tracker, 0, Length), Is.Empty);
    }

    [Test]
    public void WhatTheKernelItselfStoresIsSeen()
    {
        StoreTrackingKernel.Require();
        using MappedRegion region = MappedRegion.MapAnonymous(Length, "test");
        using WriteTracker tracker = WriteTracker.Begin(region);
        using FileStream source = File.OpenRead(Environment.ProcessPath!);
        Assert.That(RandomAccess.Read(source.SafeFileHandle, region.Span(5 * Page, 100), 0), Is.EqualTo(100));
        Assert.That(Scan(tracker, 0, Length), Is.EqualTo(((long, long)[])[(5 * Page, Page)]));
    }

    [Test]
    public void AfterTheEndMemoryIsAsBefore()
    {
        StoreTrackingKernel.Require();
        using MappedRegion region = MappedRegion.MapAnonymous(Length, "test");
        WriteTracker.Begin(region).Dispose();
        region.Span(0, Length).Fill(3);
        using WriteTracker second = WriteTracker.Begin(region);
        Assert.That(Scan(second, 0, Length), Is.Empty);
    }

    [TestCase("userfaultfd", Errno.Enosys, "no userfaultfd")]
    [TestCase("userfaultfd", Errno.Eperm, "seccomp")]
    [TestCase("UFFD_FEATURE_WP_ASYNC", Errno.Einval, "from 6.7 on")]
    [TestCase("PAGEMAP_SCAN", Errno.Enotty, "from 6.7 on")]
    [TestCase("UFFDIO_REGISTER", Errno.Enomem, "UFFDIO_REGISTER was refused: ")]
    public void ARefusalSaysWhatIsMissingAndSinceWhen(string step, int errno, string part) =>
        Assert.That(WriteTracker.Explain(step, errno), Does.Contain(part).And.Not.EndsWith("."));

    // What is skipped elsewhere must not be skipped because the code is wrong.
    [Test]
    public void WhereTheKernelIsNewEnoughItIsThereUnlessItIsNotPermitted() => Assert.That(
        WriteTracker.Support.IsSupported
            || Environment.OSVersion.Version < new Version(6, 7)
            || WriteTracker.Support.Reason == WriteTracker.Explain("userfaultfd", Errno.Eperm)
            || WriteTracker.Support.Reason == WriteTracker.Explain("userfaultfd", Errno.Enosys),
        WriteTracker.Support.Reason);

    [Test]
    public void TheKernelsStructuresHaveTheirSizes()
    {
        Assert.That(Marshal.SizeOf<UserFaultApi>(), Is.EqualTo(24));
        Assert.That(Marshal.SizeOf<UserFaultRange>(), Is.EqualTo(32));
        Assert.That(Marshal.SizeOf<PageScan>(), Is.EqualTo(96));
        Assert.That(Marshal.SizeOf<PageScanRegion>(), Is.EqualTo(24));
    }

    private static List<(long Offset, long Length)> Scan(WriteTracker tracker, long offset, long length)
    {
        List<(long, long)> runs = [];
        tracker.Scan(offset, length, (at, bytes) => runs.Add((at, bytes)));
        return runs;
    }
}
