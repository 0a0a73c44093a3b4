namespace DaxEmu.Core.Iomap;

/// <summary>A few hundred neighbouring extents of an <see cref="ExtentTree"/>; never changed once it is made.</summary>
internal sealed class ExtentLeaf
{
    private readonly long[] firsts;
    private readonly Extent[] extents;

    public ExtentLeaf(ReadOnlySpan<Extent> extents)
    {
        this.extents = extents.ToArray();
        firsts = new long[extents.Length];
        for (int i = 0; i < firsts.Length; i++)
        {
            firsts[i] = extents[i].First.Value;
        }
    }

    public int Count => extents.Length;

    public long FirstPage => firsts[0];

    public ReadOnlySpan<Extent> Extents => extents;

    /// <summary>Position of the last extent that begins at <paramref name="page"/> or before; -1 if none does.</summary>
    public int Search(long page) => Search(firsts, page);

    /// <summary>Position of the last of the ascending <paramref name="keys"/> that is not above <paramref name="key"/>; -1 if none is.</summary>
    /// <remarks>
    /// Without a branch on the data: over random pages a mispredicted branch at each step would cost more than the whole look-up.
    /// </remarks>
    public static int Search(long[] keys, long key)
    {
        if (keys.Length == 0 || keys[0] > key)
        {
            return -1;
        }

        int at = 0;
        int length = keys.Length;
        while (length > 1)
        {
            int half = length >> 1;

            // All ones if keys[at + half] <= key. Neither is negative, so the difference does not overflow.
            int step = (int)((keys[at + half] - key - 1) >> 63);
            at += half & step;
            length -= half;
        }

        return at;
    }
}
