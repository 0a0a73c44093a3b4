using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>Makes the cases of a run out of what the user asks for.</summary>
internal static class BenchCases
{
    private const long WideBytes = 64L << 30;
    private const string DefaultPattern = "write";
    private const int DefaultReadPercent = 50;

    /// <summary>The cases, in the order in which they run.</summary>
    /// <exception cref="ArgumentException">A size or a pattern has no meaning in any of the phases, or a phase has none; the message names it.</exception>
    public static IReadOnlyList<FaultCase> Of(CaseRequest request)
    {
        CheckOptions(request);
        if (request is { BlockSizes: null, Patterns: null, Phases: null, SyncInterval: 0 })
        {
            return Plain(request);
        }

        IReadOnlyList<FaultPhase> phases = request.Phases ?? [FaultPhase.Refault];
        IReadOnlyList<long> sizes = request.BlockSizes ?? [DaxConstants.PageSize];
        CheckSizes(request, phases, sizes);
        var cases = new List<FaultCase>();
        foreach (FaultPhase phase in phases)
        {
            string[] patterns = PatternsOf(request, phases, phase);
            cases.AddRange(
                from size in sizes
                where PhaseFacts.IsData(phase) || OrderOf(size) is not null
                from pattern in patterns
                from jobs in request.JobCounts
                select Case(request, phase, size, pattern, jobs, request.SizeBytes));
        }

        return [.. cases.OrderBy(c => c.Order)]; // once its memory is in 2 MiB pieces, a device has no 4 KiB faults any more
    }

    // Without a size of the user's own, 2 MiB and random faults are shown on a mapping that no cache holds, too.
    private static List<FaultCase> Plain(CaseRequest request)
    {
        long size = request.SizeBytes;
        long wide = request.HasOwnDevice ? size : WideBytes;
        List<(FaultPhase Phase, long Block, string Pattern, long Size)> kinds =
        [
            (FaultPhase.Refault, DaxConstants.PageSize, "write", size),
            (FaultPhase.Refault, DaxConstants.PageSize, "randwrite", size),
            (FaultPhase.Insert, DaxConstants.PageSize, "write", size),
            (FaultPhase.Refault, DaxConstants.PmdSize, "randwrite", wide),
        ];
        if (wide != size)
        {
            kinds.Add((FaultPhase.Refault, DaxConstants.PageSize, "randwrite", wide));
        }

        return
        [
            .. from kind in kinds
               from jobs in kind.Size > size && kind.Block == DaxConstants.PageSize ? request.JobCounts.Take(1) : request.JobCounts
               select Case(request, kind.Phase, kind.Block, kind.Pattern, jobs, kind.Size),
        ];
    }

    private static FaultCase Case(CaseRequest request, FaultPhase phase, long blockBytes, string pattern, int jobs, long sizeBytes) => new(
        PhaseFacts.IsData(phase) ? PageOrder.Pte : OrderOf(blockBytes)!.Value,
        IsWrite(pattern),
        IsRandom(pattern),
        jobs,
        phase,
        request.IsSeparate || phase == FaultPhase.Append,
        phase == FaultPhase.Append ? sizeBytes / 2 : sizeBytes) // appends fill half of the device: a full one is another matter
    {
        DataBytes = PhaseFacts.IsData(phase) ? blockBytes : null,
        JobName = request.JobName,
        JobOptions = request.JobOptions,
        ReadPercent = IsMix(pattern) ? request.ReadPercent ?? DefaultReadPercent : null,
        Distribution = IsRandom(pattern) ? request.Distribution : null,
        SyncInterval = request.SyncInterval,
    };

    // What would change nothing is refused: it was given for a reason.
    private static void CheckOptions(CaseRequest request)
    {
        IReadOnlyList<FaultPhase> phases = request.Phases ?? [FaultPhase.Refault];
        if (request.ReadPercent is not null && request.Patterns?.Any(IsMix) != true)
        {
            throw new ArgumentException("--rwmixread has no meaning without a mix. Give --rw randrw or --rw rw.");
        }

        if (request.Distribution is not null && request.Patterns is not null && !request.Patterns.Any(IsRandom))
        {
            throw new ArgumentException($"--random-distribution has no meaning with --rw {string.Join(',', request.Patterns)}. Give --rw randwrite, randread or randrw.");
        }

        if (request.Distribution is not null && (request.Patterns is null || phases.Any(PhaseFacts.IsRange)))
        {
            FaultPhase phase = phases.FirstOrDefault(PhaseFacts.IsRange, FaultPhase.Refault);
            throw new ArgumentException(PhaseFacts.IsRange(phase)
                ? $"--random-distribution has no meaning with --phase {PhaseFacts.NameOf(phase)}: a range is taken as a whole. Give --phase refault, insert, access, pread or pwrite."
                : "--random-distribution needs places at random. Give --rw randwrite, randread or randrw.");
        }

        if (request.SyncInterval > 0 && (request.Phases is null || phases.Any(p => p is not (FaultPhase.Pwrite or FaultPhase.Append))))
        {
            FaultPhase phase = phases.First(p => p is not (FaultPhase.Pwrite or FaultPhase.Append));
            throw new ArgumentException($"--fsync has no meaning with --phase {PhaseFacts.NameOf(phase)}: no block is written there. Give --phase pwrite or append, or measure the writeback of pages: --phase writeback.");
        }
    }

    private static void CheckSizes(CaseRequest request, IReadOnlyList<FaultPhase> phases, IReadOnlyList<long> sizes)
    {
        if (!phases.Any(PhaseFacts.IsData) && sizes.Any(size => OrderOf(size) is null))
        {
            string size = SizeText.Format(sizes.First(s => OrderOf(s) is null));
            throw new ArgumentException($"--bs {size} is not a size of a fault. Choose 4k or 2m, or measure blocks of a file: --phase pread,pwrite.");
        }

        if (!sizes.Any(size => OrderOf(size) is not null) && phases.FirstOrDefault(p => !PhaseFacts.IsData(p), FaultPhase.Pread) is var paged && !PhaseFacts.IsData(paged))
        {
            throw new ArgumentException($"--phase {PhaseFacts.NameOf(paged)} has no faults of --bs {SizeText.Format(sizes[0])}. Add 4k or 2m to --bs.");
        }

        if (sizes.Max() is var largest && largest > Math.Min(request.SizeBytes, int.MaxValue))
        {
            throw new ArgumentException($"--bs {SizeText.Format(largest)} does not fit into --size {SizeText.Format(request.SizeBytes)}, or is 2g or more. Use a smaller --bs.");
        }
    }

    // Of the patterns asked for, those that mean something in the phase. Each must mean something somewhere.
    private static string[] PatternsOf(CaseRequest request, IReadOnlyList<FaultPhase> phases, FaultPhase phase)
    {
        if (request.Patterns is null)
        {
            return [phase == FaultPhase.Pread ? "read" : DefaultPattern];
        }

        foreach (string pattern in request.Patterns)
        {
            if (phases.All(p => Refusal(p, pattern) is not null))
            {
                throw new ArgumentException($"--rw {pattern} has no meaning with --phase {PhaseFacts.NameOf(phases[0])}: {Refusal(phases[0], pattern)}.");
            }
        }

        string[] fitting = [.. request.Patterns.Where(pattern => Refusal(phase, pattern) is null)];
        return fitting.Length > 0
            ? fitting
            : throw new ArgumentException($"--phase {PhaseFacts.NameOf(phase)} has no part for --rw {string.Join(",", request.Patterns)}: {Refusal(phase, request.Patterns[0])}.");
    }

    private static string? Refusal(FaultPhase phase, string pattern) => IsMix(pattern) && !(PhaseFacts.IsFault(phase) || phase == FaultPhase.Access)
        ? "a mix is one of faults or accesses: give --phase refault, insert or access, or --rw read,write for a case each"
        : PhaseFacts.RefusalOf(phase, IsWrite(pattern), IsRandom(pattern));

    private static bool IsWrite(string pattern) => pattern.EndsWith("write", StringComparison.Ordinal) || IsMix(pattern);

    private static bool IsMix(string pattern) => pattern is "rw" or "randrw";

    private static bool IsRandom(string pattern) => pattern.StartsWith("rand", StringComparison.Ordinal);

    private static PageOrder? OrderOf(long bytes) => bytes switch
    {
        DaxConstants.PageSize => PageOrder.Pte,
        DaxConstants.PmdSize => PageOrder.Pmd,
        _ => null,
    };
}
