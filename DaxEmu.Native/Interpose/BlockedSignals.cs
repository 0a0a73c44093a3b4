using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Interpose;

/// <summary>A time in which the calling thread has all signals blocked, and hands that down to threads that it starts.</summary>
internal readonly unsafe struct BlockedSignals : IDisposable
{
    private const int RtSigprocmask = 14;
    private const int SetMask = 2;
    private const int MaskBytes = 8;

    private readonly ulong former;

    private BlockedSignals(ulong former) => this.former = former;

    /// <summary>Begins.</summary>
    public static BlockedSignals All()
    {
        ulong all = ulong.MaxValue;
        ulong former;
        _ = RawSystemCall.Invoke(RtSigprocmask, SetMask, (nint)(&all), (nint)(&former), MaskBytes);
        return new BlockedSignals(former);
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        ulong mask = former;
        _ = RawSystemCall.Invoke(RtSigprocmask, SetMask, (nint)(&mask), 0, MaskBytes);
    }
}
