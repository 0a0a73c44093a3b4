using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Failures;

/// <summary>A step that can fail in the field, and on demand in a test.</summary>
internal enum FallibleStep
{
    /// <summary>Reserving native memory (ENOMEM).</summary>
    NativeMemory,

    /// <summary>Flushing caches or writing back by msync (EIO).</summary>
    Flush,

    /// <summary>Zeroing a new block (EIO).</summary>
    Zeroing,

    /// <summary>Taking a block (ENOSPC).</summary>
    BlockAllocation,

    /// <summary>Reading or changing an extent map (EIO).</summary>
    ExtentMap,

    /// <summary>Making metadata durable (EIO).</summary>
    Commit,

    /// <summary>Calling an observer of events, which may throw anything.</summary>
    Sink,

    /// <summary>Asking whether memory is poisoned: the first page asked for is reported as such.</summary>
    Poison,

    /// <summary>Waiting for a pin: may be cancelled or run out of time.</summary>
    Wait,
}

/// <summary>Decides which step of a thread fails. May throw instead of answering: that is an interruption at this step.</summary>
internal interface IFailurePlan
{
    /// <summary>Whether the step that is about to be taken fails.</summary>
    bool Fails(FallibleStep step);
}

/// <summary>
/// The one layer that every fallible step of the library passes, so that a test can let the n-th of them fail. Off in normal
/// processes: the just-in-time compiler sees a constant and leaves nothing of it.
/// </summary>
/// <remarks>A step asks before it has any effect: a step that fails has not happened.</remarks>
internal static class Fallible
{
    /// <summary>The name under which <see cref="AppContext"/> knows the switch.</summary>
    public const string Name = "DaxEmu.FailureInjection";

    private static readonly bool On = AppContext.TryGetSwitch(Name, out bool on) && on;

    [ThreadStatic]
    private static IFailurePlan? plan;

    /// <summary>What the steps of this thread are asked of; null for nothing.</summary>
    public static IFailurePlan? Plan
    {
        get => On ? plan : null;
        set => plan = On ? value : throw new InvalidOperationException($"The switch {Name} is off in this process.");
    }

    /// <summary>Whether a step fails that reports its error by value.</summary>
    public static bool Fails(FallibleStep step) => On && plan is { } asked && asked.Fails(step);

    /// <summary>Fails a step that throws.</summary>
    /// <exception cref="DaxEnvironmentException">It is to fail.</exception>
    public static void ThrowIfFails(FallibleStep step)
    {
        if (Fails(step))
        {
            throw new DaxEnvironmentException($"the step '{step}' was made to fail", "This happens in tests only.", Errno.Eio);
        }
    }
}
