using DaxEmu.Native.Signals;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>Real loads and stores at addresses that may fault, by native code: what cannot be served is an error, and no signal.</summary>
internal static unsafe class HostAccess
{
    /// <summary>Loads bytes.</summary>
    /// <param name="address">The first one.</param>
    /// <param name="destination">Where they go; up to the one that cannot be reached.</param>
    /// <param name="copied">How many were copied.</param>
    /// <returns>Why not all; none if all were, or if the address belongs to no mapping.</returns>
    public static IoError Load(nint address, Span<byte> destination, out int copied)
    {
        fixed (byte* to = destination)
        {
            return Copy((nint)to, address, destination.Length, out copied);
        }
    }

    /// <summary>Stores bytes.</summary>
    /// <param name="address">The first one.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="copied">How many were copied.</param>
    /// <returns>As <see cref="Load"/>.</returns>
    public static IoError Store(nint address, ReadOnlySpan<byte> source, out int copied)
    {
        fixed (byte* from = source)
        {
            return Copy(address, (nint)from, source.Length, out copied);
        }
    }

    private static IoError Copy(nint destination, nint source, int length, out int copied)
    {
        HostFaults.Install();
        long left = FaultEntry.TryCopy(destination, source, length);
        copied = length - (int)left;
        return left == 0 ? IoError.None : HostFaults.CopyError;
    }
}
