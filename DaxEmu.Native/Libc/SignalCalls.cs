using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>sigaction(2) and what sends signals, imported because the framework hands none of the signals of faults to user code.</summary>
internal static unsafe partial class SignalCalls
{
    public const int Sigbus = 7;
    public const int Sigsegv = 11;

    public const int SaSigInfo = 0x4;
    public const int SaNoDefer = 0x40000000;
    public const int SaRestart = 0x10000000;

    private const long RtSigProcMask = 14;
    private const long GetPid = 39;
    private const long GetTid = 186;
    private const long RtTgSigQueueInfo = 297;

    /// <summary>libc's <c>struct sigaction</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SigAction
    {
        public nint Handler;
        public fixed ulong Mask[16];
        public int Flags;
        public nint Restorer;
    }

    /// <summary>The head of <c>siginfo_t</c> of a fault.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct SigInfo
    {
        [FieldOffset(0)]
        public int Signal;

        [FieldOffset(4)]
        public int Errno;

        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public nint Address;

        [FieldOffset(24)]
        public short AddressLsb;
    }

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    internal static partial int Sigaction(int signal, SigAction* action, SigAction* former);

    /// <summary>Queues a signal to the calling thread, with the information of a fault: the kernel lets a process send itself any.</summary>
    internal static int QueueToSelf(int signal, SigInfo* info) =>
        (int)RawSystemCall.Invoke(RtTgSigQueueInfo, (nint)RawSystemCall.Invoke(GetPid), (nint)RawSystemCall.Invoke(GetTid), signal, (nint)info);

    /// <summary>Blocks a signal for the calling thread; in a handler, until it returns.</summary>
    internal static void Block(int signal)
    {
        const int Add = 0;
        ulong mask = 1UL << (signal - 1);
        _ = RawSystemCall.Invoke(RtSigProcMask, Add, (nint)(&mask), 0, sizeof(ulong));
    }

    /// <summary>Has libc call a function in each child of fork(2), before fork returns there (<c>pthread_atfork</c>).</summary>
    [LibraryImport("libc", EntryPoint = "__register_atfork")]
    internal static partial int RegisterAtFork(nint prepare, nint parent, delegate* unmanaged<void> child, nint library);
}
