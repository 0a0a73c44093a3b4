namespace DaxEmu.Core.Tracing;

/// <summary>A fault of a trace: its start and its end, paired.</summary>
/// <param name="Task">The thread.</param>
/// <param name="Cpu">The processor on which it ended.</param>
/// <param name="Start">When it began, since the trace clock's zero.</param>
/// <param name="End">When it ended.</param>
/// <param name="Device">The file system's device.</param>
/// <param name="Order">4 KiB or 2 MiB.</param>
/// <param name="Fault">Its fields; of 4 KiB faults the trace prints neither the VMA's ends nor the file's.</param>
/// <param name="Result">What it came to.</param>
public readonly record struct RecordedFault(
    FtraceTask Task, int Cpu, TimeSpan Start, TimeSpan End, DeviceNumber Device, PageOrder Order, FaultEvent Fault, FaultResult Result);
