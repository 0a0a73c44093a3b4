namespace DaxEmu.Native.Interpose;

/// <summary>What decides whether the library is asked about a system call. The numbers are those of dispatch.s.</summary>
internal enum CallClass : byte
{
    /// <summary>It never is: the call cannot concern it, and may come from inside malloc.</summary>
    Pass = 0,

    /// <summary>It always is.</summary>
    Ask = 1,

    /// <summary>The first argument is a marked descriptor, or any argument is an address of a mapping.</summary>
    Descriptor = 2,

    /// <summary>Any argument is an address of a mapping.</summary>
    Address = 3,

    /// <summary>The fifth argument is a marked descriptor, or any argument is an address of a mapping.</summary>
    Map = 4,

    /// <summary>The first argument is a marked descriptor, or there is any mapping: the addresses stand in a list.</summary>
    Vector = 5,

    /// <summary>rt_sigprocmask: never of the signals that the library needs.</summary>
    SignalMask = 6,

    /// <summary>rt_sigreturn, on the program's own frame.</summary>
    SignalReturn = 7,

    /// <summary>fork.</summary>
    Fork = 8,

    /// <summary>vfork: the child runs on the parent's stack.</summary>
    Vfork = 9,

    /// <summary>clone.</summary>
    Clone = 10,

    /// <summary>clone3.</summary>
    Clone3 = 11,

    /// <summary>The first argument is a signal mask for the time of the call.</summary>
    MaskFirst = 12,

    /// <summary>The fourth argument is one.</summary>
    MaskFourth = 13,

    /// <summary>The fifth argument is one.</summary>
    MaskFifth = 14,

    /// <summary>pselect6: the mask's address stands in a structure.</summary>
    MaskPair = 15,

    /// <summary>The first calls of a thread that libc has made: there the library's runtime gets to know it.</summary>
    Attach = 16,

    /// <summary>As <see cref="Address"/>; what was known of the program's memory no longer is.</summary>
    Unmap = 17,
}
