using System.Runtime.InteropServices;

namespace DaxEmu.Core.Mm;

/// <summary>
/// An extent that a thread's fault was answered from: blocks that are the file's alone and hold data. It stays true as long as the layout
/// of the file does not change, so the next fault in it need not ask the extent map.
/// </summary>
/// <remarks>
/// Blocks are taken from a file, shared or moved only under its invalidate lock, held for writing, and the writer changes the lock's
/// generation before it leaves. A fault holds that lock for reading while it compares the generation and while it uses the answer: if they are equal,
/// no writer was inside since the answer was given, and none comes in before the fault is done.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct LastExtent
{
    /// <summary>The mapping's id; 0 for no extent.</summary>
    public long Mapping;

    /// <summary>The generation of the mapping's invalidate lock when the answer was given.</summary>
    public ulong Generation;

    /// <summary>First page in the file.</summary>
    public long First;

    /// <summary>How many pages.</summary>
    public long PageCount;

    /// <summary>First device page.</summary>
    public long Pfn;
}
