using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>A fault to replay: small, since a trace has millions.</summary>
/// <param name="Area">The place of its VMA in the plan.</param>
/// <param name="Page">The page, counted from the VMA's start.</param>
/// <param name="EndPage">The file's end at that time, in pages.</param>
/// <param name="Flags">How the page was accessed.</param>
/// <param name="Result">What the kernel's fault came to.</param>
/// <param name="Thread">The recorded thread, counted from 0.</param>
/// <param name="IsPmd">Whether it was a 2 MiB fault.</param>
internal readonly record struct PlannedFault(int Area, int Page, int EndPage, FaultFlags Flags, FaultResult Result, ushort Thread, bool IsPmd);

/// <summary>The faults of a trace in recorded order, in pieces: a list of them never moves.</summary>
internal sealed class PlannedFaults
{
    private const int PieceShift = 14;
    private const int PieceSize = 1 << PieceShift;

    private readonly List<PlannedFault[]> pieces = [];

    public int Count { get; private set; }

    public ref readonly PlannedFault this[int index] => ref pieces[index >> PieceShift][index & (PieceSize - 1)];

    public void Add(in PlannedFault fault)
    {
        if (Count == pieces.Count << PieceShift)
        {
            pieces.Add(new PlannedFault[PieceSize]);
        }

        pieces[^1][Count++ & (PieceSize - 1)] = fault;
    }
}
