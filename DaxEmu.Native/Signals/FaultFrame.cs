using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Signals;

/// <summary>What a handler of SIGSEGV is given, on x86-64: <c>siginfo_t</c> and <c>ucontext_t</c>.</summary>
/// <param name="info">The second argument of the handler.</param>
/// <param name="context">The third one.</param>
internal readonly unsafe struct FaultFrame(nint info, nint context)
{
    private const int Registers = 40; // uc_mcontext.gregs
    private const int Rip = 16;
    private const int ErrorCode = 19; // of the page fault, as the processor pushes it
    private const int SignalMask = 296; // uc_sigmask

    private const long WriteBit = 1 << 1;
    private const long FetchBit = 1 << 4;

    private SignalCalls.SigInfo* Info => (SignalCalls.SigInfo*)info;

    /// <summary>The address that was accessed.</summary>
    public nint Address => Info->Address;

    /// <summary>Whether the kernel raised it for a page fault, and no process sent it.</summary>
    public bool IsFault => Info->Code is > 0 and < 0x80;

    /// <summary>Whether it was a store.</summary>
    public bool IsWrite => (Register(ErrorCode) & WriteBit) != 0;

    /// <summary>Whether an instruction was to be fetched there.</summary>
    public bool IsFetch => (Register(ErrorCode) & FetchBit) != 0;

    /// <summary>The instruction that faulted; the one that runs next, if it is changed.</summary>
    public nint Instruction
    {
        get => (nint)Register(Rip);
        set => Register(Rip) = value;
    }

    /// <summary>Whether the interrupted code has a signal blocked.</summary>
    public bool IsBlocked(int signal) => (*(ulong*)(context + SignalMask) >> (signal - 1) & 1) != 0;

    /// <summary>Lets the interrupted code get a signal from the end of the handler on.</summary>
    public void Unblock(int signal) => *(ulong*)(context + SignalMask) &= ~(1UL << (signal - 1));

    private ref long Register(int number) => ref ((long*)(context + Registers))[number];
}
