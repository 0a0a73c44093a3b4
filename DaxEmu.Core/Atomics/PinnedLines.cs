using System.Runtime.InteropServices;

namespace DaxEmu.Core.Atomics;

/// <summary>A few words that do not move, each on cache lines of its own, as many as a thread's line.</summary>
/// <remarks>
/// Managed and pinned: they live as long as this object is referenced, so that a thread that reads a lock after its file is gone finds
/// mapped memory.
/// </remarks>
internal sealed unsafe class PinnedLines
{
    private const int WordsPerLine = ThreadSlots.LineBytes / sizeof(ulong);

    private readonly ulong[] words;
    private readonly ulong* first;
    private readonly int count;

    public PinnedLines(int count)
    {
        this.count = count;
        words = GC.AllocateArray<ulong>((count + 1) * WordsPerLine, pinned: true);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(words, 0);
        first = (ulong*)((start + ThreadSlots.LineBytes - 1) & -ThreadSlots.LineBytes);
    }

    /// <summary>The word of a line.</summary>
    public ulong* this[int line] => first + (line * WordsPerLine);

    /// <summary>Makes every word 0.</summary>
    public void Clear() => new Span<ulong>(first, count * WordsPerLine).Clear();
}
