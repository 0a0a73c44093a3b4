using System.Globalization;
using DaxEmu.Core.Tracing.Ftrace;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// Writes events as the kernel's trace prints them, so that tools which read such text work unchanged: of a
/// <c>dax_pmd_fault_done</c> in the layout of trace-cmd, field 21 by white space is the result. What the kernel has no field for
/// (<see cref="DaxEvent.Reason"/>) is left out.
/// </summary>
public static class FtraceText
{
    /// <summary>No line is longer, in characters, as long as the thread's name has at most 64.</summary>
    public const int MaximumLineLength = 640;

    private const int CommWidth = 16;
    private const int SecondsWidth = 5;
    private const int KernelPidWidth = 7;
    private const int TraceCmdPidWidth = 5;

    // The kernel prints a hashed address here. The emulator has one zero page, and no address to show.
    private const string ZeroFolio = " zero_folio 0000000000000001";
    private const string NoFolio = " zero_folio 0000000000000000";

    /// <summary>Writes one line, without its end. Allocates nothing.</summary>
    /// <param name="record">What to write.</param>
    /// <param name="layout">How the line begins.</param>
    /// <param name="destination">Where to; <see cref="MaximumLineLength"/> characters suffice.</param>
    /// <returns>The characters written.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static int Format(in FtraceRecord record, FtraceLayout layout, Span<char> destination)
    {
        var line = new FtraceLineWriter(destination);
        PutStart(record, layout, ref line);
        PutFields(record.Event, ref line);
        return line.Fits
            ? line.Length
            : throw new ArgumentException($"the line needs more than {destination.Length} characters.", nameof(destination));
    }

    /// <summary>One line, without its end.</summary>
    public static string Format(in FtraceRecord record, FtraceLayout layout)
    {
        Span<char> line = stackalloc char[MaximumLineLength];
        return new string(line[..Format(record, layout, line)]);
    }

    private static void PutStart(in FtraceRecord record, FtraceLayout layout, ref FtraceLineWriter line)
    {
        line.Right(record.Task.Comm, CommWidth);
        line.Text("-");
        int before = line.Length;
        line.Decimal(record.Task.Pid);
        line.Spaces((layout == FtraceLayout.Kernel ? KernelPidWidth : TraceCmdPidWidth) - (line.Length - before));
        line.Text(" [");
        line.Decimal(record.Cpu, "D3");
        line.Text(layout == FtraceLayout.Kernel ? "] ..... " : "] ");
        PutTime(record.Time, ref line);
        line.Text(": ");
        line.Text(TraceNames.Of(record.Event.Kind));
        line.Text(": dev ");
        line.Decimal(record.Device.Major);
        line.Text(":");
        line.Decimal(record.Device.Minor);
        line.Hex(" ino ", record.Event.Ino);
    }

    private static void PutTime(TimeSpan time, ref FtraceLineWriter line)
    {
        (long seconds, long ticks) = Math.DivRem(time.Ticks, TimeSpan.TicksPerSecond);
        Span<char> digits = stackalloc char[20];
        seconds.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        line.Right(digits[..length], SecondsWidth);
        line.Text(".");
        line.Decimal(ticks / TimeSpan.TicksPerMicrosecond, "D6");
    }

    private static void PutFields(in DaxEvent e, ref FtraceLineWriter line)
    {
        switch (e.Kind)
        {
            case DaxEventKind.PmdLoadHole:
            case DaxEventKind.PmdLoadHoleFallback:
                line.Text(e.Fault.Shared ? " shared" : " private");
                line.Hex(" address ", e.Fault.Address);
                line.Text(e.Kind == DaxEventKind.PmdLoadHole ? ZeroFolio : NoFolio);
                line.Hex(" radix_entry ", (long)e.RadixEntry);
                break;
            case DaxEventKind.WritebackRange:
            case DaxEventKind.WritebackRangeDone:
                line.Hex(" pgoff ", e.Index.Value);
                line.Hex("-", e.Last.Value);
                break;
            case DaxEventKind.WritebackOne:
            case DaxEventKind.EntryWait:
            case DaxEventKind.EntryConflict:
            case DaxEventKind.EntryWake:
                line.Hex(" pgoff ", e.Index.Value);
                line.Hex(" pglen ", e.PageCount);
                if (e.Kind == DaxEventKind.EntryWake)
                {
                    line.Text(e.WakesAll ? " mode all" : " mode next");
                }

                break;
            default:
                PutFault(e, ref line);
                break;
        }
    }

    private static void PutFault(in DaxEvent e, ref FtraceLineWriter line)
    {
        FaultEvent fault = e.Fault;
        bool isPmd = e.Kind is DaxEventKind.PmdFault or DaxEventKind.PmdFaultDone;
        line.Text(fault.Shared ? " shared " : " private ");
        line.Text(TraceNames.Of(fault.Flags));
        line.Hex(" address ", fault.Address);
        if (isPmd)
        {
            line.Hex(" vm_start ", fault.VmStart);
            line.Hex(" vm_end ", fault.VmEnd);
        }

        line.Hex(" pgoff ", fault.Index.Value);
        if (isPmd)
        {
            line.Hex(" max_pgoff ", fault.MaxIndex.Value);
        }

        line.Text(" ");
        line.Text(TraceNames.Of(e.Result));
    }
}
