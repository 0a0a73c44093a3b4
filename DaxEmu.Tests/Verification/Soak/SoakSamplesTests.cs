using DaxEmu.Bench.Verification.Soak;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>A course of hours in a hundred samples.</summary>
public sealed class SoakSamplesTests
{
    [Test]
    public void ManySamplesBecomeFewAndKeepTheOperations()
    {
        var samples = new SoakSamples();
        for (int i = 1; i <= 5000; i++)
        {
            samples.Add(i, operations: i * 100L, residentBytes: i, managedBytes: 2 * i);
        }

        Assert.That(samples.All, Has.Count.LessThan(SoakSamples.Capacity));
        Assert.That(samples.All.Select(s => s.OperationsPerSecond), Has.All.EqualTo(100).Within(1e-6));
        Assert.That(samples.All.Select(s => s.Seconds), Is.Ordered);
        Assert.That(samples.Last, Is.EqualTo(new SoakSample(5000, samples.Last.OperationsPerSecond, 5000, 10000)));
    }
}
