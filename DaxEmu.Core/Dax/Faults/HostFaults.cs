using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Signals;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The process's page faults at addresses of a <see cref="HostMapping"/>, served on the thread that faults.</summary>
internal static unsafe class HostFaults
{
    private const int BusAdrErr = 2;
    private const int BusMceErrAr = 4;

    private static readonly Lock Gate = new();
    private static bool isInstalled;
    private static volatile HostFaultPolicy policy;

    [ThreadStatic]
    private static IoError copyError;

    /// <summary>What the faults came to.</summary>
    public static HostFaultCounts Counts { get; } = new();

    /// <summary>Puts the handler in front of the process's own; again does nothing.</summary>
    /// <exception cref="Native.DaxEnvironmentException">The process may not have executable memory of its own.</exception>
    public static void Install()
    {
        lock (Gate)
        {
            if (!isInstalled)
            {
                FaultEntry.Install(&OnSignal);
                if (!RuntimeFeature.IsDynamicCodeSupported)
                {
                    // A runtime that compiles as it goes has threads that a child does not have; its own children exec at once.
                    _ = SignalCalls.RegisterAtFork(0, 0, &OnFork, 0);
                }

                isInstalled = true;
            }
        }
    }

    /// <summary>What an access gets that cannot be served; for the process.</summary>
    public static HostFaultPolicy Policy
    {
        get => policy;
        set => policy = value;
    }

    /// <summary>What ended this thread's last copy (<see cref="FaultEntry.TryCopy"/>) that did not reach its end; none for an address of no mapping.</summary>
    public static IoError CopyError => copyError;

    /// <summary>Sets the addresses whose faults are looked at; none where the accessing code could be managed code of this runtime.</summary>
    internal static void ServeRange(nint low, nint high)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            FaultEntry.Serve(low, high);
        }
    }

    // The interrupted code is native, as this runtime sees it (FaultEntry has seen to that), and may be anything else: errno is left as it was, nothing is
    // allocated by malloc, and no lock is entered that it may hold.
    [UnmanagedCallersOnly]
    private static int OnSignal(int signal, nint info, nint context)
    {
        int errno = Marshal.GetLastSystemError();
        try
        {
            return Serve(new FaultFrame(info, context)) ? 0 : 1;
        }
        catch (Exception failure)
        {
            // There is no caller that could be told, and no way to go on: the access would fault again.
            Environment.FailFast("A page fault at a mapping of a DAX file could not be served.", failure);
            return 1;
        }
        finally
        {
            Marshal.SetLastSystemError(errno);
        }
    }

    // A child has its own copy of the tables and of all that orders them, so what it stored would not be known to the file: it loses the mappings of its parent. An access there
    // is a SIGSEGV of its own.
    [UnmanagedCallersOnly]
    private static void OnFork()
    {
        int errno = Marshal.GetLastSystemError();
        HostMapping.ForgetInChild();
        Marshal.SetLastSystemError(errno);
    }

    private static bool Serve(FaultFrame frame)
    {
        if (!frame.IsFault)
        {
            return false;
        }

        bool isCopy = FaultEntry.IsCopy(frame.Instruction);
        HostMapping? mapping = frame.IsFetch ? null : HostMapping.Find(frame.Address);
        IoError error = IoError.None;
        HostFaultVerdict verdict = HostFaultVerdict.Foreign;
        if (mapping is not null)
        {
            long begin = Stopwatch.GetTimestamp();
            verdict = mapping.Serve(frame.Address, frame.IsWrite, out error);
            Counts.CountSignal(frame.IsWrite, (long)Stopwatch.GetElapsedTime(begin).TotalNanoseconds);
        }

        if (verdict == HostFaultVerdict.Served)
        {
            return true;
        }

        if (isCopy)
        {
            copyError = verdict == HostFaultVerdict.Foreign && mapping is not null ? IoError.ReadOnly : error;
            FaultEntry.EndCopy(frame);
            return true;
        }

        if (verdict == HostFaultVerdict.Bus || (mapping is not null && policy == HostFaultPolicy.Null))
        {
            SendBus(frame, error);
            return true;
        }

        return false;
    }

    // The signal is blocked until this handler ends: it arrives then, with the registers of the access, as the kernel would raise it. Not blocked by
    // sigaction: a handler that this one passes a foreign fault on to may never return (the runtime's throws), and the signal would stay blocked.
    private static void SendBus(FaultFrame frame, IoError error)
    {
        Counts.CountBus();
        if (frame.IsBlocked(SignalCalls.Sigbus))
        {
            // The kernel ends a process that blocks the signal of its own fault.
            SignalCalls.SigAction byDefault = default;
            _ = SignalCalls.Sigaction(SignalCalls.Sigbus, &byDefault, null);
            frame.Unblock(SignalCalls.Sigbus);
        }

        bool isNull = policy == HostFaultPolicy.Null;
        bool isLost = error == IoError.Poison && !isNull;
        SignalCalls.SigInfo info = default;
        info.Signal = SignalCalls.Sigbus;
        info.Code = isLost ? BusMceErrAr : BusAdrErr;
        info.Address = isNull ? frame.Address & (DaxConstants.PageSize - 1) : frame.Address;
        info.AddressLsb = isLost ? (short)DaxConstants.PageShift : (short)0;
        SignalCalls.Block(SignalCalls.Sigbus);
        _ = SignalCalls.QueueToSelf(SignalCalls.Sigbus, &info);
    }
}
