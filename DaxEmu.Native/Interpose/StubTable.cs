using System.Runtime.InteropServices;

namespace DaxEmu.Native.Interpose;

/// <summary>What dispatch.s and the library share, laid out as its table. There is one in the process; the calls of all threads read it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StubTable
{
    /// <summary>The number of marks of descriptors.</summary>
    public const int DescriptorCount = 65536;

    /// <summary>The number of classes of system calls.</summary>
    public const int CallCount = 512;

    /// <summary>The number of a system call of the library itself, by which libc's fork asks it before it locks malloc.</summary>
    public const int ForkIsNear = 511;

    /// <summary>The number of signals, and one.</summary>
    public const int SignalCount = 65;

    /// <summary>The first address of mappings.</summary>
    public nint Low;

    /// <summary>The address behind the last one.</summary>
    public nint High;

    /// <summary>Whether the volume is mounted: a process that is forked then has no part in it.</summary>
    public int IsMounted;

    /// <summary>Whether this process was forked while the volume was mounted.</summary>
    public int IsOrphan;

    /// <summary>How many forks lead to this process.</summary>
    public int Forks;

    /// <summary>Grows whenever the program unmaps or protects memory.</summary>
    public int Unmaps;

    /// <summary>Whether threads of the library's own may run: they are to end before the process is forked.</summary>
    public int HasHelpers;

    private readonly int padding;

    /// <summary>Serves a system call, given <c>siginfo</c> and <c>ucontext</c>; 0 if it is served, 1 if it is passed on.</summary>
    public delegate* unmanaged<nint, nint, int> OnCall;

    /// <summary>Serves a SIGSEGV, given the signal, <c>siginfo</c> and <c>ucontext</c>; 0 if it is served.</summary>
    public nint OnFault;

    /// <summary>Serves a hooked function: four arguments, the number of the system call, the result; 0 if it is served.</summary>
    public delegate* unmanaged<nint, nint, nint, nint, int, long*, int> OnHook;

    /// <summary>A byte a descriptor: whether it is the library's.</summary>
    public byte* Descriptors;

    /// <summary>A <see cref="CallClass"/> a system call.</summary>
    public CallClass* Classes;

    /// <summary>What the program has for each signal.</summary>
    public KernelSignalAction* Actions;

    /// <summary>What the library's own runtime has for each signal.</summary>
    public KernelSignalAction* RuntimeActions;

    /// <summary>The hooked functions, up to one without a name.</summary>
    public HookedFunction* Hooks;

    /// <summary>Does a system call that is not dispatched.</summary>
    public nint RawCall;

    /// <summary>Where signal handlers return to.</summary>
    public nint Restorer;

    /// <summary>The handler of SIGSYS.</summary>
    public nint OnSigsys;

    /// <summary>The handler of SIGSEGV.</summary>
    public nint OnFaultSignal;

    /// <summary>What <see cref="OnFault"/> jumps to for a fault that is not the library's.</summary>
    public nint FaultDeclined;

    /// <summary>The handler of every signal for which the program has one.</summary>
    public nint OnProgramSignal;

    /// <summary>Dispatches the calls of the calling thread from now on; 0, or -errno.</summary>
    public delegate* unmanaged<long> Enable;

    /// <summary>What libc's fork is to call first (<c>pthread_atfork</c>).</summary>
    public nint PrepareFork;
}
