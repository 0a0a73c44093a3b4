using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>
/// posix_spawnp, waitpid and kill, imported because the base library's process class takes longer to start than a small program runs, and
/// cannot leave the terminal and the standard streams as they are.
/// </summary>
internal static unsafe partial class ChildProcess
{
    private const int Sigpipe = 13;
    private const int Sigxfsz = 25;
    private const short SetDefaultSignals = 0x04; // POSIX_SPAWN_SETSIGDEF

    // posix_spawnattr_t and sigset_t of glibc and musl have 336 and 128 bytes.
    private const nuint AttributeBytes = 512;
    private const nuint SetBytes = 128;

    /// <summary>Starts a program, found by the PATH, with the standard streams of this process and an environment of its own.</summary>
    /// <param name="arguments">The program and its arguments.</param>
    /// <param name="environment">Its variables, as in <c>NAME=value</c>.</param>
    /// <returns>The process id, or -errno.</returns>
    public static int Start(IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        byte** argv = Strings(arguments);
        byte** envp = Strings(environment);
        byte* attributes = (byte*)NativeMemory.AllocZeroed(AttributeBytes);
        byte* defaults = (byte*)NativeMemory.AllocZeroed(SetBytes);
        try
        {
            // What this command ignores for itself (the runtime does for SIGPIPE) would be ignored by the program, too.
            _ = AddSignal(defaults, Sigpipe);
            _ = AddSignal(defaults, Sigxfsz);
            _ = InitAttributes(attributes);
            _ = SetDefaults(attributes, defaults);
            _ = SetFlags(attributes, SetDefaultSignals);
            int id;
            int errno = Spawn(&id, argv[0], null, attributes, argv, envp);
            _ = DestroyAttributes(attributes);
            return errno == 0 ? id : -errno;
        }
        finally
        {
            NativeMemory.Free(defaults);
            NativeMemory.Free(attributes);
            Free(envp);
            Free(argv);
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code; 128 and the signal's number if a signal ended it.</returns>
    public static int Wait(int id)
    {
        int status;
        while (WaitFor(id, &status, 0) < 0 && Marshal.GetLastPInvokeError() == Errno.Eintr)
        {
        }

        int signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    }

    /// <summary>Sends it a signal.</summary>
    public static void Signal(int id, int signal) => _ = Kill(id, signal);

    private static byte** Strings(IReadOnlyList<string> texts)
    {
        byte** strings = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Count + 1) * (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            strings[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        return strings;
    }

    private static void Free(byte** strings)
    {
        for (byte** at = strings; *at != null; at++)
        {
            Marshal.FreeCoTaskMem((nint)(*at));
        }

        NativeMemory.Free(strings);
    }

    [LibraryImport("libc", EntryPoint = "posix_spawnp")]
    private static partial int Spawn(int* id, byte* file, void* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigaddset")]
    private static partial int AddSignal(byte* signals, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitFor(int id, int* status, int options);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);
}
