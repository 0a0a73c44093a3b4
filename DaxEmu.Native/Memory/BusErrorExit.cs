using System.Runtime.InteropServices;
using System.Text;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Memory;

/// <summary>
/// What a program (not the library: signals are the program's) may install so that a load or store whose storage is gone ends the
/// process with one line instead of a stack trace: a file that was cut, a file system that is full where a page is missing.
/// </summary>
/// <remarks>
/// <para>
/// The handler is a few bytes of machine code: the signal may come in managed code, where no managed handler can run. It writes the line
/// to standard error and ends the process (<c>exit_group</c>); both are system calls that a signal handler may make. Bus errors of other kinds
/// go on to the handler that was there before, the runtime's; so do those with an address in the first page, of which the runtime makes an exception.
/// </para>
/// <para>The code and the line live as long as the process. A later line replaces an earlier one in a single aligned store of its address;
/// the length lies in front of the text, so that the two are never mixed.</para>
/// </remarks>
internal static unsafe class BusErrorExit
{
    private const int CodeBytes = 4096;
    private static readonly Lock Gate = new();

    // Address of the line's cell, which the handler reads; 0 until it is installed.
    private static nint cell;

    /// <summary>From here on a bus error of missing storage ends the process.</summary>
    /// <param name="line">What is written, without a line's end.</param>
    /// <param name="exitCode">What the process ends with.</param>
    /// <returns>False where the system forbids executable pages, or the runtime has no handler of its own: nothing is installed then.</returns>
    public static bool TryInstall(string line, int exitCode)
    {
        ArgumentNullException.ThrowIfNull(line);
        lock (Gate)
        {
            if (cell == 0 && !TryWriteHandler(exitCode))
            {
                return false;
            }

            Volatile.Write(ref *(nint*)cell, Text(line + "\n"));
            return true;
        }
    }

    // Four bytes of length, then the text. An old one is not freed: a handler may be reading it.
    private static nint Text(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        var text = (byte*)NativeMemory.Alloc((nuint)bytes.Length + sizeof(int));
        *(int*)text = bytes.Length;
        bytes.CopyTo(new Span<byte>(text + sizeof(int), bytes.Length));
        return (nint)text;
    }

    private static bool TryWriteHandler(int exitCode)
    {
        SignalCalls.SigAction old;
        if (SignalCalls.Sigaction(SignalCalls.Sigbus, null, &old) != 0 || old.Handler is 0 or 1)
        {
            return false;
        }

        nint page = Mman.Mmap(0, CodeBytes, MmapProt.Read | MmapProt.Write, MmapFlags.Private | MmapFlags.Anonymous, -1, 0);
        if (page == Mman.MapFailed)
        {
            return false;
        }

        // The address of the line, and whether a thread has begun to write it: several may fault at once, and one line is printed.
        var newCell = (nint)NativeMemory.AllocZeroed(2 * (nuint)sizeof(nint));
        *(nint*)newCell = Text("bus error\n");

        // SAFETY: 4096 bytes were mapped above, and the code is less than a hundred.
        byte[] code =
        [
            0x83, 0x7e, 0x08, 0x02,                                      // cmp dword [rsi+8], BUS_ADRERR
            0x75, 69,                                                    // jne to the old handler
            0x48, 0x81, 0x7e, 0x10, 0x00, 0x10, 0x00, 0x00,              // cmp qword [rsi+16], 4096
            0x72, 59,                                                    // jb to the old handler
            0x48, 0xb8, .. BitConverter.GetBytes((long)newCell),         // mov rax, cell
            0xb9, 0x01, 0x00, 0x00, 0x00,                                // mov ecx, 1
            0x87, 0x48, 0x08,                                            // xchg [rax+8], ecx
            0x85, 0xc9,                                                  // test ecx, ecx
            0x74, 0x04,                                                  // jz: the first one goes on
            0xf3, 0x90, 0xeb, 0xfc,                                      // pause, and again: the others wait for the end of the process
            0x48, 0x8b, 0x30,                                            // mov rsi, [rax]
            0x8b, 0x16,                                                  // mov edx, [rsi]
            0x48, 0x83, 0xc6, sizeof(int),                               // add rsi, 4
            0xbf, 0x02, 0x00, 0x00, 0x00,                                // mov edi, 2
            0xb8, 0x01, 0x00, 0x00, 0x00,                                // mov eax, write
            0x0f, 0x05,                                                  // syscall
            0xbf, .. BitConverter.GetBytes(exitCode),                    // mov edi, exitCode
            0xb8, 0xe7, 0x00, 0x00, 0x00,                                // mov eax, exit_group
            0x0f, 0x05,                                                  // syscall
            0x48, 0xb8, .. BitConverter.GetBytes((long)old.Handler),     // mov rax, old handler
            0xff, 0xe0,                                                  // jmp rax
        ];
        code.CopyTo(new Span<byte>((void*)page, CodeBytes));
        if (Mman.Mprotect(page, CodeBytes, MmapProt.Read | MmapProt.Exec) != 0)
        {
            _ = Mman.Munmap(page, CodeBytes);
            return false;
        }

        SignalCalls.SigAction action = old;
        action.Handler = page;

        // On the stack that the handler before it expects: the runtime's for SIGBUS runs on the thread's own, and unwinds from there.
        action.Flags = old.Flags | SignalCalls.SaSigInfo;
        if (SignalCalls.Sigaction(SignalCalls.Sigbus, &action, null) != 0)
        {
            _ = Mman.Munmap(page, CodeBytes);
            return false;
        }

        cell = newCell;
        return true;
    }
}
