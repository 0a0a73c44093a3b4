namespace DaxEmu.Core.Tracing;

/// <summary>The thread of a trace line.</summary>
/// <param name="Comm">Its name: at most 15 characters in the kernel.</param>
/// <param name="Pid">Its id: the kernel's <c>pid</c>, which is a thread's own.</param>
public sealed record FtraceTask(string Comm, int Pid);
