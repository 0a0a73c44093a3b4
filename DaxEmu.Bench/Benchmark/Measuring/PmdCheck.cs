using System.Globalization;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Core;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>Whether the mappings of a case were of 2 MiB, and what stands against it (<c>--assert-pmd</c>).</summary>
internal static class PmdCheck
{
    /// <summary>The engines of which it can be said: the emulator by the reasons of its fallbacks, the kernel by <c>/proc/self/smaps</c>.</summary>
    public static IReadOnlyList<string> Engines { get; } = ["emu", "kernel"];

    /// <summary>Refuses a run that has nothing to check.</summary>
    /// <exception cref="ArgumentException">No engine or no phase of it maps memory.</exception>
    public static void Require(BenchPlan plan)
    {
        if (!plan.Engines.Any(Engines.Contains) || !plan.Cases.Any(load => PhaseFacts.IsFault(load.Phase)))
        {
            throw new ArgumentException("--assert-pmd has nothing to check. Add one of the engines emu and kernel, and one of the phases refault and insert.");
        }
    }

    /// <summary>What stands against 2 MiB in a case that was run, in a clause; null if nothing does, or the case says nothing of it.</summary>
    /// <param name="result">The case.</param>
    /// <param name="device">The device that was mapped.</param>
    public static string? ProblemOf(CaseResult result, PmemDevice device)
    {
        if (!Engines.Contains(result.Engine) || !PhaseFacts.IsFault(result.Load.Phase))
        {
            return null;
        }

        if (result.Load.Order == PageOrder.Pte)
        {
            return "the case asks for 4 KiB (--bs 4k)";
        }

        if (result.Refusal is { } refusal)
        {
            return result.Engine == "kernel" ? $"{refusal}; {device.Capabilities.HugePages.Reason}" : refusal;
        }

        return result.Engine == "emu" ? ProblemOf(result.Counts) : ProblemOf(device, result.Load.IsSeparate ? result.Load.MappingBytes : result.MeasuredBytes);
    }

    /// <summary>The reasons of the emulator's fallbacks, the most frequent first; null if there was none.</summary>
    internal static string? ProblemOf(FaultCounts counts) => counts.Fallbacks.Count == 0
        ? null
        : "faults fell back to 4 KiB: " + string.Join("; ", counts.Fallbacks.OrderByDescending(f => f.Value)
            .Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Value} {f.Key} ({Explain(f.Key)})")));

    /// <summary>What a reason means to a user.</summary>
    internal static string Explain(FallbackReason reason) => reason switch
    {
        FallbackReason.ColourMismatch => "alignment: address and file offset have different places in their 2 MiB",
        FallbackReason.PrivateWrite => "private mapping: copies are made a page at a time",
        FallbackReason.BeforeVma or FallbackReason.BehindVma => "size: the mapping does not have all of the 2 MiB",
        FallbackReason.BeyondEof => "size: the file ends inside of the 2 MiB",
        FallbackReason.EntryConflict => "a 4 KiB entry lies in the 2 MiB",
        FallbackReason.ShortExtent => "the blocks are not contiguous for 2 MiB",
        FallbackReason.MisalignedPfn => "alignment: the blocks do not begin at 2 MiB of the device",
        FallbackReason.NotAllocated => "no block of 2 MiB is free",
        FallbackReason.NoHugePage => "policy: the mapping refuses 2 MiB (MADV_NOHUGEPAGE)",
        FallbackReason.PageTableInTheWay => "4 KiB translations stand in the place of the 2 MiB one",
        FallbackReason.Poison => "a page of the 2 MiB is poisoned",
        _ => "no reason is known",
    };

    // The last pass leaves its translations behind. smaps does not count those of DAX, which the engine has shown by the number of its faults.
    private static string? ProblemOf(PmemDevice device, long bytes)
    {
        if (device.Capabilities.MapSync.IsSupported)
        {
            return null;
        }

        var got = MappedPages.Of(File.ReadLines("/proc/self/smaps"), device.Base, device.Base + (nint)device.SizeBytes);
        return got.HugeBytes >= bytes
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"smaps shows 2 MiB translations for {got.HugeBytes} of {bytes} bytes: {device.Capabilities.HugePages.Reason}");
    }
}
