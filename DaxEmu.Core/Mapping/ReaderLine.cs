using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Interleaving;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mapping;

/// <summary>Which mappings a thread reads now: a line of its own, written by nobody else.</summary>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct ReaderLine
{
    public const int Holds = 8;

    [FieldOffset(0)]
    public ulong Hold0;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines();

    [ThreadStatic]
    private static ReaderLine* mine;

    public static ReaderLine* Mine
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ReaderLine* line = mine;
            return line != null ? line : Find();
        }
    }

    // SAFETY: the lines have room for every slot and live as long as the process.
    public static ReaderLine* At(int slot) => (ReaderLine*)Lines.Base + slot;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReaderLine* Find() => mine = At(ThreadSlots.Mine);
}
