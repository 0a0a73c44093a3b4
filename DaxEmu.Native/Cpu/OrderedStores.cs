namespace DaxEmu.Native.Cpu;

/// <summary>
/// Stores whose order counts: from the first byte to the last, 8 aligned bytes at once. A copy of the framework's may store from the end,
/// or some bytes twice, and a power cut in between would show it.
/// </summary>
internal static unsafe class OrderedStores
{
    /// <summary>Copies <paramref name="source"/>; the two ranges must not overlap.</summary>
    /// <param name="destination">First byte to write; the memory must be mapped.</param>
    /// <param name="source">What to copy.</param>
    public static void Copy(nint destination, ReadOnlySpan<byte> source)
    {
        // SAFETY: the caller promises that the destination is mapped for the source's length; every store below stays inside.
        byte* at = (byte*)destination;
        while (source.Length > 0)
        {
            if (((nint)at & (sizeof(ulong) - 1)) == 0 && source.Length >= sizeof(ulong))
            {
                Volatile.Write(ref *(ulong*)at, BitConverter.ToUInt64(source));
                at += sizeof(ulong);
                source = source[sizeof(ulong)..];
            }
            else
            {
                Volatile.Write(ref *at, source[0]);
                at++;
                source = source[1..];
            }
        }
    }
}
