using System.Runtime.InteropServices;

namespace DaxEmu.Native.Interpose;

/// <summary><c>struct sigaction</c> as the kernel has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelSignalAction
{
    /// <summary>Handlers have <c>siginfo</c> and <c>ucontext</c> (SA_SIGINFO).</summary>
    public const ulong WithInfo = 0x4;

    /// <summary><see cref="Restorer"/> is set (SA_RESTORER).</summary>
    public const ulong WithRestorer = 0x04000000;

    /// <summary>The handler runs on the alternate stack (SA_ONSTACK).</summary>
    public const ulong OnStack = 0x08000000;

    /// <summary>The call that was interrupted is begun again (SA_RESTART).</summary>
    public const ulong Restart = 0x10000000;

    /// <summary>The signal is not blocked while its handler runs (SA_NODEFER).</summary>
    public const ulong NoDefer = 0x40000000;

    /// <summary>The handler is for one signal only (SA_RESETHAND).</summary>
    public const ulong ResetHandler = 0x80000000;

    /// <summary>The handler; 0 for the default, 1 to ignore the signal.</summary>
    public nint Handler;

    /// <summary>Flags.</summary>
    public ulong Flags;

    /// <summary>Where the handler returns to.</summary>
    public nint Restorer;

    /// <summary>Signals that are blocked while the handler runs, a bit each.</summary>
    public ulong Mask;
}
