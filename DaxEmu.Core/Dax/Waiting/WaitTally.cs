using System.Diagnostics;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>One thread's part of <see cref="WaitCounts"/>: a line that only its thread writes, with plain stores.</summary>
/// <remarks>
/// Not words of the protocol: no decision depends on them, so they bypass the layer of atomics and are no steps of a schedule. An aligned
/// 64-bit store is atomic on x86-64, so a reader sees an old count or a new one.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = ThreadSlots.LineBytes)]
internal unsafe struct WaitTally
{
    public long Waits;
    public long WaitedTicks;
    public long Sleeps;
    public long WaitsForSmaller;
    public long NeedlessWaits;
    public long SpuriousWakeUps;
    public long RepeatedSleeps;
    public long PassedOn;
    public long Conflicts;
    public long WakeCalls;
    public long EmptyWakeCalls;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines();

    [ThreadStatic]
    private static WaitTally* mine;

    /// <summary>This thread's line.</summary>
    public static WaitTally* Mine
    {
        get
        {
            if (mine == null)
            {
                // SAFETY: there is a line for every slot, and the lines live as long as the process.
                mine = (WaitTally*)Lines.Base + ThreadSlots.Mine;
            }

            return mine;
        }
    }

    /// <summary>The sum over all threads, ended ones included: a slot that passes to another thread keeps its counts.</summary>
    public static WaitCounts Sum()
    {
        WaitCounts sum = default;
        int end = ThreadSlots.InUse.End;
        for (int slot = 0; slot < end; slot++)
        {
            WaitTally* line = (WaitTally*)Lines.Base + slot;
            sum += new WaitCounts(
                line->Waits,
                (long)(line->WaitedTicks * (1e9 / Stopwatch.Frequency)),
                line->Sleeps,
                line->WaitsForSmaller,
                line->NeedlessWaits,
                line->SpuriousWakeUps,
                line->RepeatedSleeps,
                line->PassedOn,
                line->Conflicts,
                line->WakeCalls,
                line->EmptyWakeCalls);
        }

        return sum;
    }
}
