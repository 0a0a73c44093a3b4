namespace DaxEmu.Core.Checking;

/// <summary>
/// A power-cut test in its author's words: what a program does on a device, how it recovers from what a power cut left, and what must hold
/// then.
/// </summary>
/// <typeparam name="T">What recovery makes; disposed after the check if it can be.</typeparam>
/// <example>
/// A counter that is flushed but not drained, so that an acknowledged step may be lost:
/// <code>
/// var test = new PowerCutTest&lt;long&gt;
/// {
///     Name = "counter",
///     Workload = (device, progress) =&gt;
///     {
///         for (long i = 1; i &lt;= 3; i++)
///         {
///             progress.Begin($"count to {i}");
///             device.Store(0, BitConverter.GetBytes(i));
///             device.Flush(0, 8);
///             progress.Acknowledge();
///         }
///     },
///     Recover = image =&gt; BitConverter.ToInt64(image.Read(0, 8)),
///     Verify = (count, cut) =&gt; count &gt;= cut.AcknowledgedSteps &amp;&amp; count &lt;= cut.BegunSteps ? null : $"the counter is {count}",
/// };
/// Console.WriteLine(PowerCutRunner.Explore(test).Failures[0]);
/// </code>
/// </example>
public sealed class PowerCutTest<T> : PowerCutTest
{
    /// <summary>Recovers, as the program would after a restart. It reads from the image alone. What it throws is a failure.</summary>
    public required Func<CrashImage, T> Recover { get; init; }

    /// <summary>
    /// Checks what was recovered: null if all is well, else what is wrong. It may read on in the image that recovery has kept. What it throws is
    /// a failure.
    /// </summary>
    public required Func<T, PowerCut, string?> Verify { get; init; }

    internal override string? Check(CrashImage image, PowerCut cut)
    {
        T recovered = Recover(image);
        try
        {
            return Verify(recovered, cut);
        }
        finally
        {
            (recovered as IDisposable)?.Dispose();
        }
    }
}
