using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>The faults that one thread replays, and what they came to.</summary>
/// <param name="plan">All faults.</param>
/// <param name="files">Its files, in its order.</param>
/// <param name="areas">Its VMAs, in its order.</param>
/// <param name="mine">The places in the plan of the faults that this thread replays; null for all.</param>
/// <param name="cancellation">Ends the replay between two faults.</param>
internal sealed class TraceThread(TracePlan plan, ReplayedFile[] files, VmArea[] areas, int[]? mine, CancellationToken cancellation)
{
    private const int MostReasons = 64;
    private const string FurtherReasons = "further results of the kernel's that the emulator's differ from";

    /// <summary>What the kernel's faults came to.</summary>
    public TraceCounts Kernel { get; private set; }

    /// <summary>What the emulator's faults came to.</summary>
    public TraceCounts Emulator { get; private set; }

    /// <summary>Why 2 MiB faults fell back.</summary>
    public Dictionary<FallbackReason, long> Reasons { get; } = [];

    /// <summary>Faults that came out otherwise than the kernel's, by reason.</summary>
    public Dictionary<string, long> Differences { get; } = [];

    /// <summary>Why it ended early; null if it did not.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>Faults that were replayed.</summary>
    public int Count { get; private set; }

    /// <summary>Replays all faults.</summary>
    public void Run()
    {
        try
        {
            int count = mine?.Length ?? plan.Faults.Count;
            for (int i = 0; i < count && !cancellation.IsCancellationRequested; i++)
            {
                Replay(plan.Faults[mine is null ? i : mine[i]]);
                Count = i + 1;
            }
        }
        catch (Exception e)
        {
            // Thrown by the thread that waits for this one.
            Failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private static string Explain(bool isPmd, FaultResult kernel, FaultOutcome ours) => (isPmd, Fell(kernel), Fell(ours.Result)) switch
    {
        (true, true, false) => "the kernel fell back where the emulator's aligned blocks serve 2 MiB: its blocks were not 2 MiB-aligned, "
            + "its extent was short, or an entry was there that the trace does not show",
        (true, false, true) when ours.Reason == FallbackReason.EntryConflict =>
            "a 4 KiB entry is left in the range that the kernel had dropped (the trace has neither truncate nor unlink), or another thread was earlier",
        (true, false, true) => $"the emulator fell back ({ours.Reason}) where the kernel served",
        _ => $"the kernel's fault gave {TraceNames.Of(kernel)}, the emulator's {TraceNames.Of(ours.Result)}",
    };

    private static bool Fell(FaultResult result) => (result & FaultResult.Fallback) != 0;

    private void Replay(in PlannedFault planned)
    {
        VmArea area = areas[planned.Area];
        ReplayedFile file = files[plan.Areas[planned.Area].File.Number - 1];
        if (planned.EndPage > file.Mapping.EndIndex.Value)
        {
            file.Mapping.GrowSize((long)planned.EndPage << DaxConstants.PageShift);
        }

        FaultOutcome ours = file.Handler.Fault(area, planned.Page, planned.Flags, planned.IsPmd ? PageOrder.Pmd : PageOrder.Pte);
        var kernelCounts = TraceCounts.Of(planned.IsPmd, planned.Result);
        var ourCounts = TraceCounts.Of(planned.IsPmd, ours.Result);
        Kernel += kernelCounts;
        Emulator += ourCounts;
        if (Fell(ours.Result))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(Reasons, ours.Reason, out _)++;
        }

        if (kernelCounts != ourCounts)
        {
            string reason = Differences.Count < MostReasons ? Explain(planned.IsPmd, planned.Result, ours) : FurtherReasons;
            CollectionsMarshal.GetValueRefOrAddDefault(Differences, reason, out _)++;
        }
    }
}
