using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using DaxEmu.Tests.Fuzzing;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>
/// INT, TERM and HUP end every verb at any moment: within two seconds, with 124, with what there is so far, and with nothing left behind.
/// One moment of each in a test run; <c>DAXEMU_SIGNAL_MOMENTS=50</c> tries 50 for each verb and signal.
/// </summary>
[NonParallelizable]
public sealed partial class SignalTests
{
    private const int FewMoments = 1;
    private const int StartsAtOnce = 2;
    private const int EarliestMomentMilliseconds = 250;
    private const int LatestMomentMilliseconds = 1200;
    private const int KillSignal = 9;

    // The runtime itself handles INT, QUIT and TERM, but not this one.
    private const int HangUpSignal = 1;

    // Trace text that takes seconds to read, with nearly as many faults as a trace may have.
    private const int TraceCopies = 300;
    private static readonly TimeSpan TimeToBegin = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(30);
    private static readonly (string Name, int Number)[] Signals = [("INT", 2), ("TERM", 15), ("HUP", HangUpSignal)];
    private static readonly string[] Json = ["--output-format=json"];
    private static readonly string Corpus = Path.Combine(AppContext.BaseDirectory, "Golden", "Data");

    [TestCase("bench")]
    [TestCase("bench of a named file")]
    [TestCase("soak")]
    [TestCase("soak of a named file")]
    [TestCase("check")]
    [TestCase("check of all profiles")]
    [TestCase("replay of recordings")]
    [TestCase("replay of trace text")]
    [TestCase("replay of one long trace")]
    [TestCase("replay of a pipe without a writer")]
    [TestCase("policies")]
    [TestCase("policies with a long hold")]
    [TestCase("policies of a trace")]
    public void ASignalEndsItInTimeWithWhatThereIsAndNothingIsLeft(string verb)
    {
        string? wanted = Environment.GetEnvironmentVariable("DAXEMU_SIGNAL_MOMENTS");
        int seed = verb.Length; // another order of moments for each
        (string Name, int Number)[] signals = wanted is { Length: > 0 }
            ? [.. Enumerable.Range(0, int.Parse(wanted, CultureInfo.InvariantCulture)).SelectMany(_ => Signals)]
            : [.. Enumerable.Range(seed, FewMoments).Select(i => Signals[i % Signals.Length])];
        var random = new FuzzRandom((ulong)seed);
        (string Name, int Number, TimeSpan Moment)[] runs =
            [.. signals.Select(s => (s.Name, s.Number, TimeSpan.FromMilliseconds(random.Between(EarliestMomentMilliseconds, LatestMomentMilliseconds))))];
        string?[] wrong = new string?[runs.Length];
        Parallel.For(0, runs.Length, new ParallelOptions { MaxDegreeOfParallelism = StartsAtOnce }, i => wrong[i] = Try(verb, runs[i].Name, runs[i].Number, runs[i].Moment));

        // What a busy machine delayed does not fail again, alone.
        for (int i = 0; i < wrong.Length; i++)
        {
            if (wrong[i] is { } first)
            {
                wrong[i] = Try(verb, runs[i].Name, runs[i].Number, runs[i].Moment) is { } again ? $"{first}; and again, {again}" : null;
                TestContext.Out.WriteLine($"{(wrong[i] is null ? "once only: " : "twice: ")}{first}");
            }
        }

        Assert.That(wrong.OfType<string>(), Is.Empty);
    }

    [TestCase("bench")]
    [TestCase("bench of a named file")]
    [TestCase("soak")]
    [TestCase("soak of a named file")]
    public void AKillLeavesNothingThatItMade(string verb)
    {
        using var scratch = new ScratchDirectory();
        using Process process = Start(ArgumentsOf(verb, scratch));
        Thread.Sleep(TimeSpan.FromMilliseconds(700));
        Assert.That(process.HasExited, Is.False);
        Assert.That(Send(process.Id, KillSignal), Is.Zero);
        process.WaitForExit();
        Assert.That(LeftBehind(process, scratch), Is.Null);
    }

    private static string[] ArgumentsOf(string verb, ScratchDirectory scratch)
    {
        string trace = Path.Combine(Corpus, "rocksdb-start.trace.gz");
        return verb switch
        {
            "bench" => ["bench", "--size", "64m", "--runtime", "10m", "--numjobs", "1,2", .. Json],
            "bench of a named file" => ["bench", "--filename", scratch["device"], "--size", "64m", "--runtime", "50ms", "--ramp-time", "10m", .. Json],
            "soak" => ["soak", "--duration", "8h", "--numjobs", "4", "--size", "16m", .. Json],
            "soak of a named file" => ["soak", "--filename", scratch["device"], "--duration", "8h", "--numjobs", "2", "--size", "16m", .. Json],
            "check" => ["check", "--strategy", "random", "--scenario-size", "4x3", "--max-schedules", "2000000000", .. Json],
            "check of all profiles" => ["check", "--preemptions", "20", .. Json],
            "replay of recordings" => ["replay", .. Enumerable.Repeat(Path.Combine(Corpus, "random.zip"), 200), .. Json],
            "replay of trace text" => ["replay", .. Enumerable.Repeat(trace, 2000), .. Json],
            "replay of one long trace" => ["replay", LongTrace(trace, scratch), .. Json],
            "replay of a pipe without a writer" => ["replay", Pipe(scratch), .. Json],
            "policies" => ["policies", "--rounds", "10000", "--numjobs", "2", .. Json],
            "policies with a long hold" => ["policies", "--hold", "1h", "--hold-2m", "1h", "--numjobs", "4", .. Json],
            "policies of a trace" => ["policies", "--trace", trace, "--rounds", "10000", .. Json],
            _ => throw new ArgumentException(verb, nameof(verb)),
        };
    }

    // Null if all is well.
    private static string? Try(string verb, string name, int signal, TimeSpan moment)
    {
        using var scratch = new ScratchDirectory();
        string[] arguments = ArgumentsOf(verb, scratch);
        string[] inputs = [.. scratch.Names];
        using Process process = Start(arguments);
        long begin = Stopwatch.GetTimestamp();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string what = string.Create(CultureInfo.InvariantCulture, $"{verb}, SIG{name} after {moment.TotalMilliseconds:0} ms");
        if (!SpinWait.SpinUntil(() => Catches(process.Id, HangUpSignal), TimeToStart))
        {
            process.Kill();
            return $"{what}: it never watched for signals: {error.Result}";
        }

        long watching = Stopwatch.GetTimestamp();
        TimeSpan left = moment - Stopwatch.GetElapsedTime(begin);
        Thread.Sleep(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        if (process.HasExited)
        {
            return $"{what}: it ended by itself, with {process.ExitCode}: {error.Result}";
        }

        bool isEarly = Stopwatch.GetElapsedTime(watching) < TimeToBegin;
        long sent = Stopwatch.GetTimestamp();
        _ = Send(process.Id, signal);
        bool hasEnded = process.WaitForExit(TimeToEnd);
        TimeSpan took = Stopwatch.GetElapsedTime(sent);
        if (!hasEnded)
        {
            process.Kill();
            return $"{what}: it still ran {took.TotalSeconds:0.00} s later: {error.Result}";
        }

        return process.ExitCode != 124 ? $"{what}: it ended with {process.ExitCode}: {error.Result}"
            : WrongReport(isEarly, output.Result, error.Result) is { } report ? $"{what}: {report} (after {took.TotalSeconds:0.00} s)"
            : LeftBehind(process, scratch, inputs) is { } left2 ? $"{what}: {left2}"
            : null;
    }

    private static string? WrongReport(bool isEarly, string output, string error)
    {
        if (isEarly && output.Length == 0 && error == "daxemu: stopped.\n")
        {
            return null; // it had not begun with anything that could be reported
        }

        try
        {
            using var document = JsonDocument.Parse(output);
            return null;
        }
        catch (JsonException e)
        {
            return $"no single JSON document: {e.Message} '{output[..Math.Min(200, output.Length)]}' and said '{error}'";
        }
    }

    private static string? LeftBehind(Process process, ScratchDirectory scratch, params string[] inputs)
    {
        string mine = $"daxemu-{process.Id}-";
        string[] files = [.. scratch.Names.Except(inputs), .. Directory.EnumerateFiles("/dev/shm").Where(f => f.Contains(mine, StringComparison.Ordinal))];
        string[] children = [.. Directory.EnumerateDirectories("/proc")
            .Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0]) && CommandLineOf(p).Contains(scratch.Directory, StringComparison.Ordinal))];
        return files.Length + children.Length == 0 ? null : $"it left {string.Join(", ", files.Concat(children))}";
    }

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return string.Empty; // it has ended meanwhile
        }
    }

    // The signals that a process has handlers for are a hexadecimal mask.
    private static bool Catches(int process, int signal)
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("SigCgt:", StringComparison.Ordinal));
            ulong caught = ulong.Parse(line["SigCgt:".Length..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            return (caught >> (signal - 1) & 1) != 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // What the tests' own parent has it ignore, a child would ignore as well.
    private static Process Start(string[] arguments) =>
        Process.Start(new ProcessStartInfo("env", ["--default-signal=INT,HUP,QUIT,TERM", "dotnet", Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static string LongTrace(string packed, ScratchDirectory scratch)
    {
        using var text = new MemoryStream();
        using (var stream = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress))
        {
            stream.CopyTo(text);
        }

        // Many members of a gzip are one text: small on disk.
        byte[] member;
        using (var memory = new MemoryStream())
        {
            using (var stream = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
            {
                stream.Write(text.ToArray());
            }

            member = memory.ToArray();
        }

        using FileStream file = File.Create(scratch["long.trace.gz"]);
        for (int i = 0; i < TraceCopies; i++)
        {
            file.Write(member);
        }

        return file.Name;
    }

    private static string Pipe(ScratchDirectory scratch) => MakePipe(scratch["pipe"], 0x180) == 0 ? scratch["pipe"] : throw new IOException("no pipe can be made");

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
