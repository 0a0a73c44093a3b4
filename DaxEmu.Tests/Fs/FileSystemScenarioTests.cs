using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>What the file systems' own test suite asks of DAX, by behaviour; names end with its test numbers.</summary>
public sealed class FileSystemScenarioTests
{
    private const int Page = FileFixture.Page;
    private const int Pmd = FileFixture.Pmd;

    [Test]
    public void AMappingOfOneFileIsTheBufferForReadAndWriteOfAnother_Generic413_Generic605(
        [Values(1024, Page, Pmd + 17)] int size, [Values] bool sourceIsWritten, [Values] bool targetIsWritten)
    {
        using var fixture = new FileFixture();
        byte[] bytes = FileFixture.Pattern(size, 4);
        DaxFile source = fixture.Create(size);
        DaxFile target = fixture.Create(size);
        using DaxView from = source.Map();
        using DaxView to = target.Map();
        if (sourceIsWritten)
        {
            source.Write(bytes, 0);
        }
        else
        {
            from.CopyFrom(bytes, 0);
        }

        // Pages of either side may be faulted in only now, by the transfer itself.
        if (targetIsWritten)
        {
            for (int done = 0; done < size;)
            {
                done += target.Write(from.ReadAtMost(done, size - done), done);
            }
        }
        else
        {
            for (int done = 0; done < size;)
            {
                done += source.Read(to.WriteAtMost(done, size - done), done);
            }
        }

        Assert.That(FileFixture.Bytes(target), Is.EqualTo(bytes));
        Assert.That(FileFixture.Bytes(to, 0, size), Is.EqualTo(bytes));
    }

    [Test]
    public void AReadOnlyMappingOfA2MiBHoleShowsTheBytesThatAreWrittenThere_Generic428()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(4 * Pmd);
        using DaxView view = file.Map(2 * Pmd, Pmd, MapMode.Shared | MapMode.ReadOnly);
        Assert.That(view.Read(0, 1)[0], Is.Zero);
        Assert.That(view.Area.TranslationOf(0) is { IsHuge: true, IsZero: true });
        file.Write("HELLO WORLD!"u8, 2 * Pmd);
        Assert.That(view.Read(0, 12).ToArray(), Is.EqualTo("HELLO WORLD!"u8.ToArray()));
    }

    [Test]
    public void ThreadsThatReadWriteAndForgetAPrivateMappingNeverSeeForeignBytes_Generic437()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(Pmd);
        file.Write(Enumerable.Repeat((byte)1, Pmd).ToArray(), 0);
        using DaxView own = file.Map(MapMode.Private);
        void Work(int seed)
        {
            var random = new Random(seed);
            for (int i = 0; i < 2000; i++)
            {
                long offset = (long)random.Next(512) * Page;
                switch (random.Next(8))
                {
                    case 0:
                        own.DontNeed(0, Pmd);
                        break;
                    case 1:
                        own.CopyFrom([2], offset);
                        break;
                    default:
                        byte[] seen = FileFixture.Bytes(own, offset, 2);
                        if (seen[0] is not (1 or 2) || seen[1] != 1)
                        {
                            throw new InvalidOperationException($"page {offset / Page} shows {seen[0]}, {seen[1]}");
                        }

                        break;
                }
            }
        }

        Task[] work = [Task.Run(() => Work(1)), Task.Run(() => Work(2))];
        FileFixture.Finish(Task.WhenAll(work));
        Assert.That(FileFixture.Bytes(file), Is.All.EqualTo(1));
    }

    [Test]
    public void NothingCanBeStoredThroughAReadOnlyMapping_Generic462()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Pmd);
        byte[] before = FileFixture.Bytes(file);
        DaxFile other = fixture.CreateFilled(Page, seed: 2);
        using DaxView view = file.Map(MapMode.Shared | MapMode.ReadOnly);
        view.Read(0, 1);
        Assert.That(() => other.Read(view.Write(0, Page), 0), Throws.TypeOf<DaxException>().With.Property("Error").EqualTo(IoError.ReadOnly));
        Assert.That(() => view.Pin(0, Page), Throws.TypeOf<DaxException>(), "not by DMA either");
        Assert.That(() => view.Pin(0, Page, forWriting: false).Dispose(), Throws.Nothing);
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(before));
    }

    [Test]
    public void ASynchronousMappingLetsNobodyWriteBeforeTheBlocksAreDurable_Generic470()
    {
        IReadOnlyList<Extent> durable = [];
        using var fixture = new FileFixture(DaxFileOptions.Default with { MakeDurable = extents => durable = extents });
        DaxFile file = fixture.Create(1 << 20);
        using DaxView view = file.Map(MapMode.Shared | MapMode.Sync);
        for (int page = 0; page < 256; page += 5)
        {
            Span<byte> memory = view.Write(page * Page, Page);
            Assert.That(
                durable.Any(e => e.Contains(new PageIndex(page)) && e.Kind == ExtentKind.Mapped),
                $"a loss of power now would lose page {page}, though nobody would have to sync");
            memory.Fill(0x2F);
            view.Persist(page * Page, Page);
        }
    }

    [Test]
    public void DmaIntoAMappingCollidesWithNothingThatTakesItsBlocks_Generic503([Values("punch", "zero", "truncate", "collapse")] string how)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        DaxFile innocent = fixture.Create();
        using DaxView view = file.Map(0, 4 * Page);
        using var stop = new CancellationTokenSource();
        var dma = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using PagePin pin = view.Pin(0, 2 * Page);
                    foreach (PfnRange run in pin.Pages)
                    {
                        fixture.Device.GetSpan(run.First, run.PageCount).Fill(0xDD);
                    }
                }
                catch (DaxException)
                {
                    // the file is shorter at the moment
                }
            }
        });
        for (int i = 0; i < 150; i++)
        {
            switch (how)
            {
                case "punch":
                    file.PunchHole(0, 4 * Page);
                    break;
                case "zero":
                    file.ZeroRange(0, 4 * Page);
                    break;
                case "truncate":
                    file.SetLength(0);
                    break;
                default:
                    file.Allocate(0, 6 * Page);
                    file.CollapseRange(0, 2 * Page);
                    break;
            }

            innocent.SetLength(0);
            innocent.Write(Enumerable.Repeat((byte)1, 4 * Page).ToArray(), 0);
            file.Allocate(0, 4 * Page);
            Assert.That(FileFixture.Bytes(innocent), Is.All.EqualTo(1), $"round {i}: a DMA reached a block of another file");
        }

        stop.Cancel();
        FileFixture.Finish(dma);
    }

    [TestCase(false, 1, TestName = "{m}(one file mapped twice, xfs/550)")]
    [TestCase(true, 2, TestName = "{m}(two files that share the block, xfs/551)")]
    public void WhoMapsALostPageIsToldWhoeverElseShowsIt(bool isCloned, int fileCount)
    {
        using var fixture = new FileFixture();
        DaxFile first = fixture.CreateFilled(4 * Page);
        DaxFile second = first;
        if (isCloned)
        {
            second = fixture.Create();
            first.CloneTo(second);
        }

        using DaxView one = first.Map();
        using DaxView two = second.Map();
        one.Read(0, 4 * Page);
        two.Read(0, 4 * Page);
        Assert.That(first.InjectPoison(Page), Is.EqualTo(new MemoryFailureOutcome(fileCount, 2)));
        Assert.That(() => two.Read(Page, 1).Length, Throws.TypeOf<DaxException>().With.Property("Error").EqualTo(IoError.Poison));
        Assert.That(two.Read(0, Page).Length, Is.EqualTo(Page));
    }

    [Test]
    public void OfPartlySharedFilesOnlyTheSharedPartIsLost_Xfs552()
    {
        using var fixture = new FileFixture();
        DaxFile first = fixture.CreateFilled(4 * Page);
        DaxFile second = fixture.CreateFilled(4 * Page, seed: 2);
        first.CloneRange(0, 2 * Page, second, 2 * Page);
        using DaxView two = second.Map();
        two.ReadAtMost(0, 4 * Page);
        Assert.That(first.InjectPoison(0).FileCount, Is.EqualTo(2));
        Assert.That(() => two.Read(2 * Page, 1).Length, Throws.TypeOf<DaxException>());
        Assert.That(first.InjectPoison(3 * Page), Is.EqualTo(new MemoryFailureOutcome(1, 0)));
        Assert.That((two.Read(0, 1).Length, two.Read(3 * Page, 1).Length), Is.EqualTo((1, 1)));
    }
}
