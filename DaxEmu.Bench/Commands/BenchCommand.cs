using System.CommandLine;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Benchmark.RealMemory;
using DaxEmu.Bench.Benchmark.Reports;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Files;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu bench</c>: fault throughput of the emulator, of the baseline and of the kernel, side by side.</summary>
internal static class BenchCommand
{
    private const string DefaultSize = "512m";
    private const long MappedBytes = 1L << 30;
    private const long LeastMappedBytes = 32 << 20;
    private static readonly TimeSpan DefaultRuntime = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan DefaultRamp = TimeSpan.FromMilliseconds(40);

    private static readonly Option<string?> FileName = CommandOptions.Of<string?>("--filename", "the device: a file or block device that is OVERWRITTEN (--force if it holds anything), or a new file, whose name is taken away at once (default: a new file on tmpfs)", text => text, null);
    private static readonly Option<long?> Size = CommandOptions.Of<long?>("--size", $"bytes of the device (default {DefaultSize}, or what --filename has)", text => SizeText.Parse(text), null);
    private static readonly Option<IReadOnlyList<long>?> BlockSize = CommandOptions.Of<IReadOnlyList<long>?>("--bs", "4k or 2m, or both: 4k,2m; with --phase pread or pwrite any size", text => CommandOptions.ListOf(text, SizeText.Parse), null);
    private static readonly Option<IReadOnlyList<string>?> Pattern = CommandOptions.Of<IReadOnlyList<string>?>("--rw", "read, write, randread or randwrite; a list is allowed", text => CommandOptions.ListOf(text, t => CommandOptions.Choice(t, "read", "write", "randread", "randwrite")), null);
    private static readonly Option<IReadOnlyList<int>> Jobs = CommandOptions.Jobs([1, 2]);
    private static readonly Option<TimeSpan> Runtime = CommandOptions.Of("--runtime", "timed time for each engine and case", DurationText.Parse, DefaultRuntime);
    private static readonly Option<TimeSpan> Ramp = CommandOptions.Of("--ramp-time", "untimed time before it", DurationText.Parse, DefaultRamp);
    private static readonly Option<int> Seed = CommandOptions.Of("--randseed", "seed of the random orders", text => CommandOptions.Count(text, 0), 1);
    private static readonly Option<IReadOnlyList<string>?> Engines = CommandOptions.Of<IReadOnlyList<string>?>("--engine", string.Join(", ", EngineCatalog.Names) + "; a list is allowed (default: of the first five those with a part in the phases)", text => CommandOptions.ListOf(text, t => CommandOptions.Choice(t, EngineCatalog.Names)), null);
    private static readonly Option<IReadOnlyList<FaultPhase>?> Phase = CommandOptions.Of<IReadOnlyList<FaultPhase>?>("--phase", "refault (entries are there), insert (they are not), or another of " + string.Join(", ", PhaseFacts.Names) + "; a list is allowed", text => CommandOptions.ListOf(text, ParsePhase), null);
    private static readonly Option<bool> Separate = new("--separate") { Description = "each job has a mapping of its own" };
    private static readonly Option<bool> Shared = new("--shared") { Description = "all jobs share one mapping, each with its own slice (the default)" };
    private static readonly Option<WaitProfile> Policy = CommandOptions.Of("--policy", "the policy or profile of the entry locks", WaitProfiles.ByName, WaitProfiles.Fixed);
    private static readonly Option<PageOrder> TablePages = CommandOptions.Of("--table-pages", "2m (the emulator's tables may lie in 2 MiB pages of the host, where they are large enough; the default) or 4k", text => CommandOptions.Choice(text, "4k", "2m") == "2m" ? PageOrder.Pmd : PageOrder.Pte, PageOrder.Pmd);
    private static readonly Option<string?> Csv = CommandOptions.Of<string?>("--csv", "will-it-scale: scaling curves in that tool's CSV, instead of the table", text => CommandOptions.Choice(text, "will-it-scale"), null);
    private static readonly Option<string?> Hgrm = CommandOptions.Of<string?>("--hgrm", "FILE for the latency percentiles, in HdrHistogram's text form", text => text, null);
    private static readonly Option<string?> Plot = CommandOptions.Of<string?>("--plot", "FILE.png or FILE.svg for a plot", ParsePlot, null);
    private static readonly Option<MmuKind> Mmu = CommandOptions.Mmu();
    private static readonly Option<bool> Conflicts = new("--conflicts") { Description = "instead of times: the cache lines that operations share which could run at once, for emu and locked-radix; the same on every run" };
    private static readonly Option<MediaProfile?> Media = CommandOptions.Media();
    private static readonly Option<bool> Force = CommandOptions.Force();
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "bench",
            "Measures fault throughput, ranges, accesses and files: the emulator (emu), the kernel's own design in user space (locked-radix), the host (kernel), "
            + "the least that any design must do (floor), a plain copy (copy), fio's mmap engine (fio), other designs of the table (flat, flat-refcount, file-tables), "
            + "and what .NET has without it, by the host's faults: MemoryMappedViewAccessor (mmf) and spans over its pointer (mmf-span).\n"
            + "With --mmu host: plain stores to mapped files, and the calls of unmodified programs, beside what the same costs without the emulator.\n\n"
            + "Examples:\n  daxemu bench\n  daxemu bench --engine emu,locked-radix --size 64g --rw randwrite --bs 4k --numjobs 1 --runtime 2s\n"
            + "  daxemu bench --phase populate,zap,truncate,writeback --numjobs 1\n  daxemu bench --phase pread,pwrite --bs 4k,64k,2m --engine emu,kernel,copy,fio\n"
            + "  daxemu bench --engine emu,mmf,mmf-span --bs 4k --rw write,randwrite\n  daxemu bench --filename /mnt/pmem/device --size 1g --output-format=json\n"
            + "  daxemu bench --phase pread,pwrite,writeback --engine emu --media optane\n  daxemu bench --mmu host")
        {
            FileName, Force, Size, BlockSize, Pattern, Jobs, Runtime, Ramp, Seed, Engines, Phase, Shared, Separate, Policy, TablePages, Csv, Hgrm, Plot, Mmu, Media, Conflicts, Format,
        };
        CommandFrame.SetAction(command, Run);
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(Mmu) == MmuKind.Host)
        {
            return RunOnHost(parsed, cancellation);
        }

        if (parsed.GetValue(Conflicts))
        {
            return RunConflicts(parsed, cancellation);
        }

        BenchPlan plan = PlanOf(parsed);
        EngineSetup setup;
        try
        {
            setup = new EngineSetup(plan, cancellation);
        }
        catch (OperationCanceledException) when (parsed.GetValue(Format) == OutputFormat.Json)
        {
            Console.WriteLine(JsonText.Of(new JsonObject { ["jobs"] = new JsonArray() })); // while its device was made
            throw;
        }

        using (setup)
        {
            return Run(parsed, plan, setup, cancellation);
        }
    }

    private static ExitCode RunConflicts(ParseResult parsed, CancellationToken cancellation)
    {
        RefuseOthers(parsed, Conflicts, Engines, Media);
        IReadOnlyList<string> engines = parsed.GetValue(Engines) ?? ConflictsRun.EngineNames;
        return ConflictsRun.Run(engines, parsed.GetValue(Media), parsed.GetValue(Format) == OutputFormat.Json, cancellation);
    }

    // Some work takes one option and the format alone.
    private static void RefuseOthers(ParseResult parsed, Option chosen, params Option[] taken)
    {
        Option? other = parsed.CommandResult.Command.Options.FirstOrDefault(
            option => option != chosen && !taken.Contains(option) && option != Format && parsed.GetResult(option) is { Implicit: false });
        if (other is not null)
        {
            string name = chosen == Mmu ? $"{Mmu.Name} host" : chosen.Name;
            throw new ArgumentException($"{other.Name} has no meaning with {name}, which takes {string.Join(", ", taken.Select(option => option.Name))} and {Format.Name} alone.");
        }
    }

    private static ExitCode RunOnHost(ParseResult parsed, CancellationToken cancellation)
    {
        RefuseOthers(parsed, Mmu, Size);
        long size = parsed.GetValue(Size) ?? MappedBytes;
        if (size < LeastMappedBytes || size % DaxConstants.PmdSize != 0)
        {
            throw new ArgumentException($"--size {size} is not what --mmu host takes. Give a multiple of 2m, at least {SizeText.Format(LeastMappedBytes)}.");
        }

        IReadOnlyList<RealMemoryCase> cases;
        using (var progress = new ProgressLine())
        {
            cases = new RealMemoryBench(new RealMemoryPlan { MappedBytes = size }, progress.Show, cancellation).Run();
        }

        Console.Write(parsed.GetValue(Format) == OutputFormat.Json ? RealMemoryTable.Json(cases) + "\n" : RealMemoryTable.Text(cases));
        return ExitCode.Success;
    }

    private static ExitCode Run(ParseResult parsed, BenchPlan plan, EngineSetup setup, CancellationToken cancellation)
    {
        BenchReport report;
        using (var progress = new ProgressLine())
        {
            IReadOnlyList<CaseResult> results = new BenchRunner(plan, setup, progress.Show, cancellation).Run();
            report = new BenchReport(plan, results, setup.Notes)
            {
                Device = setup.Device.Capabilities,
                DeviceName = setup.Device.Name,
                Media = setup.Media,
                TimerCostNs = MachineControl.TimerCostNs(),
            };
        }

        Show(report, parsed);
        return cancellation.IsCancellationRequested ? ExitCode.TimeLimit
            : report.Results.All(r => r.Refusal is not null) ? ExitCode.Inconclusive
            : ExitCode.Success;
    }

    private static void Show(BenchReport report, ParseResult parsed)
    {
        if (parsed.GetValue(Format) == OutputFormat.Json)
        {
            Console.WriteLine(FioJson.Write(report));
        }
        else if (parsed.GetValue(Csv) is not null)
        {
            Console.Write(ScalingCsv.Write(report));
        }
        else
        {
            BenchTable.Write(report, ConsoleWidth.Terminal());
        }

        if (parsed.GetValue(Hgrm) is { } histogram)
        {
            foreach (string file in HistogramFile.Write(report, histogram))
            {
                Console.Error.WriteLine($"wrote {file}");
            }
        }

        if (parsed.GetValue(Plot) is { } plot)
        {
            string? note = BenchPlot.Write(report, plot);
            Console.Error.WriteLine(note ?? $"wrote {plot}");
        }
    }

    /// <summary>What the command line asks for.</summary>
    internal static BenchPlan PlanOf(ParseResult parsed)
    {
        string? fileName = parsed.GetValue(FileName);
        long size = SizeOf(fileName, parsed.GetValue(Size));
        if (parsed.GetValue(Shared) && parsed.GetValue(Separate))
        {
            throw new ArgumentException("--shared and --separate exclude each other. Give one of them.");
        }

        OutputFile.Check(parsed.GetValue(Hgrm), fileName);
        OutputFile.Check(parsed.GetValue(Plot), fileName);
        IReadOnlyList<FaultCase> cases = BenchCases.Of(new CaseRequest
        {
            BlockSizes = parsed.GetValue(BlockSize),
            Patterns = parsed.GetValue(Pattern),
            Phases = parsed.GetValue(Phase),
            JobCounts = parsed.GetRequiredValue(Jobs),
            IsSeparate = parsed.GetValue(Separate),
            SizeBytes = size,
            HasOwnDevice = fileName is not null || parsed.GetValue(Size) is not null,
        });
        FaultPhase[] phases = [.. cases.Select(c => c.Phase).Distinct()];
        IReadOnlyList<string> engines = parsed.GetValue(Engines) ?? EngineCatalog.DefaultsOf(phases);
        EngineCatalog.Check(engines, phases);
        return new BenchPlan
        {
            Engines = engines,
            Cases = cases,
            SizeBytes = size,
            Runtime = parsed.GetValue(Runtime),
            RampTime = parsed.GetValue(Ramp),
            Seed = parsed.GetValue(Seed),
            Policy = parsed.GetRequiredValue(Policy),
            HasHugeTables = parsed.GetValue(TablePages) == PageOrder.Pmd,
            FileName = fileName,
            IsForced = parsed.GetValue(Force),
            Media = parsed.GetValue(Media),
        };
    }

    // What is there has its size; what is made gets the one asked for.
    private static long SizeOf(string? fileName, long? wanted)
    {
        if (fileName is null || !Path.Exists(fileName))
        {
            return wanted ?? SizeText.Parse(DefaultSize);
        }

        using DeviceFile file = DeviceFile.OpenForProbe(Path.GetFullPath(fileName));
        return file.IsBlockDevice || file.SizeBytes == 0 || wanted is null || wanted == file.SizeBytes
            ? DeviceSize.Usable(file.SizeBytes, file.IsBlockDevice)
            : throw new DaxEnvironmentException(
                $"'{fileName}' has {file.SizeBytes} bytes, not {wanted}", "Leave --size away, or name a file that is not there yet.", path: fileName);
    }

    private static FaultPhase ParsePhase(string text) => PhaseFacts.ByName(CommandOptions.Choice(text, PhaseFacts.Names));

    private static string ParsePlot(string text) =>
        text.EndsWith(".png", StringComparison.OrdinalIgnoreCase) || text.EndsWith(".svg", StringComparison.OrdinalIgnoreCase)
            ? text
            : throw new FormatException($"'{text}' is neither a .png nor a .svg file.");
}
