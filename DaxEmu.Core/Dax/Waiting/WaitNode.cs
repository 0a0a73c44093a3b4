using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>
/// One waiter in a queue. Each thread has one node, in native memory that is never unmapped: a thread sleeps for one entry at a time.
/// </summary>
/// <remarks>
/// Ownership: the node is its thread's until it is linked; then the holder of the queue's lock may change it, until it is unlinked and
/// <see cref="State"/> is <see cref="Woken"/>; then it is its thread's again, which may reuse it at once. A waker may therefore still wake the
/// futex of a node that waits for another entry by now: a spurious wake-up, after which that thread sees its state unchanged and sleeps on.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct WaitNode
{
    /// <summary><see cref="State"/>: in a queue.</summary>
    public const ulong Waiting = 1;

    /// <summary><see cref="State"/>: unlinked by a waker.</summary>
    public const ulong Woken = 2;

    /// <summary>The futex word.</summary>
    [FieldOffset(0)]
    public ulong State;

    [FieldOffset(8)]
    public WaitNode* Next;

    [FieldOffset(16)]
    public WaitNode* Previous;

    [FieldOffset(24)]
    public long Mapping;

    /// <summary>The page of the key that is slept on.</summary>
    [FieldOffset(32)]
    public long KeyStart;

    /// <summary>First page of the entry that was found locked; differs from <see cref="KeyStart"/> under some keyings.</summary>
    [FieldOffset(40)]
    public long EntryStart;

    [FieldOffset(48)]
    public PageOrder EntryOrder;

    [FieldOffset(52)]
    public int ManagedThreadId;

    [FieldOffset(56)]
    public long SinceTimestamp;

    /// <summary>A wake-next stops at the first exclusive waiter.</summary>
    [FieldOffset(64)]
    public bool IsExclusive;

    /// <summary>The page of the waiter's operation.</summary>
    [FieldOffset(72)]
    public long SearchedIndex;

    /// <summary>The order that the waiter's operation asked for.</summary>
    [FieldOffset(80)]
    public PageOrder SearchedOrder;

    /// <summary>First page of the entry that was unlocked or removed when this waiter was woken; -1 if the wake-up was passed on.</summary>
    [FieldOffset(88)]
    public long WokenForStart;

    /// <summary>That entry's order.</summary>
    [FieldOffset(96)]
    public PageOrder WokenForOrder;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines();

    [ThreadStatic]
    private static WaitNode* mine;

    /// <summary>This thread's node.</summary>
    public static WaitNode* Mine
    {
        get
        {
            if (mine == null)
            {
                // SAFETY: there is a line for every slot, and the lines live as long as the process.
                mine = (WaitNode*)Lines.Base + ThreadSlots.Mine;
            }

            return mine;
        }
    }
}
