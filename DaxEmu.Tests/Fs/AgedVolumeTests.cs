using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>A volume that has been in use for long still has whole 2 MiB for large files.</summary>
public sealed class AgedVolumeTests
{
    private const int Page = DaxConstants.PageSize;
    private const long Size = 128L << 20;
    private const int Large = DaxConstants.PmdSize;

    [Test]
    public void After10TurnoversAt80PercentLargeFilesStillMapWith2MiB()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);
        DaxVolume.Format(device);
        using DaxVolume volume = DaxVolume.Mount(device);
        var random = new Random(11);
        var files = new List<(string Path, long Bytes)>();
        long held = 0;
        long turned = 0;
        int made = 0;
        while (turned < 10 * Size)
        {
            // Half of the bytes in files of 2 MiB, the rest in files of one page to 100.
            bool isLarge = random.Next(64) == 0;
            long bytes = isLarge ? Large : random.Next(1, 100) * (long)Page / (random.Next(4) == 0 ? 1 : 8) / Page * Page + Page;
            while (held + bytes > Size * 8 / 10)
            {
                int victim = random.Next(files.Count);
                volume.Delete(files[victim].Path);
                held -= files[victim].Bytes;
                files[victim] = files[^1];
                files.RemoveAt(files.Count - 1);
            }

            string path = $"{(isLarge ? "large" : "small")}{made++}";
            using (DaxFile file = volume.Create(path))
            {
                file.Allocate(0, bytes);
            }

            files.Add((path, bytes));
            held += bytes;
            turned += bytes;
        }

        int whole = 0;
        string[] large = [.. files.Select(f => f.Path).Where(path => path.StartsWith("large", StringComparison.Ordinal))];
        foreach (string path in large)
        {
            using DaxFile file = volume.Open(path);
            using DaxView view = file.Map();
            view.Write(0, 1)[0] = 1;
            whole += file.Mapping.Entries[new PageIndex(0)].Entry.Order == PageOrder.Pmd ? 1 : 0;
        }

        TestContext.Out.WriteLine($"{whole} of {large.Length} files of 2 MiB map with 2 MiB; {made} files made, {held * 100 / Size} % in use");
        Assert.That(large, Has.Length.GreaterThan(10));
        Assert.That(whole, Is.GreaterThanOrEqualTo(large.Length * 95 / 100));
    }
}
