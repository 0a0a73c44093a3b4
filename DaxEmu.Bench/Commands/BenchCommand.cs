using System.CommandLine;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Benchmark.RealMemory;
using DaxEmu.Bench.Benchmark.Reports;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Cli.Fio;
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
    private static readonly string[] PatternNames = ["read", "write", "randread", "randwrite", "rw", "randrw"];
    private static readonly TimeSpan NoLimit = TimeSpan.FromDays(365);
    private static readonly TimeSpan DefaultRuntime = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan DefaultRamp = TimeSpan.FromMilliseconds(40);

    private static readonly Option<string?> FileName = CommandOptions.File("--filename", "the device: a file or block device that is OVERWRITTEN (--force if it holds anything), or a new file, whose name is taken away at once (not given: a new file on tmpfs)");
    private static readonly Option<SizeOrShare?> Size = CommandOptions.Of<SizeOrShare?>("--size", $"bytes of the device, or a share, as in 50% (not given: {DefaultSize}, or what --filename has)", SizeText.ParseShare, null);
    private static readonly Option<IReadOnlyList<long>?> BlockSize = CommandOptions.Of<IReadOnlyList<long>?>("--bs", "4k or 2m, or both: 4k,2m; with --phase pread or pwrite any size", text => CommandOptions.ListOf(text, SizeText.Parse), null).Offering("4k", "2m");
    private static readonly Option<IReadOnlyList<string>?> Pattern = CommandOptions.Of<IReadOnlyList<string>?>("--rw", "read, write, randread, randwrite, rw or randrw (a mix); a list is allowed", text => CommandOptions.ListOf(text, ParsePattern), null).Offering(PatternNames);
    private static readonly Option<IReadOnlyList<int>> Jobs = CommandOptions.Jobs([1, 2]);
    private static readonly Option<TimeSpan> Runtime = CommandOptions.Runtime("timed time for each engine and case", DefaultRuntime);
    private static readonly Option<TimeSpan> Ramp = CommandOptions.Of("--ramp-time", "untimed time before it", DurationText.Parse, DefaultRamp);
    private static readonly Option<int> Seed = CommandOptions.Seed("the random orders");
    private static readonly Option<IReadOnlyList<string>?> Engines = CommandOptions.Of<IReadOnlyList<string>?>("--engine", string.Join(", ", EngineCatalog.Names) + "; a list is allowed (not given: of the first five those with a part in the phases)", text => CommandOptions.ListOf(text, t => CommandOptions.Choice(t, EngineCatalog.Names)), null).Offering(EngineCatalog.Names);
    private static readonly Option<IReadOnlyList<FaultPhase>?> Phase = CommandOptions.Of<IReadOnlyList<FaultPhase>?>("--phase", "refault (entries are there), insert (they are not), or another of " + string.Join(", ", PhaseFacts.Names.Skip(2)) + "; a list is allowed", text => CommandOptions.ListOf(text, ParsePhase), null).Offering(PhaseFacts.Names);
    private static readonly Option<bool> Separate = CommandOptions.Flag("--separate", "each job has a mapping of its own");
    private static readonly Option<bool> Shared = CommandOptions.Flag("--shared", "all jobs share one mapping, each with its own slice; holds if neither is given");
    private static readonly Option<WaitProfile> Policy = CommandOptions.Profile();
    private static readonly Option<PageOrder> TablePages = CommandOptions.Words("--table-pages", "2m (the emulator's tables may lie in 2 MiB pages of the host, where they are large enough) or 4k", PageOrder.Pmd, ("2m", PageOrder.Pmd), ("4k", PageOrder.Pte));
    private static readonly Option<string?> Csv = CommandOptions.Of<string?>("--csv", "will-it-scale: scaling curves in that tool's CSV, instead of the table", text => CommandOptions.Choice(text, "will-it-scale"), null).Offering("will-it-scale");
    private static readonly Option<string?> Hgrm = CommandOptions.File("--hgrm", "a file for the latency percentiles, in HdrHistogram's text form");
    private static readonly Option<string?> Plot = CommandOptions.Of<string?>("--plot", "a file for a plot: .png or .svg", ParsePlot, null).Called("FILE");
    private static readonly Option<MmuKind> Mmu = CommandOptions.Mmu();
    private static readonly Option<bool> Conflicts = CommandOptions.Flag("--conflicts", "instead of times: the cache lines that operations share which could run at once, for emu and locked-radix; the same on every run");
    private static readonly Option<MediaProfile?> Media = CommandOptions.Media();
    private static readonly Option<bool> AssertPmd = CommandOptions.Flag("--assert-pmd", "ends with 1 unless the mappings of emu and kernel are of 2 MiB, and says what stands against it; --bs is 2m if it is not given");
    private static readonly Option<bool> List = CommandOptions.List("the engines and phases");
    private static readonly Option<bool> Force = CommandOptions.Force();
    private static readonly Option<OutputFormat> Format = CommandOptions.Format(hasBins: true);

    public static Command Create()
    {
        var command = new Command(
            "bench",
            "Measures faults, ranges, accesses and files, in fio's words.\n"
            + "Engines: the emulator (emu), the kernel's own design in user space (locked-radix), the host (kernel), "
            + "the least that any design must do (floor), a plain copy (copy), fio's mmap engine (fio), other designs of the table (flat, flat-refcount, file-tables), "
            + "and what .NET has without it, by the host's faults: MemoryMappedViewAccessor (mmf) and spans over its pointer (mmf-span).\n"
            + "With --mmu host: plain stores to mapped files, and the calls of unmodified programs, beside what the same costs without the emulator.\n\n"
            + "Examples:\n  daxemu bench\n  daxemu bench --engine emu,locked-radix --size 64g --rw randwrite --numjobs 1\n"
            + "  daxemu bench --phase populate,zap,truncate,writeback --numjobs 1\n  daxemu bench --phase pread,pwrite --bs 4k,64k,2m --engine emu,kernel,copy,fio\n"
            + "  daxemu bench --engine emu,mmf,mmf-span --bs 4k --rw write,randwrite\n  daxemu bench --filename /mnt/pmem/device --size 1g --output-format=json\n"
            + "  daxemu bench --phase pread,pwrite,writeback --engine emu --media optane\n  daxemu bench --mmu host\n  daxemu bench --name=job --rw=randrw --rwmixread=70 --time_based --runtime=2s\n  daxemu bench job.fio")
        {
            BenchJobs.Files,
            FileName, Force, Size, BlockSize, Pattern, Jobs, Runtime, Ramp, Seed, Engines, Phase, Shared, Separate, Policy, TablePages, Csv, Hgrm, Plot, Mmu, Media, AssertPmd, Conflicts, List, Format, OutputOption.Option,
        };
        JobOptions.AddTo(command);
        ProgressOptions.AddTo(command);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, OutputOption.Around(Run));
        return command;
    }

    /// <summary>Runs a command line with several jobs.</summary>
    public static ExitCode RunJobs(IReadOnlyList<ParseResult> jobs, CancellationToken cancellation) =>
        OutputOption.Around((_, stop) => RunPlans(jobs, stop))(jobs[0], cancellation);

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(List))
        {
            return NameList.Print(
                IsJson(parsed),
                ("engines", EngineCatalog.Names.Select(e => (e, string.Join(", ", PhaseFacts.Names.Where(p => EngineCatalog.Serves(e, PhaseFacts.ByName(p))))))),
                ("phases", PhaseFacts.Names.Select(p => (p, string.Join(", ", EngineCatalog.Names.Where(e => EngineCatalog.Serves(e, PhaseFacts.ByName(p))))))));
        }

        if (parsed.GetValue(BenchJobs.Files) is { Length: > 0 })
        {
            return RunPlans(BenchJobs.Read(parsed, cancellation), cancellation);
        }

        if (parsed.GetValue(Mmu) == MmuKind.Host)
        {
            return RunOnHost(parsed, cancellation);
        }

        if (parsed.GetValue(Conflicts))
        {
            return RunConflicts(parsed, cancellation);
        }

        return RunPlans([parsed], cancellation);
    }

    // One after the other: jobs that fio would run at once are refused.
    private static ExitCode RunPlans(IReadOnlyList<ParseResult> jobs, CancellationToken cancellation)
    {
        ParseResult first = jobs[0];
        BenchJobs.CheckOrder(jobs);
        IReadOnlyList<BenchPlan> plans = [.. jobs.Select(PlanOf)];
        foreach (BenchPlan plan in plans.Where(plan => plan.AssertsPmd))
        {
            PmdCheck.Require(plan);
        }

        if (first.GetValue(JobOptions.ParseOnly))
        {
            string[] names = [.. plans.SelectMany(plan => plan.Cases).Select(load => load.Name)];
            Console.WriteLine(IsJson(first)
                ? JsonText.Of(new JsonObject { ["cases"] = new JsonArray([.. names.Select(name => (JsonNode)name)]) })
                : string.Join('\n', names));
            return ExitCode.Success;
        }

        var reports = new List<BenchReport>();
        try
        {
            foreach (BenchPlan plan in plans)
            {
                cancellation.ThrowIfCancellationRequested();
                using var setup = new EngineSetup(plan, cancellation);
                reports.Add(Run(first, plan, setup, cancellation));
            }
        }
        catch (OperationCanceledException) when (reports.Count > 0 || IsJson(first))
        {
            // Before a job began, or while its device was made.
            if (reports.Count == 0)
            {
                Console.WriteLine(FioJson.WriteNothing());
                throw;
            }
        }

        BenchReport report = BenchJobs.Join(reports);
        Show(report, first);
        CaseResult[] withoutPmd = [.. report.Results.Where(r => r.PmdProblem is not null)];
        foreach (CaseResult result in withoutPmd)
        {
            CommandFrame.Report($"--assert-pmd: {result.Engine}, {result.Load.Name}: {result.PmdProblem}.");
        }

        return cancellation.IsCancellationRequested ? ExitCode.TimeLimit
            : withoutPmd.Length > 0 ? ExitCode.Found
            : report.Results.All(r => r.Refusal is not null) ? ExitCode.Inconclusive
            : ExitCode.Success;
    }

    private static ExitCode RunConflicts(ParseResult parsed, CancellationToken cancellation)
    {
        RefuseOthers(parsed, Conflicts, Engines, Media);
        IReadOnlyList<string> engines = parsed.GetValue(Engines) ?? ConflictsRun.EngineNames;
        return ConflictsRun.Run(engines, parsed.GetValue(Media), parsed, cancellation);
    }

    // Some work takes one option and the format alone.
    private static void RefuseOthers(ParseResult parsed, Option chosen, params Option[] taken)
    {
        Option? other = parsed.CommandResult.Command.Options.FirstOrDefault(
            option => option != chosen && !taken.Contains(option) && !JobLines.OfTheRun.Contains(option.Name) && parsed.GetResult(option) is { Implicit: false });
        if (other is not null)
        {
            string name = chosen == Mmu ? $"{Mmu.Name} host" : chosen.Name;
            throw new ArgumentException($"{other.Name} has no meaning with {name}, which takes {string.Join(", ", taken.Select(option => option.Name))} and {Format.Name} alone.");
        }
    }

    private static ExitCode RunOnHost(ParseResult parsed, CancellationToken cancellation)
    {
        RefuseOthers(parsed, Mmu, Size);
        long size = parsed.GetValue(Size)?.BytesOf(HostMemory.AvailableBytes) ?? MappedBytes;
        if (size < LeastMappedBytes || size % DaxConstants.PmdSize != 0)
        {
            throw new ArgumentException($"--size {size} is not what --mmu host takes. Give a multiple of 2m, at least {SizeText.Format(LeastMappedBytes)}.");
        }

        IReadOnlyList<RealMemoryCase> cases;
        using (var progress = new ProgressLine(parsed))
        {
            cases = new RealMemoryBench(new RealMemoryPlan { MappedBytes = size }, progress.Show, cancellation).Run();
        }

        Console.Write(IsJson(parsed) ? RealMemoryTable.Json(cases) + "\n" : RealMemoryTable.Text(cases));
        return ExitCode.Success;
    }

    private static BenchReport Run(ParseResult parsed, BenchPlan plan, EngineSetup setup, CancellationToken cancellation)
    {
        using var progress = new ProgressLine(parsed);
        IReadOnlyList<CaseResult> results = new BenchRunner(plan, setup, progress.Show, cancellation).Run();
        return new BenchReport(plan, results, setup.Notes)
        {
            Device = setup.Device.Capabilities,
            DeviceName = setup.Device.Name,
            Media = setup.Media,
            TimerCostNs = MachineControl.TimerCostNs(),
        };
    }

    private static bool IsJson(ParseResult parsed) => parsed.GetValue(Format) is OutputFormat.Json or OutputFormat.JsonPlus;

    private static void Show(BenchReport report, ParseResult parsed)
    {
        if (IsJson(parsed))
        {
            Console.WriteLine(FioJson.Write(report, hasBins: parsed.GetValue(Format) == OutputFormat.JsonPlus));
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
        string? fileName = FileNameOf(parsed);
        long size = SizeOf(fileName, parsed.GetValue(Size));
        if (parsed.GetValue(Shared) && parsed.GetValue(Separate))
        {
            throw new ArgumentException("--shared and --separate exclude each other. Give one of them.");
        }

        OutputFile.Check(parsed.GetValue(Hgrm), fileName);
        OutputFile.Check(parsed.GetValue(Plot), fileName);
        IReadOnlyList<string>? patterns = parsed.GetValue(Pattern);
        IReadOnlyList<FaultCase> cases = BenchCases.Of(new CaseRequest
        {
            BlockSizes = parsed.GetValue(BlockSize) ?? (parsed.GetValue(AssertPmd) ? [DaxConstants.PmdSize] : null),
            Patterns = patterns,
            Phases = JobOptions.PhasesOf(parsed, parsed.GetValue(Phase), patterns),
            JobCounts = parsed.GetRequiredValue(Jobs),
            IsSeparate = parsed.GetValue(Separate),
            SizeBytes = size,
            HasOwnDevice = fileName is not null || parsed.GetValue(Size) is not null,
            JobName = parsed.GetValue(JobOptions.Name),
            JobOptions = JobOptions.Given(parsed),
            ReadPercent = parsed.GetValue(JobOptions.ReadMix),
            Distribution = parsed.GetValue(JobOptions.Distribution),
            SyncInterval = parsed.GetValue(JobOptions.Sync) ?? 0,
        });
        FaultPhase[] phases = [.. cases.Select(c => c.Phase).Distinct()];
        IReadOnlyList<string> engines = parsed.GetValue(Engines) ?? EngineCatalog.DefaultsOf(phases);
        EngineCatalog.Check(engines, phases);
        int? loops = LoopsOf(parsed, engines);
        return new BenchPlan
        {
            Engines = engines,
            Cases = cases,
            SizeBytes = size,
            Runtime = loops is null || parsed.GetResult(Runtime) is { Implicit: false } ? parsed.GetValue(Runtime) : NoLimit,
            Loops = loops,
            Cpus = JobOptions.CpusOf(parsed),
            Percentiles = parsed.GetValue(JobOptions.Percentiles),
            RampTime = parsed.GetValue(Ramp),
            Seed = parsed.GetValue(Seed),
            Policy = parsed.GetRequiredValue(Policy),
            HasHugeTables = parsed.GetValue(TablePages) == PageOrder.Pmd,
            FileName = fileName,
            IsForced = parsed.GetValue(Force),
            Media = parsed.GetValue(Media),
            AssertsPmd = parsed.GetValue(AssertPmd),
        };
    }

    private static int? LoopsOf(ParseResult parsed, IReadOnlyList<string> engines) => parsed.GetValue(JobOptions.Loops) is not { } loops ? null
        : parsed.GetValue(JobOptions.TimeBased) ? throw new ArgumentException("--loops and --time-based exclude each other. Give a number of passes, or a time.")
        : engines.Contains(EngineCatalog.Fio) ? throw new ArgumentException("--loops has no meaning with --engine fio, which runs for a time. Give --runtime.")
        : loops;

    // As fio names it: by the job, its number and the file's.
    private static string? FileNameOf(ParseResult parsed) => (parsed.GetValue(FileName), parsed.GetValue(JobOptions.Directory)) switch
    {
        (var name, null) => name,
        (null, var directory) => Path.Combine(directory, $"{parsed.GetValue(JobOptions.Name) ?? "daxemu"}.0.0"),
        (var name, var directory) => Path.Combine(directory, name),
    };

    // What is there has its size, or a part of it is used; what is made gets the one asked for. As with fio a share is one of the file, and
    // here of what could be made where there is none.
    private static long SizeOf(string? fileName, SizeOrShare? wanted)
    {
        if (fileName is null || !Path.Exists(fileName))
        {
            return wanted?.BytesOf(() => FreeBytes(fileName)) ?? SizeText.Parse(DefaultSize);
        }

        using DeviceFile file = DeviceFile.OpenForProbe(Path.GetFullPath(fileName));
        long whole = DeviceSize.Usable(file.SizeBytes, file.IsBlockDevice);
        long size = wanted?.BytesOf(() => whole) ?? whole;
        return size <= whole || whole == 0
            ? (whole == 0 ? whole : size)
            : throw new DaxEnvironmentException(
                $"'{fileName}' has {file.SizeBytes} bytes, not {size}", "Leave --size away, or name a file that is not there yet.", path: fileName);
    }

    private static long FreeBytes(string? fileName)
    {
        string? folder = fileName is null ? null : Path.GetDirectoryName(Path.GetFullPath(fileName));
        long memory = HostMemory.AvailableBytes();
        return folder is not null && Directory.Exists(folder) ? Math.Min(memory, new DriveInfo(folder).AvailableFreeSpace) : memory;
    }

    private static string ParsePattern(string text) => CommandOptions.Choice(
        text.Equals("readwrite", StringComparison.OrdinalIgnoreCase) ? "rw" : text, PatternNames);

    private static FaultPhase ParsePhase(string text) => PhaseFacts.ByName(CommandOptions.Choice(text, PhaseFacts.Names));

    private static string ParsePlot(string text) =>
        text.EndsWith(".png", StringComparison.OrdinalIgnoreCase) || text.EndsWith(".svg", StringComparison.OrdinalIgnoreCase)
            ? text
            : throw new FormatException($"'{text}' is neither a .png nor a .svg file.");
}
