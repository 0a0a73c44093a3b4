using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Core.Files;

/// <summary>
/// Carries a <see cref="LayoutPlan"/> out on a file, and keeps faults out until it is disposed: in between the caller changes extents and
/// size.
/// </summary>
/// <remarks>
/// The order: take the invalidate lock for writing; drop translations; wait for pins of what is taken out, without the lock, and start over;
/// write back; take the entries out. Writeback comes while no fault can make a page dirty again, and before the entry that says it is dirty
/// goes.
/// </remarks>
internal readonly ref struct LayoutChange : IDisposable
{
    private readonly AddressSpace mapping;

    private LayoutChange(AddressSpace mapping) => this.mapping = mapping;

    /// <summary>Carries a plan out; returns with nothing held.</summary>
    public static void Execute(AddressSpace mapping, LayoutPlan plan) => Begin(mapping, plan).Dispose();

    /// <summary>Carries a plan out, waiting for pins; the invalidate lock is held for writing until <see cref="Dispose"/>.</summary>
    public static LayoutChange Begin(AddressSpace mapping, LayoutPlan plan)
    {
        _ = TryBegin(mapping, plan, maySleep: true, out LayoutChange change);
        return change;
    }

    /// <summary>As <see cref="Begin"/>; where it may not sleep it gives up if a page is pinned.</summary>
    /// <returns>False if it gave up; then nothing is held, and only translations went.</returns>
    public static bool TryBegin(AddressSpace mapping, LayoutPlan plan, bool maySleep, out LayoutChange change)
    {
        mapping.InvalidateLock.EnterWrite();
        try
        {
            PageRange unmaps = plan.DropsTranslations ? PageRange.All : default;
            if (LayoutBreak.AwaitIdle(mapping, unmaps, plan.TakesOut, maySleep) is not null)
            {
                mapping.InvalidateLock.ExitWrite();
                change = default;
                return false;
            }

            WriteBack(mapping, plan.Writeback);
            WriteBack(mapping, plan.SecondWriteback);
            if (!plan.DropsCopies.IsEmpty)
            {
                mapping.Unmap(plan.DropsCopies, keepCopies: false);
            }

            LayoutBreak.TakeOut(mapping, plan.TakesOut);
        }
        catch
        {
            mapping.InvalidateLock.ExitWrite();
            throw;
        }

        change = new LayoutChange(mapping);
        return true;
    }

    /// <summary>Writes back what a plan wants written back after bytes behind the old end were zeroed.</summary>
    public void WriteBackZeroed(LayoutPlan plan) => WriteBack(mapping, plan.WritebackIfZeroed);

    /// <summary>Lets faults in again.</summary>
    public void Dispose() => mapping?.InvalidateLock.ExitWrite();

    // As the kernel's: a file without a dirty page is not asked. An error is remembered by the mapping, for who syncs next.
    private static void WriteBack(AddressSpace mapping, PageRange range)
    {
        if (!range.IsEmpty && mapping.Entries.HasDirty())
        {
            WritebackPass.Run(mapping, range);
        }
    }
}
