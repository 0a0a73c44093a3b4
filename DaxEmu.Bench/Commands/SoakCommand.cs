using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Bench.Verification.Soak.RealMemory;
using DaxEmu.Core;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu soak</c>: random concurrent operations for a time, verified.</summary>
internal static class SoakCommand
{
    private const long DefaultSizeBytes = 64L << 20;

    private static readonly Option<TimeSpan> Duration = CommandOptions.Runtime("how long", TimeSpan.FromSeconds(30));
    private static readonly Option<int> Jobs = CommandOptions.Of("--numjobs", $"threads, at most {CommandOptions.MostJobs}", CommandOptions.JobCount, 8, CommandOptions.JobNames);
    private static readonly Option<SizeOrShare> Size = SizeOption();
    private static readonly Option<WaitProfile> Profile = CommandOptions.Profile();
    private static readonly Option<int> Seed = CommandOptions.Seed("all threads' choices");
    private static readonly Option<TimeSpan> Watchdog = CommandOptions.Of("--watchdog", "a thread that makes no progress for so long hangs", DurationText.Parse, TimeSpan.FromSeconds(5));
    private static readonly Option<string?> FileName = CommandOptions.File("--filename", "the device: a block device or file that is OVERWRITTEN (--force if it holds anything), or a new file, whose name is taken away at once (not given: a new file on tmpfs)");
    private static readonly Option<bool> List = CommandOptions.List("the profiles and operations");
    private static readonly Option<bool> Force = CommandOptions.Force();
    private static readonly Option<Shard?> Part = CommandOptions.Part("its threads' choices are those of no other part");
    private static readonly Option<MmuKind> Mmu = CommandOptions.Mmu();
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "soak",
            "Random concurrent operations for a time, every page verified.\n"
            + "Many threads, all operations, each page stamped with a version; a watchdog that names the culprit.\n"
            + "A profile passes only after the same machinery has found the hang of 2019; else the result is inconclusive.\n"
            + "With --mmu host the threads load and store through real mappings, half of them in managed code under forced collections, half of them in libc; the control is a planted fault.\n\n"
            + "Examples:\n  daxemu soak --runtime 8h --randseed 42 --status-interval 1m\n  daxemu soak --profile v4.20 --runtime 60s\n  daxemu soak --mmu host --runtime 10m --numjobs 8")
        {
            Mmu, Duration, Jobs, Size, Profile, Seed, Watchdog, FileName, Force, List, Part, Format, OutputOption.Option,
        };
        ProgressOptions.AddTo(command);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, OutputOption.Around(Run));
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        bool isJson = parsed.GetValue(Format) == OutputFormat.Json;
        if (parsed.GetValue(List))
        {
            return NameList.Print(
                isJson, ("profiles", CheckCommand.NamesOfProfiles()), ("operations", Enum.GetNames<SoakOperation>().Select(o => (o, string.Empty))));
        }

        if (parsed.GetValue(Mmu) == MmuKind.Host)
        {
            return RunOnRealMemory(PlanOf(parsed), parsed, isJson, cancellation);
        }

        AppContext.SetSwitch(InterleavingSwitch.Name, true); // before anything of the core is used
        SoakPlan plan = PlanOf(parsed);
        SoakFixture.Probe(plan);
        SoakSession session;
        using (var progress = new ProgressLine(parsed))
        {
            session = SoakSession.Run(plan, p => new SoakRunner(p, progress.Show, cancellation) { State = state => progress.Facts = state }.Run(), cancellation);
        }

        Console.WriteLine(isJson ? SoakJson.Write(session) : SoakText.Write(session));
        return session.Code;
    }

    private static ExitCode RunOnRealMemory(SoakPlan plan, ParseResult parsed, bool isJson, CancellationToken cancellation)
    {
        HostLibrary.Load();
        if (plan.FileName is { } path && Path.Exists(path))
        {
            throw new ArgumentException($"'{path}' is there already, and --mmu host makes its device anew. Give a path that does not exist.");
        }

        HostSoakSession session;
        using (var progress = new ProgressLine(parsed))
        {
            session = HostSoakSession.Run(plan, (p, fault) => new HostSoakRunner(p, fault, progress.Show, cancellation) { State = state => progress.Facts = state }.Run(), cancellation);
        }

        Console.WriteLine(isJson ? HostSoakJson.Write(session) : HostSoakText.Write(session));
        return session.Code;
    }

    private static SoakPlan PlanOf(ParseResult parsed) => new()
    {
        Duration = parsed.GetValue(Duration),
        JobCount = parsed.GetValue(Jobs),
        SizeBytes = SizeOf(parsed),
        Profile = parsed.GetRequiredValue(Profile),
        Seed = parsed.GetValue(Seed),
        Watchdog = parsed.GetValue(Watchdog),
        FileName = parsed.GetValue(FileName),
        IsForced = parsed.GetValue(Force),
        Mmu = parsed.GetValue(Mmu),
        Shard = CommandOptions.PartOf(parsed.GetValue(Part)),
    };

    private static ValueOption<SizeOrShare> SizeOption()
    {
        ValueOption<SizeOrShare> option = CommandOptions.Of(
            "--size", "bytes of the device, a multiple of 2 MiB, or a share of the memory that is free, as in 10%; the file has three eighths of them", DeviceSize, new SizeOrShare(DefaultSizeBytes, null));
        option.Written = size => SizeText.Format(size.Bytes!.Value);
        return option;
    }

    private static SizeOrShare DeviceSize(string text) => SizeText.ParseShare(text) is var size && (size.Bytes is not { } bytes || IsDevice(bytes))
        ? size
        : throw new FormatException($"'{text}' is no size for a soak. Choose a multiple of 2m of at least {SizeText.Format(SoakPlan.MinimumSizeBytes)}.");

    private static long SizeOf(ParseResult parsed) => parsed.GetRequiredValue(Size).BytesOf(HostMemory.AvailableBytes) is var bytes && IsDevice(bytes)
        ? bytes
        : throw new ArgumentException($"--size {parsed.GetRequiredValue(Size).Percent}% is {bytes} bytes here, no size for a soak. Choose at least {SizeText.Format(SoakPlan.MinimumSizeBytes)}.");

    private static bool IsDevice(long bytes) => bytes >= SoakPlan.MinimumSizeBytes && bytes % DaxConstants.PmdSize == 0;
}
