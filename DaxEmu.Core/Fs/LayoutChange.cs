using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Mm;

namespace DaxEmu.Core.Fs;

/// <summary>
/// Carries a <see cref="LayoutPlan"/> out on a file, and keeps faults out until it is disposed: in between the caller changes extents and
/// size.
/// </summary>
/// <remarks>
/// The order: take the invalidate lock for writing; drop translations; wait for pins of what is taken out, without the lock, and start over;
/// write back. Then the caller does what can fail, calls <see cref="FlushKept"/>, changes extents and size in one step, and calls
/// <see cref="TakeOut"/>. Entries and their dirty marks go last: an operation that fails leaves them as they were.
/// </remarks>
internal readonly ref struct LayoutChange : IDisposable
{
    private readonly AddressSpace mapping;
    private readonly LayoutPlan plan;
    private readonly AsymmetricLock.WriteHold hold;

    private LayoutChange(AddressSpace mapping, LayoutPlan plan, AsymmetricLock.WriteHold hold)
    {
        this.mapping = mapping;
        this.plan = plan;
        this.hold = hold;
    }

    /// <summary>Carries a plan out; returns with nothing held.</summary>
    public static void Execute(AddressSpace mapping, LayoutPlan plan)
    {
        using LayoutChange change = Begin(mapping, plan);
        change.FlushKept(plan.TakesOut);
        change.TakeOut();
    }

    /// <summary>Begins a plan, waiting for pins; the invalidate lock is held for writing until <see cref="Dispose"/>.</summary>
    public static LayoutChange Begin(AddressSpace mapping, LayoutPlan plan)
    {
        _ = TryBegin(mapping, plan, maySleep: true, out LayoutChange change);
        return change;
    }

    /// <summary>As <see cref="Begin"/>; where it may not sleep, or for no longer than a time, it gives up if a page is pinned.</summary>
    /// <returns>False if it gave up; then nothing is held, and only translations went.</returns>
    public static bool TryBegin(
        AddressSpace mapping, LayoutPlan plan, bool maySleep, out LayoutChange change, TimeSpan? pinTimeout = null, CancellationToken cancellationToken = default)
    {
        AsymmetricLock.WriteHold hold = mapping.InvalidateLock.WriteInterruptibly();
        try
        {
            PageRange unmaps = plan.DropsTranslations ? PageRange.All : default;
            if (LayoutBreak.AwaitIdle(mapping, unmaps, plan.TakesOut, maySleep, pinTimeout, cancellationToken) is not null)
            {
                hold.Dispose();
                change = default;
                return false;
            }

            Fsync.WriteAndWait(mapping, plan.Writeback, cancellationToken);
            Fsync.WriteAndWait(mapping, plan.SecondWriteback, cancellationToken);
        }
        catch
        {
            hold.Dispose();
            throw;
        }

        change = new LayoutChange(mapping, plan, hold);
        return true;
    }

    /// <summary>Makes what stays in the file durable, of the entries that will be taken out; see <see cref="LayoutBreak.FlushKept"/>.</summary>
    /// <param name="discards">The pages whose content goes.</param>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed; nothing has changed.</exception>
    public void FlushKept(PageRange discards) => LayoutBreak.FlushKept(mapping, plan.TakesOut, discards);

    /// <summary>Takes out what the plan takes out: the caller has changed extents and size.</summary>
    public void TakeOut()
    {
        if (!plan.DropsCopies.IsEmpty)
        {
            mapping.Unmap(plan.DropsCopies, keepCopies: false);
        }

        LayoutBreak.TakeOut(mapping, plan.TakesOut);
    }

    /// <summary>Writes back what the plan wants written back after bytes past the old EOF were zeroed.</summary>
    public void WriteBackZeroed() => Fsync.WriteAndWait(mapping, plan.WritebackIfZeroed);

    /// <summary>Lets faults in again.</summary>
    public void Dispose() => hold.Dispose();
}
