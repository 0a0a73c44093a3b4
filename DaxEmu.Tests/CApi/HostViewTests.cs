using System.Buffers;
using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi;

/// <summary>The wrapper for .NET programs: plain loads and stores of this process fault for real.</summary>
[NonParallelizable]
public sealed class HostViewTests
{
    private const int Page = DaxConstants.PageSize;
    private const int Huge = DaxConstants.PmdSize;

    private HostVolume volume = null!;
    private HostFile file = null!;

    [SetUp]
    public void Begin()
    {
        HostLibrary.Load(BuiltLibrary.Require());
        volume = HostVolume.CreateTemporary(32 << 20);
        file = volume.Open("a");
        file.SetLength(4 * Huge);
    }

    [TearDown]
    public void End()
    {
        file?.Dispose();
        volume?.Dispose();
    }

    [Test]
    public void PlainStoresReachTheFileAndPlainLoadsSeeWhatItGets()
    {
        using HostView view = file.Map(0, 4 * Huge);
        Span<byte> span = view.GetSpan();
        span[5000] = 7;
        Assert.That(ReadFile(5000), Is.EqualTo(7));
        file.Write([9], 3 * Huge);
        Assert.That(span[3 * Huge], Is.EqualTo(9));
    }

    [Test]
    public void ASpanIsContiguousOverFragmentedExtents()
    {
        using HostFile other = volume.Open("b");
        using HostFile fragmented = volume.Open("c");
        for (int page = 0; page < 16; page++)
        {
            fragmented.Write(new byte[Page], page * Page);
            other.Write(new byte[Page], page * Page);
        }

        Assert.That(fragmented.ExtentCount, Is.GreaterThan(1));
        using HostView view = fragmented.Map(0, 16 * Page);
        Span<byte> record = view.GetSpan(Page - 100, 10 * Page);
        record.Fill(5);
        byte[] back = new byte[10 * Page];
        fragmented.Read(back, Page - 100);
        Assert.That(back, Is.All.EqualTo(5));
    }

    [Test]
    public void AnAccessToARangeThatWasTruncatedAwayIsAnExceptionAndReadSaysWhy()
    {
        using HostView view = file.Map(0, 4 * Huge);
        view.GetSpan()[3 * Huge] = 1;
        file.SetLength(2 * Huge);
        Assert.Multiple(() =>
        {
            Assert.That(() => view.GetSpan()[3 * Huge] = 1, Throws.TypeOf<NullReferenceException>());
            Assert.That(() => view.GetSpan()[3 * Huge], Throws.TypeOf<NullReferenceException>());
            Assert.That(() => view.GetSpan(2 * Huge, Page).Fill(1), Throws.TypeOf<NullReferenceException>());
            Assert.That(() => view.Read(new byte[1], 3 * Huge), Throws.TypeOf<DaxException>().With.Property(nameof(DaxException.Error)).EqualTo(IoError.BeyondEof));
            Assert.That(view.Read(new byte[2 * Page], (2 * Huge) - Page), Is.EqualTo(Page));
            Assert.That(() => view.Write([1], 3 * Huge), Throws.TypeOf<DaxException>());
        });
        file.SetLength(4 * Huge);
        Assert.That(view.GetSpan()[3 * Huge], Is.Zero);
    }

    [Test]
    public void LostMemoryIsAnExceptionUntilItIsWrittenAsAWhole()
    {
        using HostView view = file.Map(0, Huge);
        view.GetSpan()[0] = 1;
        file.InjectPoison(0);
        Assert.That(() => view.GetSpan()[0], Throws.TypeOf<NullReferenceException>());
        file.Write(new byte[Page], 0);
        Assert.That(view.GetSpan()[0], Is.Zero);
    }

    [Test]
    public void AStoreToAReadOnlyPartIsAnExceptionAndLoadsGoOn()
    {
        using HostView view = file.Map(0, Huge);
        view.GetSpan()[0] = 1;
        view.Protect(0, Page, isReadOnly: true);
        Assert.That(() => view.GetSpan()[0] = 2, Throws.TypeOf<NullReferenceException>());
        Assert.That(() => view.Write([2], 0), Throws.TypeOf<UnauthorizedAccessException>());
        Assert.That(view.GetSpan()[0], Is.EqualTo(1));
        view.Protect(0, Page, isReadOnly: false);
        view.GetSpan()[0] = 3;
        Assert.That(ReadFile(0), Is.EqualTo(3));
    }

    [Test]
    public void APrivateStoreStaysInItsViewUntilItIsForgotten()
    {
        file.Write([1], 0);
        using HostView view = file.Map(0, Huge, MapMode.Private);
        view.GetSpan()[0] = 2;
        Assert.That(ReadFile(0), Is.EqualTo(1));
        view.DontNeed(0, Page);
        Assert.That(view.GetSpan()[0], Is.EqualTo(1));
    }

    [Test]
    public void ASynchronousViewPersistsWithoutASync()
    {
        using HostView view = file.Map(0, Huge, MapMode.Shared | MapMode.Sync);
        view.Populate(0, Huge, forWriting: true);
        view.GetSpan()[0] = 1;
        view.Persist(0, 1);
        view.Flush(0, 64);
        view.Drain();
        view.Sync(0, Huge);
        Assert.That(volume.Check(), Is.Empty);
    }

    [Test]
    public void TheMemoryManagerGivesMemoryThatIsTheFile()
    {
        using HostView view = file.Map(0, Page);
        Memory<byte> memory = view.Memory;
        memory.Span[9] = 4;
        using MemoryHandle handle = memory[9..].Pin();
        unsafe
        {
            Assert.That(*(byte*)handle.Pointer, Is.EqualTo(4));
        }

        Assert.That(ReadFile(9), Is.EqualTo(4));
    }

    [Test]
    public void StoresUnderForcedCollectionsTruncateAndSyncLoseNothing()
    {
        using HostView view = file.Map(0, 4 * Huge);
        using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(700));
        long wrong = 0;
        int lost = 0;
        Thread[] threads =
        [
            .. Enumerable.Range(0, 3).Select(number => new Thread(() =>
            {
                var garbage = new List<byte[]>();
                for (int turn = 1; !end.IsCancellationRequested; turn++)
                {
                    view.GetSpan()[number * Page] = (byte)turn;
                    garbage.Add(new byte[200]);
                    wrong += view.GetSpan()[number * Page] == (byte)turn ? 0 : 1;
                    try
                    {
                        view.GetSpan()[(2 * Huge) + (turn % 64 * Page)] = 1;
                    }
                    catch (NullReferenceException)
                    {
                        Interlocked.Increment(ref lost);
                    }
                }
            })),
            new Thread(() =>
            {
                while (!end.IsCancellationRequested)
                {
                    GC.Collect();
                    Thread.Sleep(1);
                }
            }),
            new Thread(() =>
            {
                while (!end.IsCancellationRequested)
                {
                    file.SetLength(2 * Huge);
                    Thread.Yield();
                    file.SetLength(4 * Huge);
                    file.Sync();
                }
            }),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(wrong, Is.Zero);
        Assert.That(lost, Is.Positive, "stores past the end were caught");
    }

    [Test]
    public void AnOrdinaryNullReferenceIsOneStillAndAnAccessThatCannotBeServedIsOneAfterIt()
    {
        using HostView view = file.Map(0, 4 * Huge);
        file.SetLength(Huge);
        string? nothing = null;
        for (int turn = 0; turn < 3; turn++)
        {
            Assert.That(() => nothing!.Length, Throws.TypeOf<NullReferenceException>());
            Assert.That(() => view.GetSpan()[Huge], Throws.TypeOf<NullReferenceException>());
        }
    }

    [Test]
    public void WhatIsInUseIsNotClosedAndWhatIsClosedIsNotUsed()
    {
        HostView view = file.Map(0, Page);
        Assert.That(() => volume.Dispose(), Throws.TypeOf<IOException>().With.Message.Contains("Close and unmap them first"));
        view.Dispose();
        view.Dispose();
        Assert.That(() => view.GetSpan(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.Open("missing", FileMode.Open), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("missing"));
        Assert.That(() => view.GetSpan(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => file.Map(1, Page), Throws.ArgumentException);
        Assert.That(() => file.Map(0, 0), Throws.InstanceOf<ArgumentException>());
        file.Dispose();
        Assert.That(() => file.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void CountersAndTheWaitGraphCanBeAskedFor()
    {
        HostCounters before = HostLibrary.Counters;
        using HostView view = file.Map(0, Huge, MapMode.Shared | MapMode.NoHugePage);
        view.GetSpan()[0] = 1;
        Assert.That(HostLibrary.Counters.PteFaults, Is.GreaterThan(before.PteFaults));
        Assert.That(HostLibrary.WaitGraph, Is.EqualTo("No thread waits."));
    }

    private byte ReadFile(long offset)
    {
        byte[] value = new byte[1];
        Assert.That(file.Read(value, offset), Is.EqualTo(1));
        return value[0];
    }
}
