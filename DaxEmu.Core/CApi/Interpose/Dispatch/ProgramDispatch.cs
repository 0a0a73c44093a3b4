using System.Runtime.InteropServices;
using DaxEmu.Native.Elf;
using DaxEmu.Native.Interpose;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>Where the system calls of an unmodified program arrive: entered by the code of dispatch.s.</summary>
internal static unsafe class ProgramDispatch
{
    private const int RtSigaction = 13;
    private const int Served = 0;
    private const int PassedOn = 1;

    private static StubTable* table;

    /// <summary>Called by the loader, once, before the program's own code.</summary>
    /// <returns>1 if the program's calls are dispatched from now on, 0 if it is left alone.</returns>
    [UnmanagedCallersOnly(EntryPoint = "__daxemu_start")]
    public static int Start(StubTable* stubs)
    {
        try
        {
            return Begin(stubs);
        }
#pragma warning disable CA1031 // Nothing may leave a function that is called from native code.
        catch (Exception)
#pragma warning restore CA1031
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    private static int OnCall(nint info, nint context)
    {
        int error = Marshal.GetLastSystemError();
        int outcome = Serve(new CallFrame(context));
        Marshal.SetLastSystemError(error);
        return outcome;
    }

    [UnmanagedCallersOnly]
    private static int OnHook(nint a0, nint a1, nint a2, nint a3, int number, long* result)
    {
        int error = Marshal.GetLastSystemError();
        int outcome = TryServe(number, a0, a1, a2, a3, 0, 0, out *result) ? Served : PassedOn;
        Marshal.SetLastSystemError(error);
        return outcome;
    }

    private static int Serve(CallFrame frame)
    {
        if (frame.Number == RtSigaction)
        {
            frame.Return(ProgramSignals.SetAction(table, (int)frame.A0, (KernelSignalAction*)frame.A1, (KernelSignalAction*)frame.A2, frame.A3));
            return Served;
        }

        if (!TryServe(frame.Number, frame.A0, frame.A1, frame.A2, frame.A3, frame.A4, frame.A5, out long result))
        {
            return PassedOn;
        }

        frame.Return(result);
        return Served;
    }

    private static bool TryServe(int number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5, out long result)
    {
        result = 0;
        return false;
    }

    private static int Begin(StubTable* stubs)
    {
        if (Environment.GetEnvironmentVariable("DAXEMU_VOLUME") is null)
        {
            return 0;
        }

        table = stubs;
        RawSystemCall.LeaveThrough(stubs->RawCall);
        CallClasses.Fill(stubs->Classes);
        stubs->OnCall = &OnCall;
        stubs->OnHook = &OnHook;
        stubs->OnFault = stubs->FaultDeclined;
        ProgramSignals.TakeOver(stubs);
        Hook(stubs);
        return stubs->Enable() == 0 ? 1 : 0;
    }

    private static void Hook(StubTable* stubs)
    {
        var functions = new Dictionary<string, nint>();
        for (HookedFunction* hook = stubs->Hooks; hook->Name != null; hook++)
        {
            functions.Add(Marshal.PtrToStringUTF8((nint)hook->Name)!, hook->Code);
        }

        _ = ImportTables.Redirect(functions, name => name.Contains("libdaxemu", StringComparison.Ordinal) || name.Contains("libc.so", StringComparison.Ordinal));
    }
}
