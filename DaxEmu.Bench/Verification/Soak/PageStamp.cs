using System.Runtime.InteropServices;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// What a page holds, 512 times over: the page that it was written to, and the how-manieth write of that page it was. All zeroes is a page
/// that no thread wrote. No stamp is ever used twice, so old bytes are known wherever they come up.
/// </summary>
/// <param name="Word">The version in the upper half, the page in the lower.</param>
internal readonly record struct PageStamp(ulong Word)
{
    /// <summary>A stamp.</summary>
    public static PageStamp Of(long page, uint version) => new((ulong)version << 32 | (uint)page);

    /// <summary>Whether it stands for zeroes.</summary>
    public bool IsZero => Word == 0;

    private uint Version => (uint)(Word >> 32);

    private uint Page => (uint)Word;

    /// <summary>Fills bytes, a multiple of eight.</summary>
    public void Fill(Span<byte> bytes) => MemoryMarshal.Cast<byte, ulong>(bytes).Fill(Word);

    /// <summary>
    /// Whether bytes may be what a loss of power leaves of a page that was made durable with this stamp and stored to since: each word is
    /// this stamp, the newest one, or one between them.
    /// </summary>
    /// <param name="bytes">The durable bytes.</param>
    /// <param name="page">The page.</param>
    /// <param name="newest">What the page shows now.</param>
    public bool Survives(ReadOnlySpan<byte> bytes, long page, PageStamp newest)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            // Stamps between the two are the page's own: it was not moved since, only stored to.
            var seen = new PageStamp(word);
            bool isBetween = seen.Page == (uint)page && (Page != (uint)page || seen.Version >= Version) && !seen.IsZero;
            if (seen != this && seen != newest && !isBetween)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Compares bytes that must hold this stamp from end to end.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public FindingKind? Judge(ReadOnlySpan<byte> bytes, out string seen)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        if (words.IndexOfAnyExcept(Word) < 0)
        {
            seen = string.Empty;
            return null;
        }

        var first = new PageStamp(words[0]);
        int other = words.IndexOfAnyExcept(words[0]);
        if (other >= 0)
        {
            seen = $"{first} up to byte {other * sizeof(ulong)} and {new PageStamp(words[other])} from there on, instead of {this}";
            return FindingKind.Torn;
        }

        seen = $"{first} instead of {this}";
        bool isOlder = first.IsZero || (first.Page == Page && first.Version < Version);
        return !IsZero && isOlder ? FindingKind.Lost : FindingKind.Stale;
    }

    /// <summary>For messages.</summary>
    public override string ToString() => IsZero ? "zeroes" : $"version {Version} of page {Page}";
}
