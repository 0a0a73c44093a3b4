using System.Globalization;

namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>
/// Writes events as the kernel's trace prints them, so that tools which read such text work unchanged: of a
/// <c>dax_pmd_fault_done</c> in the layout of trace-cmd, field 21 by white space is the result. What the kernel has no field for
/// (<see cref="DaxEvent.Reason"/>) is left out.
/// </summary>
public static class FtraceText
{
    /// <summary>No line is longer, in characters, as long as the thread's name has at most 64.</summary>
    public const int MaximumLineLength = 640;

    // The kernel prints a hashed address here. The emulator has one zero page, and no address to show.
    private const string ZeroFolio = "0000000000000001";
    private const string NoFolio = "0000000000000000";

    /// <summary>Writes one line, without its end. Allocates nothing.</summary>
    /// <param name="record">What to write.</param>
    /// <param name="layout">How the line begins.</param>
    /// <param name="destination">Where to; <see cref="MaximumLineLength"/> characters suffice.</param>
    /// <returns>The characters written.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static int Format(in FtraceRecord record, FtraceLayout layout, Span<char> destination)
    {
        if (!PutStart(record, layout, destination, out int start) || !PutFields(record.Event, destination[start..], out int fields))
        {
            throw new ArgumentException($"the line needs more than {destination.Length} characters.", nameof(destination));
        }

        return start + fields;
    }

    /// <summary>One line, without its end.</summary>
    public static string Format(in FtraceRecord record, FtraceLayout layout)
    {
        Span<char> line = stackalloc char[MaximumLineLength];
        return new string(line[..Format(record, layout, line)]);
    }

    private static bool PutStart(in FtraceRecord record, FtraceLayout layout, Span<char> line, out int length)
    {
        (long seconds, long ticks) = Math.DivRem(record.Time.Ticks, TimeSpan.TicksPerSecond);
        long micros = ticks / TimeSpan.TicksPerMicrosecond;
        string name = TraceNames.Of(record.Event.Kind);
        FtraceTask task = record.Task;
        DeviceNumber device = record.Device;
        CultureInfo culture = CultureInfo.InvariantCulture;
        return layout == FtraceLayout.Kernel
            ? line.TryWrite(
                culture,
                $"{task.Comm,16}-{task.Pid,-7} [{record.Cpu:D3}] ..... {seconds,5}.{micros:D6}: {name}: dev {device.Major}:{device.Minor} ino 0x{record.Event.Ino:x} ",
                out length)
            : line.TryWrite(
                culture,
                $"{task.Comm,16}-{task.Pid,-5} [{record.Cpu:D3}] {seconds,5}.{micros:D6}: {name}: dev {device.Major}:{device.Minor} ino 0x{record.Event.Ino:x} ",
                out length);
    }

    private static bool PutFields(in DaxEvent e, Span<char> line, out int length)
    {
        FaultEvent fault = e.Fault;
        string shared = fault.Shared ? "shared" : "private";
        CultureInfo culture = CultureInfo.InvariantCulture;
        switch (e.Kind)
        {
            case DaxEventKind.PmdFault:
            case DaxEventKind.PmdFaultDone:
                return line.TryWrite(
                    culture,
                    $"{shared} {TraceNames.Of(fault.Flags)} address 0x{fault.Address:x} vm_start 0x{fault.VmStart:x} vm_end 0x{fault.VmEnd:x} pgoff 0x{fault.Index.Value:x} max_pgoff 0x{fault.MaxIndex.Value:x} {TraceNames.Of(e.Result)}",
                    out length);
            case DaxEventKind.PmdLoadHole:
            case DaxEventKind.PmdLoadHoleFallback:
                string folio = e.Kind == DaxEventKind.PmdLoadHole ? ZeroFolio : NoFolio;
                return line.TryWrite(
                    culture, $"{shared} address 0x{fault.Address:x} zero_folio {folio} radix_entry 0x{e.RadixEntry:x}", out length);
            case DaxEventKind.WritebackRange:
            case DaxEventKind.WritebackRangeDone:
                return line.TryWrite(culture, $"pgoff 0x{e.Index.Value:x}-0x{e.Last.Value:x}", out length);
            case DaxEventKind.EntryWake:
                string mode = e.WakesAll ? "all" : "next";
                return line.TryWrite(culture, $"pgoff 0x{e.Index.Value:x} pglen 0x{e.PageCount:x} mode {mode}", out length);
            case DaxEventKind.WritebackOne:
            case DaxEventKind.EntryWait:
            case DaxEventKind.EntryConflict:
                return line.TryWrite(culture, $"pgoff 0x{e.Index.Value:x} pglen 0x{e.PageCount:x}", out length);
            default:
                return line.TryWrite(
                    culture,
                    $"{shared} {TraceNames.Of(fault.Flags)} address 0x{fault.Address:x} pgoff 0x{fault.Index.Value:x} {TraceNames.Of(e.Result)}",
                    out length);
        }
    }
}
