using System.Diagnostics;
using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Fuzzing;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs.Death;

/// <summary>
/// A process that works on a volume is killed at random moments: the volume mounts, checks clean and has everything that was acknowledged.
/// <c>DAXEMU_KILLS=500</c> kills that often.
/// </summary>
[Parallelizable(ParallelScope.Self)] // processes of their own
public sealed class KilledProcessTests
{
    private const int FewKills = 10;
    private const int LongestMilliseconds = 200;
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, byte[]>[] models = [.. Enumerable.Range(0, LoadChild.ThreadCount).Select(_ => new Dictionary<string, byte[]>())];
    private int stepCount;
    private int pendingCount;

    [Test]
    public void AKilledProcessLosesNothingThatWasAcknowledged()
    {
        int kills = Environment.GetEnvironmentVariable("DAXEMU_KILLS") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : FewKills;
        using var scratch = new ScratchDirectory();
        string path = scratch["volume"];
        using (var device = PmemDevice.Create(path, 16 << 20))
        {
            DaxVolume.Format(device);
            using var volume = DaxVolume.Mount(device);
            for (int i = 0; i < LoadChild.ThreadCount; i++)
            {
                volume.CreateDirectory(LoadChild.DirectoryOf(i));
            }
        }

        var random = new FuzzRandom(1);
        for (int kill = 1; kill <= kills; kill++)
        {
            KillOne(scratch, path, kill, random.Below(LongestMilliseconds));
            Verify(scratch, path, $"kill {kill}");
        }

        TestContext.Out.WriteLine($"{kills} kills, {stepCount} steps acknowledged, {pendingCount} under way when they came");
        Assert.That(stepCount, Is.GreaterThan(kills * 10));
        Assert.That(pendingCount, Is.GreaterThan(kills));
    }

    private static void KillOne(ScratchDirectory scratch, string path, int seed, int milliseconds)
    {
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(LoadChild).Assembly.Location, LoadChild.Verb, path, scratch.Directory, seed.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_DbgEnableMiniDump"] = "0" },
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string?> ready = process.StandardOutput.ReadLineAsync();
        Assert.That(ready.Wait(TimeToStart) && ready.Result == "ready", Is.True, () => error.Result);
        var working = Stopwatch.StartNew();
        if (seed == 1)
        {
            AssertAlone(path);
        }

        Thread.Sleep(TimeSpan.FromMilliseconds(Math.Max(0, milliseconds - working.ElapsedMilliseconds)));
        Assert.That(process.HasExited, Is.False, () => error.Result);
        process.Kill();
        process.WaitForExit();
    }

    // While it lives, another opener is refused, one that only reads too.
    private static void AssertAlone(string path)
    {
        Assert.That(() => PmemDevice.Open(path), Throws.TypeOf<DaxEnvironmentException>().With.Message.Contains("another opener"));
        CommandResult list = Command.Run("volume", "ls", path);
        Assert.That((list.Code, list.Output), Is.EqualTo((3, "")));
        Assert.That(list.Error, Does.Contain("another opener"));
        Assert.That(DeviceProbe.Probe(path).IsInUse, Is.True);
    }

    private void Verify(ScratchDirectory scratch, string path, string when)
    {
        using var device = PmemDevice.Open(path); // its lock is gone
        Assert.That(DaxVolume.Check(device).Problems, Is.Empty, when);
        using var volume = DaxVolume.Mount(device);
        for (int thread = 0; thread < LoadChild.ThreadCount; thread++)
        {
            LoadStep? pending = Replay(thread, LoadChild.JournalOf(scratch.Directory, thread));
            Dictionary<string, byte[]> found = Read(volume, LoadChild.DirectoryOf(thread));
            Assert.That(Wrong(models[thread], pending, found), Is.Null, $"{when}, thread {thread}");
            models[thread] = found;
        }
    }

    // Applies what was acknowledged; the step that was not is returned.
    private LoadStep? Replay(int thread, string journal)
    {
        if (!File.Exists(journal))
        {
            return null; // the kill came before the thread began
        }

        LoadStep? pending = null;
        string text = File.ReadAllText(journal);
        File.Delete(journal);
        foreach (string line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line == "done")
            {
                models[thread] = pending!.ApplyTo(models[thread]);
                pending = null;
                stepCount++;
            }
            else
            {
                pending = LoadStep.Parse(line);
            }
        }

        pendingCount += pending is null ? 0 : 1;
        return pending;
    }

    private static string? Wrong(Dictionary<string, byte[]> model, LoadStep? pending, Dictionary<string, byte[]> found)
    {
        if (AreAlike(model, found))
        {
            return null;
        }

        Dictionary<string, byte[]> after = pending?.ApplyTo(model) ?? model;
        if (AreAlike(after, found))
        {
            return null;
        }

        // What is stored through a view is there as far as it went.
        if (pending is { What: LoadKind.Store } && found.TryGetValue(pending.Name, out byte[]? stored) && stored.Length == after[pending.Name].Length
            && stored.Select((b, i) => b == after[pending.Name][i] || b == model[pending.Name][i]).All(isRight => isRight))
        {
            return AreAlike(new Dictionary<string, byte[]>(model) { [pending.Name] = stored }, found) ? null : "another file has changed";
        }

        return $"under way: {pending}; found {Text(found)}; before it {Text(model)}; after it {Text(after)}";
    }

    private static Dictionary<string, byte[]> Read(DaxVolume volume, string directory)
    {
        var found = new Dictionary<string, byte[]>();
        foreach (VolumeEntry entry in volume.GetEntries(directory))
        {
            using DaxFile file = volume.Open($"{directory}/{entry.Name}", access: FileAccess.Read);
            found.Add(entry.Name, FileFixture.Bytes(file));
        }

        return found;
    }

    private static bool AreAlike(Dictionary<string, byte[]> one, Dictionary<string, byte[]> other) =>
        one.Count == other.Count && one.All(f => other.TryGetValue(f.Key, out byte[]? content) && content.AsSpan().SequenceEqual(f.Value));

    private static string Text(Dictionary<string, byte[]> files) =>
        string.Join(", ", files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}: {f.Value.Length} bytes, {Convert.ToHexString(System.IO.Hashing.Crc32.Hash(f.Value))}"));
}
