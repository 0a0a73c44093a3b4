using DaxEmu.Core;
using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking.PowerCuts;

/// <summary>Small programs on the first lines of a device, and what cuts of them leave.</summary>
internal static class CutProgram
{
    /// <summary>Every content of some words that the cut at the end leaves, as "1 0 7".</summary>
    public static string[] Left(Action<PmemDevice> program, params long[] words)
    {
        var found = new SortedDictionary<int, SortedSet<string>>();
        PowerCutReport report = PowerCutRunner.Explore(TestOf((device, progress) => progress.Step("all", () => program(device)), words, found), new PowerCutOptions { WorkerCount = 1 });
        Assert.That(report.Failures, Is.Empty);
        return [.. found.Last().Value];
    }

    private static PowerCutTest<string> TestOf(Action<PmemDevice, CutProgress> program, long[] words, SortedDictionary<int, SortedSet<string>> found) => new()
    {
        Name = "program",
        Workload = program,
        Recover = image => string.Join(' ', words.Select(w => BitConverter.ToInt64(image.Read(w * 8, 8)))),
        Verify = (content, cut) =>
        {
            if (!found.TryGetValue(cut.Number, out SortedSet<string>? contents))
            {
                found[cut.Number] = contents = new SortedSet<string>(StringComparer.Ordinal);
            }

            contents.Add(content);
            return null;
        },
    };

    /// <summary>Stores a word.</summary>
    public static void Put(this IPersistentMemory memory, long word, long value) => memory.Store(word * 8, BitConverter.GetBytes(value));

    /// <summary>Stores a word around the caches.</summary>
    public static void PutAround(this IPersistentMemory memory, long word, long value) => memory.CopyNonTemporal(word * 8, BitConverter.GetBytes(value));

    /// <summary>Stores a word through a span.</summary>
    public static void PutRaw(this PmemDevice device, long word, long value) =>
        BitConverter.TryWriteBytes(device.GetSpan(new Pfn(word / 512), 1)[((int)(word % 512) * 8)..], value);
}
