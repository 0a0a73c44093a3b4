namespace DaxEmu.Core.Tracing;

/// <summary>How a line of trace text begins.</summary>
public enum FtraceLayout
{
    /// <summary>As the kernel's file <c>trace</c>: with the column of interrupt flags.</summary>
    Kernel,

    /// <summary>As <c>trace-cmd report</c>: without it.</summary>
    TraceCmd,
}
