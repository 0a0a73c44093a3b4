using System.Runtime.InteropServices;
using DaxEmu.Native.Interpose;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>Where the system calls of an unmodified program arrive: entered by the code of dispatch.s.</summary>
/// <remarks>
/// Nothing leaves these functions but a result. They keep errno, which belongs to the program, and allocate no native memory for a call that may
/// come from inside malloc; dispatch.s has passed those on already.
/// </remarks>
internal static unsafe class ProgramDispatch
{
    private const int RtSigaction = 13;
    private const int SetRobustList = 273;
    private const int Rseq = 334;
    private const nint CloneVm = 0x100;

    private const int Served = 0;
    private const int PassedOn = 1;

    private static StubTable* table;
    private static DispatchedProgram? program;

    /// <summary>Called by the loader, once, before the program's own code, with all signals blocked.</summary>
    /// <returns>1 if the program's calls are dispatched from now on, 0 if it is left alone.</returns>
    [UnmanagedCallersOnly(EntryPoint = "__daxemu_start")]
    public static int Start(StubTable* stubs)
    {
        string problem;
        try
        {
            if (DispatchSettings.Read(Environment.GetEnvironmentVariable) is not { } settings)
            {
                return 0;
            }

            table = stubs;
            stubs->OnCall = &OnCall;
            stubs->OnHook = &OnHook;
            program = DispatchedProgram.Begin(stubs, settings);
            long result = stubs->Enable();
            if (result == 0)
            {
                return 1;
            }

            problem = $"this kernel cannot dispatch system calls ({Errno.Describe((int)-result)}): Linux 5.11 or newer is needed";
        }
#pragma warning disable CA1031 // There is no caller that could be told otherwise.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e.Message;
        }

        new Notes(null).Give(problem);
        ProcessEnd.Now(3);
        return 0;
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
        int outcome = program!.TryServe(new SystemCall(number, a0, a1, a2, a3, 0, 0), out *result) ? Served : PassedOn;
        Marshal.SetLastSystemError(error);
        return outcome;
    }

    private static int Serve(CallFrame frame)
    {
        switch (frame.Number)
        {
            case Rseq or SetRobustList:
                return PassedOn; // the thread is known from now on
            case RtSigaction:
                frame.Return(ProgramSignals.SetAction(table, (int)frame.A0, (KernelSignalAction*)frame.A1, (KernelSignalAction*)frame.A2, frame.A3));
                return Served;
            case Sys.Clone or Sys.Fork or Sys.Vfork or Sys.Clone3:
                program!.BeforeProcess(IsCopy(frame));
                return PassedOn;
            case StubTable.ForkIsNear:
                program!.BeforeProcess(isCopy: true);
                frame.Return(0);
                return Served;
            case Sys.ExitGroup:
                program!.End();
                return PassedOn;
            case Sys.Execve or Sys.Execveat:
                program!.BeforeExec();
                break;
            default:
                break;
        }

        if (!program!.TryServeDispatched(new SystemCall(frame.Number, frame.A0, frame.A1, frame.A2, frame.A3, frame.A4, frame.A5), out long result))
        {
            return PassedOn;
        }

        frame.Return(result);
        return Served;
    }

    // Whether the other process gets memory of its own. Where the flags of clone3 are, dispatch.s has looked before.
    private static bool IsCopy(CallFrame frame) => frame.Number switch
    {
        Sys.Vfork => false,
        Sys.Clone => (frame.A0 & CloneVm) == 0,
        Sys.Clone3 => (*(nint*)frame.A0 & CloneVm) == 0,
        _ => true,
    };
}
