using System.Numerics;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Core;

/// <content>Steps on runs of entries whose locks one thread holds.</content>
public sealed unsafe partial class EntryTable
{
    /// <summary>Removes entries of a run whose locks the caller holds. The caller keeps faults out, and wakes their waiters next.</summary>
    /// <remarks>
    /// As <see cref="Remove"/>, with one locked instruction for the marks of all. An entry must not leave its TOWRITE mark to its successor: the
    /// slots are emptied, which makes them clean, and the locked instruction on the mark word comes after those stores [T4]. Either a
    /// tagger's marks came before it and are cleared here, or the tagger's second look comes after it, sees the slots empty, and takes its marks
    /// back [T3]. No entry can be made in between, since faults are kept out.
    /// </remarks>
    internal void RemoveRun(in EntryRun run, ulong bits)
    {
        ulong marked = 0;
        ref ulong first = ref SlotOf(run.Group);
        for (ulong rest = bits; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            marked |= run[page].Word & DaxEntry.DirtyBit;
            Atomic.Store(ref Unsafe.Add(ref first, page), 0, Site.RemoveEntry);
        }

        // An entry that was clean when it was locked may have a mark that was set before; one that is being set is taken back.
        ref ulong word = ref MarkWordOf(run.Group);
        if (marked != 0 || (Atomic.Load(ref word, Site.Towrite) & bits) != 0)
        {
            Atomic.And(ref word, ~bits, Site.Towrite); // [T4] matches [T3] in TagRun
        }
    }
}
