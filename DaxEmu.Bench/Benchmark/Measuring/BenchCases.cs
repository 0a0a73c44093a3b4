using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>Makes the cases of a run out of what the user asks for.</summary>
internal static class BenchCases
{
    private const long WideBytes = 64L << 30;
    private const string DefaultPattern = "write";

    /// <summary>The cases, in the order in which they run.</summary>
    /// <exception cref="ArgumentException">A size or a pattern has no meaning in any of the phases, or a phase has none; the message names it.</exception>
    public static IReadOnlyList<FaultCase> Of(CaseRequest request)
    {
        if (request is { BlockSizes: null, Patterns: null, Phases: null })
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
    };

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

    private static string? Refusal(FaultPhase phase, string pattern) => PhaseFacts.RefusalOf(phase, IsWrite(pattern), IsRandom(pattern));

    private static bool IsWrite(string pattern) => pattern.EndsWith("write", StringComparison.Ordinal);

    private static bool IsRandom(string pattern) => pattern.StartsWith("rand", StringComparison.Ordinal);

    private static PageOrder? OrderOf(long bytes) => bytes switch
    {
        DaxConstants.PageSize => PageOrder.Pte,
        DaxConstants.PmdSize => PageOrder.Pmd,
        _ => null,
    };
}
