namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>The thread of a trace line.</summary>
/// <param name="Comm">Its name: at most 15 characters in the kernel.</param>
/// <param name="Pid">Its id: the kernel's <c>pid</c>, which is a thread's own.</param>
public sealed record FtraceTask(string Comm, int Pid);

/// <summary>The device that a trace line names (<c>dev</c>).</summary>
/// <param name="Major">Its major number.</param>
/// <param name="Minor">Its minor number.</param>
public readonly record struct DeviceNumber(int Major, int Minor);

/// <summary>One line of the kernel's trace text.</summary>
/// <param name="Task">The thread.</param>
/// <param name="Cpu">The processor it ran on.</param>
/// <param name="Time">Since the trace clock's zero.</param>
/// <param name="Device">The file system's device.</param>
/// <param name="Event">What happened; fields that the line does not print are 0.</param>
public readonly record struct FtraceRecord(FtraceTask Task, int Cpu, TimeSpan Time, DeviceNumber Device, DaxEvent Event);

/// <summary>How a line of trace text begins.</summary>
public enum FtraceLayout
{
    /// <summary>As the kernel's file <c>trace</c>: with the column of interrupt flags.</summary>
    Kernel,

    /// <summary>As <c>trace-cmd report</c>: without it.</summary>
    TraceCmd,
}
