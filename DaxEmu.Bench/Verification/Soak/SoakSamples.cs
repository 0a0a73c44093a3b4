namespace DaxEmu.Bench.Verification.Soak;

/// <summary>How a soak went over an interval.</summary>
/// <param name="Seconds">The interval's end, from the start.</param>
/// <param name="OperationsPerSecond">Operations of all threads.</param>
/// <param name="ResidentBytes">Memory of the process, the device's included.</param>
/// <param name="ManagedBytes">Memory of the runtime's heap.</param>
internal readonly record struct SoakSample(double Seconds, double OperationsPerSecond, long ResidentBytes, long ManagedBytes);

/// <summary>The course of a soak in at most a hundred samples: when they are too many, each two become one.</summary>
internal sealed class SoakSamples
{
    /// <summary>The most that are kept.</summary>
    public const int Capacity = 100;

    private readonly List<SoakSample> samples = new(Capacity);
    private double secondsPerSample = 1;
    private double lastSeconds;
    private long lastOperations;

    /// <summary>The samples, in order.</summary>
    public IReadOnlyList<SoakSample> All => samples;

    /// <summary>The last sample.</summary>
    public SoakSample Last => samples.Count == 0 ? default : samples[^1];

    /// <summary>Takes a sample if it is time for one.</summary>
    public void Look(TimeSpan elapsed, long operations)
    {
        if (elapsed.TotalSeconds - lastSeconds >= secondsPerSample)
        {
            Add(elapsed.TotalSeconds, operations, Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false));
        }
    }

    /// <summary>Adds a sample.</summary>
    public void Add(double seconds, long operations, long residentBytes, long managedBytes)
    {
        samples.Add(new SoakSample(seconds, (operations - lastOperations) / (seconds - lastSeconds), residentBytes, managedBytes));
        lastSeconds = seconds;
        lastOperations = operations;
        if (samples.Count == Capacity)
        {
            Thin();
        }
    }

    // The second of each two stays, with both's operations.
    private void Thin()
    {
        double begin = 0;
        for (int i = 0; i < Capacity / 2; i++)
        {
            SoakSample first = samples[2 * i];
            SoakSample second = samples[(2 * i) + 1];
            double operations = (first.OperationsPerSecond * (first.Seconds - begin)) + (second.OperationsPerSecond * (second.Seconds - first.Seconds));
            samples[i] = second with { OperationsPerSecond = operations / (second.Seconds - begin) };
            begin = second.Seconds;
        }

        samples.RemoveRange(Capacity / 2, Capacity / 2);
        secondsPerSample *= 2;
    }
}
