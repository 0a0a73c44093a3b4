namespace DaxEmu.Native.Interpose;

/// <summary>The registers of a thread whose system call was dispatched: <c>ucontext</c> of x86-64 Linux.</summary>
/// <param name="context">Its address; valid as long as the handler has not returned.</param>
internal readonly unsafe struct CallFrame(nint context)
{
    private const int R8 = 40;
    private const int R9 = 48;
    private const int R10 = 56;
    private const int Rdi = 104;
    private const int Rsi = 112;
    private const int Rdx = 136;
    private const int Rax = 144;

    /// <summary>The number of the call.</summary>
    public int Number => (int)At(Rax);

    /// <summary>The first argument.</summary>
    public nint A0 => At(Rdi);

    /// <summary>The second argument.</summary>
    public nint A1 => At(Rsi);

    /// <summary>The third argument.</summary>
    public nint A2 => At(Rdx);

    /// <summary>The fourth argument.</summary>
    public nint A3 => At(R10);

    /// <summary>The fifth argument.</summary>
    public nint A4 => At(R8);

    /// <summary>The sixth argument.</summary>
    public nint A5 => At(R9);

    /// <summary>Sets what the call returns.</summary>
    public void Return(long result) => *(long*)(context + Rax) = result;

    private nint At(int offset) => *(nint*)(context + offset);
}
