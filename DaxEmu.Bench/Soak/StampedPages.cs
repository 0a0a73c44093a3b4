using System.Runtime.InteropServices;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak;

/// <summary>
/// What every page of the file must hold: a number that grows with each write, at its start and at its end. A lost write shows an old
/// number, a torn one two, a stale page somebody else's.
/// </summary>
internal sealed class StampedPages
{
    private const int WordsPerPage = DaxConstants.PageSize / sizeof(ulong);
    private readonly ulong[] expected;
    private readonly int[] owners;

    public StampedPages(long pageCount)
    {
        expected = new ulong[pageCount];
        owners = new int[pageCount];
    }

    /// <summary>Takes a page for one thread, if nobody has it: who stamps or compares must be alone with its bytes.</summary>
    public bool TryTake(long page) => Interlocked.CompareExchange(ref owners[page], 1, 0) == 0;

    /// <summary>Gives a page back.</summary>
    public void Give(long page) => Volatile.Write(ref owners[page], 0);

    /// <summary>Writes the next stamp of a page that the caller has taken.</summary>
    public void Stamp(long page, Span<byte> bytes)
    {
        ulong stamp = ((expected[page] >> 32) + 1) << 32 | (uint)page;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        words[0] = stamp;
        words[WordsPerPage - 1] = stamp;
        expected[page] = stamp;
    }

    /// <summary>Compares a page that the caller has taken.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public string? Compare(long page, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong first = words[0];
        ulong last = words[WordsPerPage - 1];
        return first == expected[page] && last == expected[page]
            ? null
            : $"page {page} holds version {first >> 32} of page {(uint)first} at its start and {last >> 32} of {(uint)last} at its end; written last: {expected[page] >> 32} of {(uint)expected[page]}";
    }

    /// <summary>A page that the caller has taken became a hole.</summary>
    public void Forget(long page) => expected[page] = 0;
}
