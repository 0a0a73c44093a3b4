using System.Globalization;
using System.Text;
using DaxEmu.Core;
using DaxEmu.Tests.Fuzzing;

namespace DaxEmu.Tests.Fs.Death;

/// <summary>A process that works on a volume until it is killed. What it is about to do, and that it is done, stands in a file for each thread.</summary>
internal static class LoadChild
{
    /// <summary>Begins its command line.</summary>
    public const string Verb = "volume-load";

    /// <summary>Its threads, each with a directory and a journal of its own.</summary>
    public const int ThreadCount = 3;

    private const int FileCount = 5;
    private const int LargestFile = 60_000;
    private const int LargestWrite = 9_000;

    /// <summary>Runs until it is killed.</summary>
    /// <param name="arguments">The device file, the folder of the journals, a seed.</param>
    public static int Run(string[] arguments)
    {
        using var device = PmemDevice.Open(arguments[0]);
        using var volume = DaxVolume.Mount(device);
        ulong seed = ulong.Parse(arguments[2], CultureInfo.InvariantCulture);
        Thread[] threads = [.. Enumerable.Range(0, ThreadCount).Select(i => new Thread(() => Work(volume, i, arguments[1], seed)))];
        Array.ForEach(threads, thread => thread.Start());
        Console.WriteLine("ready");
        Array.ForEach(threads, thread => thread.Join());
        return 1;
    }

    /// <summary>The journal of a thread.</summary>
    public static string JournalOf(string folder, int thread) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"journal-{thread}"));

    /// <summary>The directory of a thread.</summary>
    public static string DirectoryOf(int thread) => string.Create(CultureInfo.InvariantCulture, $"thread {thread}");

    private static void Work(DaxVolume volume, int thread, string folder, ulong seed)
    {
        var random = new FuzzRandom((seed * 16) + (ulong)thread);
        using var journal = new FileStream(JournalOf(folder, thread), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (int tag = 1; ; tag++)
        {
            if (Choose(volume, DirectoryOf(thread), random, tag) is not { } step)
            {
                continue;
            }

            journal.Write(Encoding.ASCII.GetBytes($"{step}\n"));
            Do(volume, DirectoryOf(thread), step);
            journal.Write("done\n"u8);
        }
    }

    private static LoadStep? Choose(DaxVolume volume, string directory, FuzzRandom random, int tag)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"f{random.Below(FileCount)}");
        string other = string.Create(CultureInfo.InvariantCulture, $"f{random.Below(FileCount)}");
        if (!volume.Exists($"{directory}/{name}"))
        {
            return new LoadStep(LoadKind.Create, name, "-", tag, 0, 0);
        }

        int size = (int)volume.GetEntry($"{directory}/{name}").Length;
        return random.Below(12) switch
        {
            < 5 when size < LargestFile => new LoadStep(LoadKind.Append, name, "-", tag, 0, random.Between(1, LargestWrite)),
            < 7 when size > 0 && random.Below(size) is var offset => new LoadStep(LoadKind.Store, name, "-", tag, offset, Math.Min(size - offset, random.Between(1, LargestWrite))),
            7 => new LoadStep(LoadKind.Rename, name, other == name ? "renamed" : other, tag, 0, 0),
            8 when size > 0 && volume.Exists($"{directory}/{other}") && volume.GetEntry($"{directory}/{other}").Length == 0 => new LoadStep(LoadKind.Clone, name, other, tag, 0, 0),
            9 => new LoadStep(LoadKind.Delete, name, "-", tag, 0, 0),
            10 => new LoadStep(LoadKind.DeleteOpen, name, "-", tag, 0, random.Between(1, LargestWrite)),
            _ when size > 0 => new LoadStep(LoadKind.Truncate, name, "-", tag, 0, random.Below(size)),
            _ => null,
        };
    }

    private static void Do(DaxVolume volume, string directory, LoadStep step)
    {
        string path = $"{directory}/{step.Name}";
        string other = $"{directory}/{step.Other}";
        switch (step.What)
        {
            case LoadKind.Create:
                volume.Create(path).Dispose();
                return;
            case LoadKind.Rename:
                volume.Rename(path, other);
                return;
            case LoadKind.Delete:
                volume.Delete(path);
                return;
        }

        using DaxFile file = volume.Open(path);
        switch (step.What)
        {
            case LoadKind.Append:
                Write(file, step.Content(), file.Length);
                file.Sync();
                break;
            case LoadKind.Store:
                using (DaxView view = file.Map(MapMode.Shared | MapMode.Sync))
                {
                    view.CopyFrom(step.Content(), step.Offset);
                    view.Persist(step.Offset, step.Length);
                }

                break;
            case LoadKind.Truncate:
                file.SetLength(step.Length);
                file.Sync();
                break;
            case LoadKind.Clone:
                using (DaxFile clone = volume.Open(other))
                {
                    file.CloneTo(clone);
                    clone.Sync();
                }

                break;
            default:
                volume.Delete(path);
                Write(file, step.Content(), file.Length);
                break;
        }
    }

    private static void Write(DaxFile file, byte[] content, long offset)
    {
        for (int written = 0; written < content.Length;)
        {
            written += file.Write(content.AsSpan(written), offset + written);
        }
    }
}
