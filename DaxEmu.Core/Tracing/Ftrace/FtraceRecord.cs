namespace DaxEmu.Core.Tracing;

/// <summary>One line of the kernel's trace text.</summary>
/// <param name="Task">The thread.</param>
/// <param name="Cpu">The processor it ran on.</param>
/// <param name="Time">Since the trace clock's zero.</param>
/// <param name="Device">The file system's device.</param>
/// <param name="Event">What happened; fields that the line does not print are 0.</param>
public readonly record struct FtraceRecord(FtraceTask Task, int Cpu, TimeSpan Time, DeviceNumber Device, DaxEvent Event);
