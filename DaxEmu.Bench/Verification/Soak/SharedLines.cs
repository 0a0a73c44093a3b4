using System.Runtime.InteropServices;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// Pages that many threads store to at once: a cache line belongs to one thread, which counts it up, and any other thread may sync or clone
/// the page meanwhile. What it finds is no older than the count that was complete before it began.
/// </summary>
internal sealed class SharedLines : IDisposable
{
    /// <summary>Bytes of a line.</summary>
    public const int LineBytes = 64;

    /// <summary>Lines of a page, and so threads that share one.</summary>
    public const int LinesPerPage = DaxConstants.PageSize / LineBytes;

    private const int PagesPerGroup = 4;

    private readonly long[] begun;
    private readonly long[] completed;
    private readonly ReaderWriterLockSlim blocks = new();
    private byte[]? frozen;

    public SharedLines(DaxVolume volume, DaxFileOptions options, int jobCount)
    {
        PageCount = (jobCount + LinesPerPage - 1) / LinesPerPage * PagesPerGroup;
        begun = new long[PageCount * LinesPerPage];
        completed = new long[PageCount * LinesPerPage];
        DaxFileOptions limited = options with { MaximumSizeBytes = DaxConstants.PmdSize };
        File = volume.CreateTemporary(DaxConstants.PmdSize, limited);
        Copy = volume.CreateTemporary(DaxConstants.PmdSize, limited);
        Faults = new FaultHandler(File.Mapping);
        Views = [File.Map(), File.Map(MapMode.Shared | MapMode.NoHugePage), File.Map(MapMode.Shared | MapMode.Sync)];
    }

    public DaxFile File { get; }

    /// <summary>The file that clones go to; no thread stores to it.</summary>
    public DaxFile Copy { get; }

    public IReadOnlyList<DaxView> Views { get; }

    /// <summary>The file's faults.</summary>
    public FaultHandler Faults { get; }

    /// <summary>Pages that have lines; the rest of the file is a hole or zeroes.</summary>
    public int PageCount { get; }

    /// <summary>A page of those in which a thread has a line.</summary>
    public static long PageOf(int job, int choice) => (job / LinesPerPage * PagesPerGroup) + choice;

    /// <summary>Which of them there are for a thread.</summary>
    public static int ChoiceCount => PagesPerGroup;

    /// <summary>A thread's line in each of its pages.</summary>
    public static int LineOf(int job) => job % LinesPerPage;

    /// <summary>The owner of a line is about to store its next count, which is returned.</summary>
    public long Begin(long page, int line) => ++begun[(page * LinesPerPage) + line];

    /// <summary>The owner has stored it.</summary>
    public void Complete(long page, int line) => Volatile.Write(ref completed[(page * LinesPerPage) + line], begun[(page * LinesPerPage) + line]);

    /// <summary>The count that the owner of a line stored last.</summary>
    public long Own(long page, int line) => completed[(page * LinesPerPage) + line];

    /// <summary>What is stored in each line of some pages by now, at least.</summary>
    public long[] Floor(long firstPage, int pageCount)
    {
        var floor = new long[pageCount * LinesPerPage];
        for (int i = 0; i < floor.Length; i++)
        {
            floor[i] = Volatile.Read(ref completed[(firstPage * LinesPerPage) + i]);
        }

        return floor;
    }

    /// <summary>What is wrong with the durable bytes of pages whose counts were complete before they were made durable; null if nothing is.</summary>
    public string? FindUndurable(SoakFixture fixture, long firstPage, ReadOnlySpan<long> floor)
    {
        // Blocks that were shared may be given up by the next clone: not while they are compared.
        blocks.EnterReadLock();
        try
        {
            for (int i = 0; i < floor.Length; i++)
            {
                long page = firstPage + (i / LinesPerPage);
                Extent extent = File.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source;
                if (floor[i] == 0)
                {
                    continue;
                }

                long oldest = extent.ReadsAsZeroes
                    ? 0
                    : Oldest(fixture.Device.Durable!.Bytes(extent.PfnAt(new PageIndex(page)).OffsetBytes + (i % LinesPerPage * LineBytes), LineBytes));
                if (oldest < floor[i])
                {
                    return $"line {i % LinesPerPage} of page {page} was stored as {floor[i]} and made durable, and a loss of power would leave {oldest} (block {extent.PfnAt(new PageIndex(page))}, entry {File.Mapping.Entries[new PageIndex(page)]})";
                }
            }

            return null;
        }
        finally
        {
            blocks.ExitReadLock();
        }
    }

    /// <summary>Clones the lines and sees that the clone holds what was complete before; it may not change until the next clone.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public string? Clone(Span<byte> buffer)
    {
        blocks.EnterWriteLock();
        try
        {
            if (FindChanged(buffer) is { } changed)
            {
                return changed;
            }

            long[] floor = Floor(0, PageCount);
            File.CloneRange(0, (long)PageCount << DaxConstants.PageShift, Copy, 0);
            byte[] seen = new byte[PageCount << DaxConstants.PageShift];
            Copy.Read(seen, 0);
            frozen = seen;
            for (int i = 0; i < floor.Length; i++)
            {
                ReadOnlySpan<byte> line = seen.AsSpan(i * LineBytes, LineBytes);
                if (Oldest(line) < floor[i])
                {
                    return $"line {i % LinesPerPage} of page {i / LinesPerPage} was stored as {floor[i]} before it was cloned, and the clone holds {Oldest(line)}";
                }
            }

            return null;
        }
        finally
        {
            blocks.ExitWriteLock();
        }
    }

    /// <summary>Sees that the last clone is as it was.</summary>
    public string? CheckClone(Span<byte> buffer)
    {
        blocks.EnterReadLock();
        try
        {
            return FindChanged(buffer);
        }
        finally
        {
            blocks.ExitReadLock();
        }
    }

    public void Dispose() => blocks.Dispose();

    /// <summary>At a quiescent point each line holds its last count.</summary>
    public IEnumerable<string> FindWrong()
    {
        byte[] bytes = new byte[DaxConstants.PageSize];
        for (int page = 0; page < PageCount; page++)
        {
            File.Read(bytes, (long)page << DaxConstants.PageShift);
            for (int line = 0; line < LinesPerPage; line++)
            {
                ReadOnlySpan<long> words = MemoryMarshal.Cast<byte, long>(bytes.AsSpan(line * LineBytes, LineBytes));
                long expected = Own(page, line);
                if (words.ContainsAnyExcept(expected))
                {
                    yield return $"line {line} of page {page} was stored as {expected} and holds {words[0]} to {words[^1]}.";
                }
            }
        }
    }

    /// <summary>The least of a line's words.</summary>
    public static long Oldest(ReadOnlySpan<byte> line)
    {
        long oldest = long.MaxValue;
        foreach (long word in MemoryMarshal.Cast<byte, long>(line))
        {
            oldest = Math.Min(oldest, word);
        }

        return oldest;
    }

    private string? FindChanged(Span<byte> buffer)
    {
        if (frozen is null)
        {
            return null;
        }

        for (int page = 0; page < PageCount; page++)
        {
            Span<byte> bytes = buffer[..DaxConstants.PageSize];
            Copy.Read(bytes, (long)page << DaxConstants.PageShift);
            int at = bytes.CommonPrefixLength(frozen.AsSpan(page << DaxConstants.PageShift, DaxConstants.PageSize));
            if (at < DaxConstants.PageSize)
            {
                return $"byte {at} of page {page} of a finished clone changed, to {MemoryMarshal.Cast<byte, long>(bytes)[at / sizeof(long)]}";
            }
        }

        return null;
    }
}
