using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>
/// Threads write whole pages of one number each, by write and through pinned views, while others sync, unmap, punch and clone. A page
/// that shows two numbers is torn, one that shows an old number was lost.
/// </summary>
public sealed class FileStressTests
{
    private const int Page = FileFixture.Page;
    private const int PageCount = 24;
    private const int RoundsPerThread = 600;

    [TestCase("xfs", "linux-6.12", 1)]
    [TestCase("ext4", "linux-6.12", 2)]
    public void NoWriteIsLostAndNoPageTorn(string fileSystem, string behaviour, int seed)
    {
        using var fixture = new FileFixture(DaxFileOptions.Default with
        {
            FileSystem = FileSystemModel.ByName(fileSystem),
            Behaviour = KernelBehaviour.ByName(behaviour),
        });
        DaxFile file = fixture.Create(PageCount * Page);
        DaxFile snapshot = fixture.Create();
        using var pages = new StampedPages(file);
        var work = new List<Task>();
        for (int i = 0; i < 3; i++)
        {
            var random = new Random((seed * 100) + i);
            work.Add(Task.Run(() => pages.Work(random, RoundsPerThread)));
        }

        using var stop = new CancellationTokenSource();
        var disturber = Task.Run(() => Disturb(file, snapshot, pages, new Random(seed), stop.Token));
        Assert.That(Task.WaitAll([.. work], TimeSpan.FromSeconds(60)), "it hangs");
        stop.Cancel();
        FileFixture.Finish(disturber);
        pages.CheckAll();
    }

    private static void Disturb(DaxFile file, DaxFile snapshot, StampedPages pages, Random random, CancellationToken stop)
    {
        var bytes = new byte[PageCount * Page];
        while (!stop.IsCancellationRequested)
        {
            switch (random.Next(5))
            {
                case 0:
                    file.Sync(CancellationToken.None);
                    break;
                case 1:
                    pages.Forget(random);
                    break;
                case 2:
                    file.Allocate((long)PageCount * Page, Page, keepSize: true, CancellationToken.None);
                    break;
                case 3:
                    file.Unshare(0, PageCount * Page);
                    break;
                default:
                    file.CloneTo(snapshot, CancellationToken.None);
                    Assert.That(snapshot.Read(bytes, 0), Is.EqualTo(bytes.Length));
                    for (int page = 0; page < PageCount; page++)
                    {
                        StampedPages.StampOf(bytes.AsSpan(page * Page, Page), $"page {page} of a snapshot");
                    }

                    break;
            }
        }
    }

    /// <summary>Pages with a lock each and the number that was last stored there.</summary>
    private sealed class StampedPages(DaxFile file) : IDisposable
    {
        private readonly Lock[] gates = [.. Enumerable.Range(0, PageCount).Select(_ => new Lock())];
        private readonly long[] stamps = new long[PageCount];
        private readonly DaxView[] views =
        [
            file.Map(), file.Map(MapMode.Shared | MapMode.Sync), file.Map(MapMode.Shared | MapMode.NoHugePage),
        ];

        public static long StampOf(ReadOnlySpan<byte> page, string where)
        {
            ReadOnlySpan<long> words = MemoryMarshal.Cast<byte, long>(page);
            int other = words.IndexOfAnyExcept(words[0]);
            return other < 0 ? words[0] : throw new InvalidOperationException($"{where} is torn: {words[0]} and {words[other]}");
        }

        public void Work(Random random, int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                int page = random.Next(PageCount);
                int how = random.Next(10);
                lock (gates[page])
                {
                    if (how < 5)
                    {
                        Check(page, random.Next(views.Length + 1));
                    }
                    else if (how == 5)
                    {
                        file.PunchHole((long)page * Page, Page);
                        stamps[page] = 0;
                    }
                    else
                    {
                        Store(page, ((long)page << 32) | (uint)random.Next(), random.Next(views.Length + 1));
                    }
                }
            }
        }

        public void Forget(Random random) => views[random.Next(views.Length)].DontNeed(0, (long)PageCount * Page);

        public void CheckAll()
        {
            for (int page = 0; page < PageCount; page++)
            {
                for (int way = 0; way <= views.Length; way++)
                {
                    Check(page, way);
                }
            }
        }

        public void Dispose()
        {
            foreach (DaxView view in views)
            {
                view.Dispose();
            }
        }

        private void Store(int page, long stamp, int way)
        {
            var words = new long[Page / sizeof(long)];
            Array.Fill(words, stamp);
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<long>(words);
            if (way == views.Length)
            {
                file.Write(bytes, (long)page * Page);
            }
            else
            {
                // The pin keeps the block in the file, and from being shared, while it is stored to.
                using PagePin pin = views[way].Pin((long)page * Page, Page);
                bytes.CopyTo(file.Volume.Device.GetSpan(pin.Pages[0].First, 1));
            }

            stamps[page] = stamp;
        }

        private void Check(int page, int way)
        {
            var bytes = new byte[Page];
            if (way == views.Length)
            {
                file.Read(bytes, (long)page * Page);
            }
            else
            {
                views[way].CopyTo(bytes, (long)page * Page);
            }

            long seen = StampOf(bytes, $"page {page}");
            if (seen != stamps[page])
            {
                throw new InvalidOperationException($"page {page} shows {seen:x} instead of {stamps[page]:x} by way {way}");
            }
        }
    }
}
