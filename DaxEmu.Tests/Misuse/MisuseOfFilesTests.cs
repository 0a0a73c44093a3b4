using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Misuse;

/// <summary>What is refused changes nothing, and what is given up or interrupted locks nobody out.</summary>
public sealed class MisuseOfFilesTests
{
    private const int Page = FileFixture.Page;
    private const MapMode Small = MapMode.Shared | MapMode.NoHugePage;

    [Test]
    public void ACloneThatIsRefusedLeavesBothFilesAsTheyWere()
    {
        using var device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using var other = PmemDevice.CreateInMemory(FileFixture.Pmd);
        DaxFile file = Written(device, "important");
        DaxFile foreign = Written(other, "precious");
        DaxFile small = Written(device, "precious", DaxFileOptions.Default with { MaximumSizeBytes = 8 });
        DaxFile gone = Written(device, "gone");
        gone.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => file.CloneTo(file), Throws.ArgumentException);
            Assert.That(() => file.CloneTo(foreign), Throws.ArgumentException);
            Assert.That(() => file.CloneTo(small), Throws.ArgumentException);
            Assert.That(() => gone.CloneTo(file), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => file.CloneTo(gone), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(Text(file), Is.EqualTo("important"));
            Assert.That(Text(foreign), Is.EqualTo("precious"));
            Assert.That(Text(small), Is.EqualTo("precious"));
        });
    }

    [Test]
    public void AReadOfMoreThanTheFileCanHaveStopsAtItsEnd()
    {
        using var device = PmemDevice.CreateInMemory(FileFixture.Pmd);
        DaxFile small = DaxVolume.ScratchOf(device).CreateTemporary(0, DaxFileOptions.Default with { MaximumSizeBytes = Page });
        small.Write(new byte[100], 0);
        Assert.That(small.Read(new byte[2 * Page], 0), Is.EqualTo(100));
        var copy = new MemoryStream();
        small.OpenStream().CopyTo(copy);
        Assert.That(copy.Length, Is.EqualTo(100));
        DaxFile large = DaxVolume.ScratchOf(device).CreateTemporary(1L << 40);
        Assert.That(large.Read(new byte[200], (1L << 40) - 100), Is.EqualTo(100));
        Assert.That(large.Read(new byte[1], long.MaxValue), Is.Zero);
    }

    [Test]
    public void ACloneThatMayNotWaitForPinsSaysThatTheyAreThere()
    {
        using var device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        DaxFileOptions options = DaxFileOptions.Default with { WaitsForPins = false };
        DaxFile file = Written(device, "shared", options);
        DaxFile target = Written(device, "before", options);
        using (file.Map(0, Page).Pin(0, Page))
        {
            DaxException thrown = Assert.Throws<DaxException>(() => file.CloneTo(target))!;
            Assert.That(thrown.Errno, Is.EqualTo(16));
            Assert.That(Text(target), Is.EqualTo("before"));
        }

        file.CloneTo(target);
        Assert.That(Text(target), Is.EqualTo("shared"));
    }

    [Test]
    public void APinStaysKnownWhenWriteFillsTheHoleBesideIt()
    {
        using var device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0, DaxFileOptions.Default with { WaitsForPins = false });
        file.Write(new byte[3 * Page], 0);
        using PagePin pin = file.Map(Small).Pin(2 * Page, Page);
        file.Sync();
        file.PunchHole(Page, Page);
        file.Write(new byte[2 * Page], Page);
        Assert.That(() => file.PunchHole(2 * Page, Page), Throws.TypeOf<DaxException>());
        Assert.That(() => file.CloneTo(DaxVolume.ScratchOf(device).CreateTemporary(0)), Throws.TypeOf<DaxException>());
    }

    [Test]
    public void AViewOfAnotherFilesVmaIsRefused()
    {
        using var device = PmemDevice.CreateInMemory(FileFixture.Pmd);
        DaxFile file = Written(device, "one");
        VmArea foreign = Written(device, "two").Map(Small).Area;
        var loop = new FaultLoop(new FaultHandler(file.Mapping));
        Assert.Multiple(() =>
        {
            Assert.That(() => new DaxView(loop, foreign), Throws.ArgumentException);
            Assert.That(() => loop.Access(foreign, 0, isWrite: false), Throws.ArgumentException);
            Assert.That(() => loop.Handler.Fault(foreign, 0, FaultFlags.None, PageOrder.Pte), Throws.ArgumentException);
        });
    }

    [Test]
    public void ASyncOfALostDirtyPageFailsUntilItIsWrittenAsAWhole()
    {
        using var device = PmemDevice.CreateInMemory(FileFixture.Pmd);
        DaxFile file = Written(device, "kept");
        file.Map(Small).Write(0, 1)[0] = 1;
        Assert.That(file.InjectPoison(0), Is.EqualTo(new MemoryFailureOutcome(1, 1)));
        Assert.That(() => file.Sync(), Throws.TypeOf<DaxException>());
        Assert.That(() => file.Sync(), Throws.TypeOf<DaxException>(), "it is dirty still");
        file.Write(new byte[Page], 0);
        Assert.That(() => file.Sync(), Throws.Nothing);
    }

    [Test]
    public void AFileOf16TiBIsUsedAtBothEnds()
    {
        const long Most = 1L << 44;
        using var device = PmemDevice.CreateInMemory(8 * FileFixture.Pmd);
        DaxFileOptions options = DaxFileOptions.Default with { MaximumSizeBytes = Most };
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(Most, options);
        DaxFile clone = DaxVolume.ScratchOf(device).CreateTemporary(0, options);
        DaxView view = file.Map();
        view.Write(Most - Page, Page).Fill(7);
        var last = new byte[10];
        Assert.That(file.Read(last, Most - 10), Is.EqualTo(10));
        Assert.That(last, Is.All.EqualTo(7));
        file.Sync();
        view.Pin(Most - Page, Page).Dispose();
        file.ZeroRange(Most - (2 * Page), Page);
        file.CollapseRange(0, FileFixture.Pmd);
        file.InsertRange(0, FileFixture.Pmd);
        file.CloneTo(clone);
        Assert.That(file.Compare(Most - (2 * Page), clone, Most - (2 * Page), 2 * Page), Is.EqualTo(2 * Page));
        file.Unshare(Most - (2 * Page), 2 * Page);
        file.PunchHole(0, Most);
        file.SetLength(0);
        file.SetLength(Most);
        Assert.That(file.Mapping.Entries.Verify(), Is.Empty);
        Assert.That(() => file.SetLength(Most + 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        view.Dispose();
        file.Dispose();
        clone.Dispose();
        Assert.That(DaxVolume.ScratchOf(device).FreeBytes, Is.EqualTo(device.SizeBytes));
    }

    [Test]
    public void AMaximumThatNoFileCanHaveIsRefused([Values(-1, (1L << 44) + 1, 1L << 45, long.MaxValue)] long maximum)
    {
        using var device = PmemDevice.CreateInMemory(FileFixture.Pmd);
        Assert.That(
            () => DaxVolume.ScratchOf(device).CreateTemporary(0, DaxFileOptions.Default with { MaximumSizeBytes = maximum }), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(DaxVolume.ScratchOf(device).FreeBytes, Is.EqualTo(device.SizeBytes));
    }

    [Test]
    public void ATruncateThatIsInterruptedLocksNobodyOut()
    {
        using var device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using var sink = new SlowSink();
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0, DaxFileOptions.Default with { Sink = sink });
        file.Write(new byte[1 << 20], 0);
        DaxView view = file.Map(Small);
        var slow = Task.Run(() => _ = view.Read(0, 1)[0]);
        sink.IsIn.Wait();
        var truncate = new Thread(() =>
        {
            try
            {
                file.SetLength(Page);
            }
            catch (ThreadInterruptedException)
            {
                // Nothing is held, and nothing has changed.
            }
        });
        truncate.Start();
        Thread.Sleep(50);
        truncate.Interrupt();
        Assert.That(truncate.Join(10_000), "the truncate waits for the fault although it was interrupted");
        sink.MayGoOn.Set();
        FileFixture.Finish(slow);
        FileFixture.Finish(Task.Run(() => _ = view.Read(0, 1)[0]));
        FileFixture.Finish(Task.Run(() => file.SetLength(0)));
        FileFixture.Finish(Task.Run(file.Dispose));
    }

    private static DaxFile Written(PmemDevice device, string text, DaxFileOptions? options = null)
    {
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0, options);
        file.Write(System.Text.Encoding.ASCII.GetBytes(text), 0);
        return file;
    }

    private static string Text(DaxFile file) => System.Text.Encoding.ASCII.GetString(FileFixture.Bytes(file));

    private sealed class SlowSink : IDaxEventSink, IDisposable
    {
        private int isArmed = 1;

        public ManualResetEventSlim IsIn { get; } = new();

        public ManualResetEventSlim MayGoOn { get; } = new();

        public void Dispose()
        {
            IsIn.Dispose();
            MayGoOn.Dispose();
        }

        public void Receive(in DaxEvent daxEvent)
        {
            if (daxEvent.Kind == DaxEventKind.PteFault && Interlocked.Exchange(ref isArmed, 0) == 1)
            {
                IsIn.Set();
                MayGoOn.Wait();
            }
        }
    }
}
