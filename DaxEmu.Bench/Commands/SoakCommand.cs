using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Bench.Verification.Soak.RealMemory;
using DaxEmu.Core;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu soak</c>: random concurrent operations for a time, verified.</summary>
internal static class SoakCommand
{
    private static readonly Option<TimeSpan> Duration = CommandOptions.Of("--duration", "how long", DurationText.Parse, TimeSpan.FromSeconds(30));
    private static readonly Option<int> Jobs = CommandOptions.Of("--numjobs", $"threads, at most {CommandOptions.MostJobs}", CommandOptions.JobCount, 8);
    private static readonly Option<long> Size = CommandOptions.Of("--size", "bytes of the device, a multiple of 2 MiB; the file has three eighths of them", DeviceSize, 64L << 20);
    private static readonly Option<WaitProfile> Profile = CommandOptions.Of("--profile", "the profile or policy of the entry locks", WaitProfiles.ByName, WaitProfiles.Fixed);
    private static readonly Option<int> Seed = CommandOptions.Of("--randseed", "seed of all threads' choices", text => CommandOptions.Count(text, 0), 1);
    private static readonly Option<TimeSpan> Watchdog = CommandOptions.Of("--watchdog", "a thread that makes no progress for so long hangs", DurationText.Parse, TimeSpan.FromSeconds(5));
    private static readonly Option<string?> FileName = CommandOptions.Of<string?>("--filename", "the device: a block device or file that is OVERWRITTEN (--force if it holds anything), or a new file, whose name is taken away at once (default: a new file on tmpfs)", text => text, null);
    private static readonly Option<bool> Force = CommandOptions.Force();
    private static readonly Option<Shard?> Part = CommandOptions.Part("its threads' choices are those of no other part");
    private static readonly Option<MmuKind> Mmu = CommandOptions.Mmu();
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "soak",
            "Many threads, all operations, every page stamped with a version; a watchdog that names the culprit.\n"
            + "A profile passes only after the same machinery has found the hang of 2019; else the result is inconclusive.\n"
            + "With --mmu host the threads load and store through real mappings, half of them in managed code under forced collections, half of them in libc; the control is a planted fault.\n\n"
            + "Examples:\n  daxemu soak --duration 8h --randseed 42\n  daxemu soak --profile v4.20 --duration 60s\n  daxemu soak --mmu host --duration 10m --numjobs 8")
        {
            Mmu, Duration, Jobs, Size, Profile, Seed, Watchdog, FileName, Force, Part, Format,
        };
        CommandFrame.SetAction(command, Run);
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        bool isJson = parsed.GetValue(Format) == OutputFormat.Json;
        if (parsed.GetValue(Mmu) == MmuKind.Host)
        {
            return RunOnRealMemory(PlanOf(parsed), isJson, cancellation);
        }

        AppContext.SetSwitch(InterleavingSwitch.Name, true); // before anything of the core is used
        SoakPlan plan = PlanOf(parsed);
        SoakFixture.Probe(plan);
        SoakSession session;
        using (var progress = new ProgressLine())
        {
            session = SoakSession.Run(plan, p => new SoakRunner(p, progress.Show, cancellation).Run(), cancellation);
        }

        Console.WriteLine(isJson ? SoakJson.Write(session) : SoakText.Write(session));
        return session.Code;
    }

    private static ExitCode RunOnRealMemory(SoakPlan plan, bool isJson, CancellationToken cancellation)
    {
        HostLibrary.Load();
        if (plan.FileName is { } path && Path.Exists(path))
        {
            throw new ArgumentException($"'{path}' is there already, and --mmu host makes its device anew. Give a path that does not exist.");
        }

        HostSoakSession session;
        using (var progress = new ProgressLine())
        {
            session = HostSoakSession.Run(plan, (p, fault) => new HostSoakRunner(p, fault, progress.Show, cancellation).Run(), cancellation);
        }

        Console.WriteLine(isJson ? HostSoakJson.Write(session) : HostSoakText.Write(session));
        return session.Code;
    }

    private static SoakPlan PlanOf(ParseResult parsed) => new()
    {
        Duration = parsed.GetValue(Duration),
        JobCount = parsed.GetValue(Jobs),
        SizeBytes = parsed.GetValue(Size),
        Profile = parsed.GetRequiredValue(Profile),
        Seed = parsed.GetValue(Seed),
        Watchdog = parsed.GetValue(Watchdog),
        FileName = parsed.GetValue(FileName),
        IsForced = parsed.GetValue(Force),
        Mmu = parsed.GetValue(Mmu),
        Shard = CommandOptions.PartOf(parsed.GetValue(Part)),
    };

    private static long DeviceSize(string text) => SizeText.Parse(text) is var size && size >= SoakPlan.MinimumSizeBytes && size % DaxConstants.PmdSize == 0
        ? size
        : throw new FormatException($"'{text}' is no size for a soak. Choose a multiple of 2m of at least {SizeText.Format(SoakPlan.MinimumSizeBytes)}.");
}
