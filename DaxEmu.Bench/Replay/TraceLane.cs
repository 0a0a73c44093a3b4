using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Replay;

/// <summary>The faults that one thread replays, and what they came to.</summary>
internal sealed class TraceLane
{
    private readonly List<(PlannedFault Fault, ReplayedFile File, VmArea Area)> faults = [];

    /// <summary>What the kernel's faults came to.</summary>
    public TraceCounts Kernel { get; private set; }

    /// <summary>What the emulator's faults came to.</summary>
    public TraceCounts Emulator { get; private set; }

    /// <summary>Why 2 MiB faults fell back.</summary>
    public Dictionary<FallbackReason, long> Reasons { get; } = [];

    /// <summary>Faults that came out otherwise than the kernel's, by reason.</summary>
    public Dictionary<string, long> Differences { get; } = [];

    /// <summary>Why the lane ended early; null if it did not.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>One more fault, behind the others.</summary>
    public void Add(in PlannedFault fault, ReplayedFile file, VmArea area) => faults.Add((fault, file, area));

    /// <summary>Replays all faults.</summary>
    public void Run()
    {
        try
        {
            foreach ((PlannedFault fault, ReplayedFile file, VmArea area) in faults)
            {
                Replay(fault, file, area);
            }
        }
        catch (Exception e)
        {
            // Told by the thread that waits for the lane.
            Failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private static string Explain(bool isPmd, FaultResult kernel, FaultOutcome ours) => (isPmd, Fell(kernel), Fell(ours.Result)) switch
    {
        (true, true, false) => "the kernel fell back where the emulator's aligned blocks serve 2 MiB: its blocks were not 2 MiB-aligned, "
            + "its extent was short, or an entry was there that the trace does not tell",
        (true, false, true) when ours.Reason == FallbackReason.EntryConflict =>
            "a 4 KiB entry is left in the range that the kernel had dropped (the trace tells neither truncate nor unlink), or another thread was earlier",
        (true, false, true) => $"the emulator fell back ({ours.Reason}) where the kernel served",
        _ => $"the kernel's fault gave {TraceNames.Of(kernel)}, the emulator's {TraceNames.Of(ours.Result)}",
    };

    private static bool Fell(FaultResult result) => (result & FaultResult.Fallback) != 0;

    private void Replay(in PlannedFault planned, ReplayedFile file, VmArea area)
    {
        if (planned.EndPage > file.Mapping.EndIndex.Value)
        {
            file.Mapping.GrowSize(planned.EndPage << DaxConstants.PageShift);
        }

        bool isPmd = planned.Fault.Order == PageOrder.Pmd;
        FaultOutcome ours = file.Handler.Fault(area, planned.Page, planned.Fault.Fault.Flags, isPmd ? PageOrder.Pmd : PageOrder.Pte);
        var kernelCounts = TraceCounts.Of(isPmd, planned.Fault.Result);
        var ourCounts = TraceCounts.Of(isPmd, ours.Result);
        Kernel += kernelCounts;
        Emulator += ourCounts;
        if (Fell(ours.Result))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(Reasons, ours.Reason, out _)++;
        }

        if (kernelCounts != ourCounts)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(Differences, Explain(isPmd, planned.Fault.Result, ours), out _)++;
        }
    }
}
