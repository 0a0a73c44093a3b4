using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Interpose;

/// <summary>
/// rt_sigaction of the program. Its handlers are recorded and stand behind code that lets them wait while the thread is inside the library;
/// those of the signals that the library needs are recorded only.
/// </summary>
internal static unsafe class ProgramSignals
{
    private const int Sigsegv = 11;
    private const int Sigkill = 9;
    private const int Sigstop = 19;
    private const int Sigsys = 31;
    private const int Sigbus = 7;
    private const int MaskBytes = 8;
    private const int RtSigaction = 13;

    // A signal of the library's runtime, which stops threads for a collection by it: the first real-time signal that libc leaves to programs.
    private const int Activation = 34;

    // Blocked, they would end the process.
    private const ulong NeverBlocked = (1UL << (Sigsys - 1)) | (1UL << (Sigsegv - 1)) | (1UL << (Sigbus - 1));

    /// <summary>Takes over the signals, after the runtime has set its handlers. The dispatch is not on yet.</summary>
    /// <param name="table">Has what was there before the runtime came.</param>
    public static void TakeOver(StubTable* table)
    {
        for (int signal = 1; signal < StubTable.SignalCount; signal++)
        {
            KernelSignalAction* program = table->Actions + signal;
            KernelSignalAction now = default;
            if (signal is Sigkill or Sigstop || Call(signal, null, &now) != 0)
            {
                continue;
            }

            bool isRuntimes = now.Handler != program->Handler;
            if (isRuntimes)
            {
                table->RuntimeActions[signal] = now;
            }

            if (signal is Sigsegv or Sigsys)
            {
                Install(table, signal);
            }
            else if (signal != Activation && (isRuntimes || program->Handler is not (0 or 1)))
            {
                _ = Set(table, signal, *program);
            }
        }
    }

    /// <summary>Serves rt_sigaction.</summary>
    /// <returns>0 or -errno.</returns>
    public static long SetAction(StubTable* table, int signal, KernelSignalAction* action, KernelSignalAction* old, nint maskBytes)
    {
        if (maskBytes != MaskBytes || signal is <= 0 or >= StubTable.SignalCount || (action is not null && signal is Sigkill or Sigstop))
        {
            return -Errno.Einval;
        }

        KernelSignalAction former = table->Actions[signal];
        if (action is not null)
        {
            long result = Set(table, signal, *action);
            if (result != 0)
            {
                return result;
            }
        }

        if (old is not null)
        {
            *old = former;
        }

        return 0;
    }

    private static long Set(StubTable* table, int signal, KernelSignalAction action)
    {
        table->Actions[signal] = action;
        if (signal is Sigsegv or Sigsys or Activation)
        {
            return 0;
        }

        if (action.Handler is not (0 or 1))
        {
            action.Handler = table->OnProgramSignal;
            action.Flags = (action.Flags & ~KernelSignalAction.ResetHandler) | KernelSignalAction.WithInfo | KernelSignalAction.WithRestorer;
            action.Restorer = table->Restorer;
            action.Mask &= ~NeverBlocked;
        }
        else if (signal is 4 or 5 or 8 && table->RuntimeActions[signal].Handler is not (0 or 1))
        {
            // The runtime's own use of it goes on.
            action = new KernelSignalAction
            {
                Handler = table->OnProgramSignal,
                Flags = KernelSignalAction.WithInfo | KernelSignalAction.WithRestorer | KernelSignalAction.NoDefer,
                Restorer = table->Restorer,
            };
        }

        return Call(signal, &action, null);
    }

    private static void Install(StubTable* table, int signal)
    {
        // On the stack of the thread: an alternate one may be small. A call may be made, and a fault met, inside the handler of another.
        var action = new KernelSignalAction
        {
            Handler = signal == Sigsys ? table->OnSigsys : table->OnFaultSignal,
            Flags = KernelSignalAction.WithInfo | KernelSignalAction.WithRestorer | KernelSignalAction.NoDefer | KernelSignalAction.Restart,
            Restorer = table->Restorer,
        };
        _ = Call(signal, &action, null);
    }

    private static long Call(int signal, KernelSignalAction* action, KernelSignalAction* old) =>
        RawSystemCall.Invoke(RtSigaction, signal, (nint)action, (nint)old, MaskBytes);
}
