using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Cli;

/// <summary>
/// Turns INT, TERM, HUP and QUIT into one cancellation, and sees to it that the process ends soon after: a verb has
/// <see cref="TimeToEnd"/> to print what it has. A second signal ends the process at once. A signal that the parent has it ignore (nohup)
/// stays ignored. USR1 stops nothing: what runs says how far it is.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>From the signal to the end of the process.</summary>
    public static readonly TimeSpan TimeToEnd = TimeSpan.FromMilliseconds(1300);

    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private static volatile Action<PosixSignal>? forwarded;
    private int count;

    /// <summary>Watches from here on.</summary>
    public StopSignals()
    {
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
        {
            registrations.Add(PosixSignalRegistration.Create(signal, Stop));
        }

        registrations.Add(PosixSignalRegistration.Create((PosixSignal)StatusRequests.Signal, Show));

        // Past a limit of file sizes a write then fails with EFBIG, which says what is wrong.
        IgnoredSignals.IgnoreFileSizeLimit();
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Hands signals on instead, until what is returned is disposed: to a program that runs in the foreground, and decides itself.</summary>
    public static IDisposable Forward(Action<PosixSignal> receiver)
    {
        forwarded = receiver;
        return new Forwarding();
    }

    public void Dispose()
    {
        registrations.ForEach(r => r.Dispose());
        registrations.Clear();
    }

    private static void Show(PosixSignalContext context)
    {
        context.Cancel = true;
        if (forwarded is { } receiver)
        {
            receiver(context.Signal);
        }
        else
        {
            StatusRequests.Raise();
        }
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        if (forwarded is { } receiver)
        {
            receiver(context.Signal);
            return;
        }

        if (Interlocked.Increment(ref count) > 1)
        {
            ProcessEnd.Now((int)ExitCode.TimeLimit);
        }

        new Thread(EndInTime) { IsBackground = true, Name = "stop" }.Start();
        source.Cancel();
    }

    // A verb that does not come to its end waits for something that a cancellation does not reach. What it made has no name any more.
    private static void EndInTime()
    {
        Thread.Sleep(TimeToEnd);
        Console.Error.WriteLine($"daxemu: stopped; what was running did not come to an end within {TimeToEnd.TotalSeconds:0.0} s.");
        ProcessEnd.Now((int)ExitCode.TimeLimit);
    }

    private sealed class Forwarding : IDisposable
    {
        public void Dispose() => forwarded = null;
    }
}
