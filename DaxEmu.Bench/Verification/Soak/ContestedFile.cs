using System.Runtime.InteropServices;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// A file in which no page belongs to a thread: it is stored to, cut off, punched and synced by all at once. What a page must hold is not
/// known, but each of its words is a zero or a stamp that was made for that page of this file, and what is not dirty is durable.
/// </summary>
internal sealed class ContestedFile
{
    // Distinguishes the pages of this file from those of the others.
    private const uint Mark = 1u << 30;

    private int lastVersion;

    public ContestedFile(DaxVolume volume, DaxFileOptions options, long pageCount)
    {
        PageCount = pageCount;
        File = volume.CreateTemporary(pageCount << DaxConstants.PageShift, options with { MaximumSizeBytes = pageCount << DaxConstants.PageShift });
        Views = [File.Map(), File.Map(MapMode.Shared | MapMode.NoHugePage), File.Map(MapMode.Shared | MapMode.Sync), File.Map(MapMode.Private)];
    }

    public DaxFile File { get; }

    public long PageCount { get; }

    /// <summary>Views of the whole file; the last one is private.</summary>
    public IReadOnlyList<DaxView> Views { get; }

    /// <summary>Fills bytes with new stamps for pages from the first on.</summary>
    public void Fill(Span<byte> bytes, long firstPage)
    {
        uint version = (uint)Interlocked.Increment(ref lastVersion);
        for (int i = 0; i < bytes.Length; i += DaxConstants.PageSize)
        {
            PageStamp.Of(firstPage + (i >> DaxConstants.PageShift) | Mark, version).Fill(bytes.Slice(i, Math.Min(DaxConstants.PageSize, bytes.Length - i)));
        }
    }

    /// <summary>The first word of some whole pages that can come from nowhere; null if there is none.</summary>
    public static string? FindForeign(ReadOnlySpan<byte> bytes, long firstPage)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            long page = firstPage + (i * sizeof(ulong) >> DaxConstants.PageShift);
            if (words[i] != 0 && (uint)words[i] != (Mark | (uint)page))
            {
                return $"page {page} of the contested file holds {new PageStamp(words[i])} at byte {i * sizeof(ulong) % DaxConstants.PageSize}";
            }
        }

        return null;
    }
}
