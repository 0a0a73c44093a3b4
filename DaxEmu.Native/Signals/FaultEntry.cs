using System.Runtime.InteropServices;
using DaxEmu.Native.Interpose;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Signals;

/// <summary>
/// The first instructions of the SIGSEGV handler, and a copy that survives a fault, both machine code of a few bytes: a managed method may
/// only be entered by a thread that is outside managed code, so what decides whether it is must be native.
/// </summary>
/// <remarks>
/// <code>
///   entry:    rax = info.si_addr                    landing:  rax = rcx; ret          (what is left of the copy)
///             low &lt;= rax &lt; high? -> serve
///             context.RIP in the copy? -> serve     refuse:   rt_sigaction(signal, SIG_DFL); ret
///   pass:     jump to chain                                   (the instruction faults again, and ends the process)
///   serve:    save rdi, rsi, rdx; eax = handler();
///             restore them; eax != 0? -> pass
///             ret
///   copy:     rcx = rdx; rep movsb
/// </code>
/// Addresses between low and high are served wherever the access comes from. That range stays empty in a runtime whose own threads could be
/// inside managed code then (CoreCLR): there only the copy's faults are served, which is called as native code.
/// </remarks>
internal static unsafe class FaultEntry
{
    private const int CodeBytes = 4096;
    private const int Refuse = 0x50;
    private const int Copy = 0x70;
    private const int Landing = 0x75;

    private const int Low = 0;
    private const int High = 1;
    private const int Handler = 2;
    private const int Chain = 3;

    private static readonly Lock Gate = new();
    private static byte* code;

    // The slots follow the code at once: the displacements below lead there.
    private static ReadOnlySpan<byte> Code =>
    [
        0x48, 0x8b, 0x46, 0x10, // mov rax, [rsi+16]
        0x48, 0x3b, 0x05, 0xf5, 0x0f, 0x00, 0x00, // cmp rax, [low]
        0x72, 0x09, // jb +9
        0x48, 0x3b, 0x05, 0xf4, 0x0f, 0x00, 0x00, // cmp rax, [high]
        0x72, 0x1f, // jb serve
        0x48, 0x8b, 0x82, 0xa8, 0x00, 0x00, 0x00, // mov rax, [rdx+168]
        0x48, 0x8d, 0x0d, 0x4c, 0x00, 0x00, 0x00, // lea rcx, [copy]
        0x48, 0x29, 0xc8, // sub rax, rcx
        0x48, 0x3d, Landing - Copy, 0x00, 0x00, 0x00, // cmp rax, landing - copy
        0x72, 0x06, // jb serve
        0xff, 0x25, 0xe3, 0x0f, 0x00, 0x00, // pass: jmp [chain]
        0x57, 0x56, 0x52, // serve: push rdi; push rsi; push rdx (the stack is aligned now)
        0xff, 0x15, 0xd2, 0x0f, 0x00, 0x00, // call [handler]
        0x5a, 0x5e, 0x5f, // pop rdx; pop rsi; pop rdi
        0x85, 0xc0, // test eax, eax
        0x75, 0xea, // jnz pass
        0xc3, // ret
    ];

    private static ReadOnlySpan<byte> RefuseCode =>
    [
        0x48, 0x8d, 0x35, 0xc9, 0x0f, 0x00, 0x00, // lea rsi, [an empty action]
        0x31, 0xd2, // xor edx, edx
        0x41, 0xba, 0x08, 0x00, 0x00, 0x00, // mov r10d, 8
        0xb8, 0x0d, 0x00, 0x00, 0x00, // mov eax, 13 (rt_sigaction)
        0x0f, 0x05, // syscall
        0xc3, // ret
    ];

    private static ReadOnlySpan<byte> CopyCode =>
    [
        0x48, 0x89, 0xd1, // mov rcx, rdx
        0xf3, 0xa4, // rep movsb
        0x48, 0x89, 0xc8, // landing: mov rax, rcx
        0xc3, // ret
    ];

    /// <summary>The address that sigaction is given, or that a handler in front of it calls.</summary>
    public static nint Address => (nint)CodePage();

    /// <summary>The handler for what is not served; at first the one that was there before <see cref="Install"/>.</summary>
    public static nint Next
    {
        get => Slots()[Chain];
        set => Slots()[Chain] = value is 0 or 1 ? (nint)CodePage() + Refuse : value;
    }

    /// <summary>Sets the handler, and puts it in front of the process's SIGSEGV handler.</summary>
    /// <param name="handler">Of the signal, <c>siginfo_t</c> and <c>ucontext_t</c>: 0 if it is served, else the next one is asked.</param>
    /// <exception cref="DaxEnvironmentException">The process may not have executable memory of its own.</exception>
    public static void Install(delegate* unmanaged<int, nint, nint, int> handler)
    {
        Slots()[Handler] = (nint)handler;
        SignalCalls.SigAction action = default;
        SignalCalls.SigAction former = default;
        action.Handler = Address;

        // The frame stays on the stack of the thread that faults: the alternate one may be small. A fault may be met inside a fault.
        action.Flags = SignalCalls.SaSigInfo | SignalCalls.SaNoDefer | SignalCalls.SaRestart;
        if (SignalCalls.Sigaction(SignalCalls.Sigsegv, null, &former) != 0)
        {
            throw Errno.Failure("cannot read the handler of", "SIGSEGV", Marshal.GetLastPInvokeError());
        }

        Next = former.Handler; // before a fault can need it
        if (SignalCalls.Sigaction(SignalCalls.Sigsegv, &action, null) != 0)
        {
            throw Errno.Failure("cannot set the handler of", "SIGSEGV", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Sets the addresses whose faults are served.</summary>
    /// <param name="low">The first one; read before <paramref name="high"/>, so a range only ever grows.</param>
    /// <param name="high">The one after the last.</param>
    public static void Serve(nint low, nint high)
    {
        Slots()[Low] = low;
        Slots()[High] = high;
        DispatchFilter.Cover(low, high);
    }

    /// <summary>Copies bytes by plain loads and stores of native code, which may fault and be served; a fault that cannot be served ends it.</summary>
    /// <returns>How many bytes were not copied.</returns>
    public static long TryCopy(nint destination, nint source, long length) =>
        ((delegate* unmanaged<nint, nint, long, long>)(CodePage() + Copy))(destination, source, length);

    /// <summary>Whether an instruction is the one of <see cref="TryCopy"/> that may fault.</summary>
    public static bool IsCopy(nint instruction) => instruction - (nint)CodePage() is >= Copy and < Landing;

    /// <summary>Ends a copy that faulted: it returns what is left.</summary>
    public static void EndCopy(FaultFrame frame) => frame.Instruction = (nint)CodePage() + Landing;

    private static nint* Slots() => (nint*)(CodePage() + CodeBytes);

    private static byte* CodePage()
    {
        if (code != null)
        {
            return code;
        }

        lock (Gate)
        {
            if (code == null)
            {
                code = MakePage();
            }
        }

        return code;
    }

    private static byte* MakePage()
    {
        nint page = Mman.Mmap(0, 2 * CodeBytes, MmapProt.Read | MmapProt.Write, MmapFlags.Private | MmapFlags.Anonymous, -1, 0);
        if (page == Mman.MapFailed)
        {
            throw Errno.Failure("cannot map", "the entry of page faults", Marshal.GetLastPInvokeError());
        }

        // SAFETY: the page was just mapped and is larger than the code.
        var bytes = new Span<byte>((void*)page, CodeBytes);
        Code.CopyTo(bytes);
        RefuseCode.CopyTo(bytes[Refuse..]);
        CopyCode.CopyTo(bytes[Copy..]);
        ((nint*)(page + CodeBytes))[Chain] = page + Refuse;
        if (Mman.Mprotect(page, CodeBytes, MmapProt.Read | MmapProt.Exec) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Mman.Munmap(page, 2 * CodeBytes);
            throw new DaxEnvironmentException(
                "the process may not make memory executable, which the handler of page faults needs",
                "Allow it (SELinux: execmem), or use the software MMU.",
                errno);
        }

        return (byte*)page;
    }
}
