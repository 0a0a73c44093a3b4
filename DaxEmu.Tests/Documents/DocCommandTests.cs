using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Tests.Architecture;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Fs.Damage;
using DaxEmu.Tests.Fs.Death;
using DaxEmu.Tests.Fuzzing;
using DaxEmu.Tests.Run;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>
/// What the documents show to type is typed: each <c>daxemu</c> line runs in a process of its own, in a folder with the files that it names, for a shorter time
/// where it is long; each other line has a test that runs it.
/// </summary>
[Parallelizable(ParallelScope.Self)] // processes of their own
public sealed partial class DocCommandTests
{
    private const int OneInSoMany = 110;
    private const int FewerLines = 12; // every sixth
    private const int PartCount = 4;
    private const long VolumeBytes = 64L << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    // The same options with shorter times, fewer turns and smaller devices; what is not given is added. The first row that fits decides.
    private static readonly (string Verb, string Unless, (string Option, string Value)[] Options)[] Short =
    [
        (@"bench(?=.*,fio\b)", "", [("--runtime", "10ms"), ("--ramp-time", "1ms"), ("--size", "16m"), ("--bs", "64k"), ("--phase", "pread")]),
        ("bench", "--conflicts|--mmu", [("--runtime", "10ms"), ("--ramp-time", "1ms"), ("--size", "16m")]),
        ("soak", "--profile v|--duration", [("--runtime", "2s")]),
        ("soak", "--profile v", [("--duration", "2s")]),
        ("policies", "--trace", [("--rounds", "1"), ("--runtime", "5ms")]),
        ("policies", "", [("--rounds", "1")]),
        ("crash", "--bug|--list|--replay", [("--points", "2")]),
        ("check", "--all|--replay|--scenario|--profile v", [("--max-schedules", "50"), ("--scenario-size", "2x1")]),
        ("check(?=.*--scenario )", "--all|--replay|--profile v", [("--max-schedules", "200")]),
        ("volume format", "", [("--size", "64m")]),
        ("suites", "", [("--list", "flat")]),
    ];

    // What a line ends with, if not with 0. The first row that fits decides.
    private static readonly (string Pattern, ExitCode[] Codes)[] Ends =
    [
        (@"^check .*--replay|--bug\b|^(check|soak) .*--profile v", [ExitCode.Found]),
        (@"^soak\b", [ExitCode.Success, ExitCode.Inconclusive]), // shortened: the control may not have been found yet
        (@"^check --strategy (pct|random)|^check .*--max-schedules", [ExitCode.Success, ExitCode.Inconclusive]),
        (@"^check( |$)(?!.*--all)", [ExitCode.Success, ExitCode.Inconclusive]),
        (@"^run .*--profile v4\.20", [ExitCode.Success, ExitCode.Found]),
    ];

    // Lines of which another test runs more than could be run here.
    private static readonly (string Part, string Test)[] Elsewhere =
    [
        ("./rocksdb-2019", nameof(RocksDbTests)),
        ("git clone", nameof(PackageTests)), // the folder that the tests run in
        ("cd ", nameof(PackageTests)),
        ("mkdir ", nameof(PackageTests)),
        ("dotnet pack", nameof(PackageTests)),
        ("dotnet new", nameof(PackageTests)),
        ("dotnet nuget", nameof(PackageTests)),
        ("dotnet add package", nameof(PackageTests)),
        ("dotnet build", nameof(PackageTests)), // what these tests are run from, and .ci/run
        ("dotnet test", nameof(DocCommandTests)),
        ("dotnet format", nameof(DocCommandTests)), // .ci/run
        (".ci/run", nameof(DocCommandTests)),
        ("DaxEmu.Tests.dll fuzz", nameof(FuzzerTests)),
        ("DAXEMU_SIGNAL_MOMENTS", nameof(SignalTests)),
        ("DAXEMU_DAMAGED_IMAGES", nameof(DamagedVolumeTests)),
        ("DAXEMU_KILLS", nameof(KilledProcessTests)),
        ("dotnet publish DaxEmu.Core", nameof(LibraryTests)),
        ("gcc log.c", nameof(LibraryTests)),
        ("gcc -O2 -o rocksdb-2019", nameof(RocksDbTests)),
    ];

    // For lines that read what others write.
    private static readonly Lazy<string> MeasuredRun = new(() =>
        Command.Run("bench", "--size", "4m", "--runtime", "10ms", "--ramp-time", "1ms", "--bs", "4k", "--numjobs", "1", "--engine", "emu,locked-radix", "--output-format=json").Output);

    // All of them only by hand: most start a process.
    private static IEnumerable<TestCaseData> Lines() => Effort.Part(
        DocCommands.All.Concat(DocCommands.Ordered)
            .Where(l => !Array.Exists(Elsewhere, e => l.Text.Contains(e.Part, StringComparison.Ordinal)))
            .DistinctBy(l => string.Join(' ', l.Words))
            .Select(l => new TestCaseData((object)l.Words).SetArgDisplayNames(l.ToString())),
        Effort.IsThorough ? FewerLines : OneInSoMany);

    [TestCaseSource(nameof(Lines))]
    public void ALineRuns(string[] words)
    {
        string line = string.Join(' ', words);
        using ScratchDirectory scratch = Folder(hasVolume: !line.StartsWith("volume format", StringComparison.Ordinal), hasDevice: words[0] == "info");
        foreach (string run in words.Where(w => words[0] == "report" && w.EndsWith(".json", StringComparison.Ordinal)))
        {
            File.WriteAllText(scratch[run], MeasuredRun.Value);
        }

        foreach (string part in words.Where(w => w.StartsWith("shard-", StringComparison.Ordinal) && w.EndsWith(".json", StringComparison.Ordinal)))
        {
            File.WriteAllText(scratch[part], Command.Run("crash", "--workload", "kv", "--points", "2", "--shard", $"{part["shard-".Length]}/{PartCount}", "--output-format=json").Output);
        }

        string[] arguments = [.. Shortened(words).Select(w => Placed(w, words, scratch))];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), .. arguments])
        {
            WorkingDirectory = scratch.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        if ((ExitCode)process.ExitCode == ExitCode.Inconclusive && Missing().IsMatch(error.Result))
        {
            Assert.Ignore(error.Result.Trim()); // a program or a library that is not installed
        }

        ExitCode[] expected = Ends.FirstOrDefault(e => Regex.IsMatch(line, e.Pattern)).Codes ?? [ExitCode.Success];
        Assert.That((ExitCode)process.ExitCode, Is.AnyOf([.. expected.Cast<object>()]), $"{string.Join(' ', arguments)}\n{output.Result}\n{error.Result}");
    }

    [Test]
    public void EachOtherLineOfAShellBlockHasATestThatRunsIt()
    {
        Assert.That(DocCommands.Others.Where(l => !Array.Exists(Elsewhere, e => l.Text.Contains(e.Part, StringComparison.Ordinal))).Select(l => l.ToString()), Is.Empty);
        Assert.That(Elsewhere.Where(e => !Members.AreTests(e.Test)), Is.Empty);
        Assert.That(Elsewhere.Where(e => !DocCommands.All.Concat(DocCommands.Others).Any(l => l.Text.Contains(e.Part, StringComparison.Ordinal))), Is.Empty, "rows that no line needs");
    }

    [TestCase("bench --runtime 2s --bs 4k", "bench --runtime 10ms --bs 4k --ramp-time 1ms --size 16m")]
    [TestCase("bench --runtime=2s", "bench --runtime 10ms --ramp-time 1ms --size 16m")]
    [TestCase("soak --profile v4.20 --duration 60s", "soak --profile v4.20 --duration 60s")]
    [TestCase("suites -- --filter x", "suites -- --filter x --list flat")]
    [TestCase("bench --help", "bench --help")]
    public void ALineIsShortenedByItsVerb(string line, string expected) => Assert.That(string.Join(' ', Shortened(line.Split(' '))), Is.EqualTo(expected));

    private static string[] Shortened(string[] words)
    {
        string line = string.Join(' ', words);
        (string Option, string Value)[] options = words.Contains("--help")
            ? []
            : Short.FirstOrDefault(s => Regex.IsMatch(line, $@"^{s.Verb}\b") && (s.Unless.Length == 0 || !Regex.IsMatch(line, s.Unless))).Options ?? [];
        var result = new List<string>();
        for (int i = 0; i < words.Length; i++)
        {
            string name = words[i].Split('=')[0];
            if (Array.Exists(options, o => o.Option == name))
            {
                result.AddRange([name, options.First(o => o.Option == name).Value]);
                i += words[i].Contains('=') ? 0 : 1;
            }
            else
            {
                result.Add(words[i]);
            }
        }

        return [.. result, .. options.Where(o => !result.Contains(o.Option)).SelectMany(o => new[] { o.Option, o.Value })];
    }

    private static string Placed(string word, string[] words, ScratchDirectory scratch) => word switch
    {
        "FILE" when words[0] == "replay" => scratch["recorded.jsonl.gz"],
        "FILE" or "PATH" => scratch["v"],
        "DaxEmu.Tests/Golden/Data/*.zip" => Path.Combine(AppContext.BaseDirectory, "Golden", "Data", "hand.zip"), // as a shell does with the star
        _ => Outside().Replace(word, scratch.Directory + "/"),
    };

    // With everything that the lines name.
    private static ScratchDirectory Folder(bool hasVolume, bool hasDevice)
    {
        var scratch = new ScratchDirectory();
        string data = Path.Combine(AppContext.BaseDirectory, "Golden", "Data");
        using (ZipArchive recordings = ZipFile.OpenRead(Path.Combine(data, "hand.zip")))
        using (Stream recording = recordings.Entries.First(e => e.Name.EndsWith(".jsonl", StringComparison.Ordinal)).Open())
        using (var packed = new GZipStream(File.Create(scratch["recorded.jsonl.gz"]), CompressionLevel.Fastest))
        {
            recording.CopyTo(packed);
        }

        foreach (string trace in (string[])["rocksdb-fsdax.trace.gz", "rocksdb.trace.gz", "fsdax.trace"])
        {
            File.Copy(Path.Combine(data, "rocksdb-start.trace.gz"), scratch[trace]);
        }

        File.WriteAllText(scratch["README.md"], "read me\n");
        File.WriteAllText(scratch["job.fio"], "[job]\nrw=randwrite\nbs=4k\nsize=16m\nruntime=10ms\n");
        if (hasDevice)
        {
            scratch.SparseFile("device", VolumeBytes);
        }

        if (!hasVolume)
        {
            return scratch;
        }

        using PmemDevice device = PmemDevice.Create(scratch["v"], VolumeBytes);
        DaxVolume.Format(device);
        using DaxVolume volume = DaxVolume.Mount(device);
        using DaxFile notes = volume.Create("notes.txt");
        notes.Write("notes\n"u8, offset: 0);
        return scratch;
    }

    [GeneratedRegex(@"not installed|libdaxemu|is not on the PATH|there is no program|cannot be found|no such program", RegexOptions.IgnoreCase)]
    private static partial Regex Missing();

    [GeneratedRegex("/mnt/pmem/|/dev/shm/")]
    private static partial Regex Outside();
}
