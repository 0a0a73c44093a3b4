using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

/// <summary>A device's memory stays mapped while a reference is left, wherever it is counted.</summary>
public sealed class ReferenceCountsTests
{
    [Test]
    public void TheMemoryGoesWithTheLastReferenceWhicheverThreadsCount()
    {
        PmemDevice device = PmemDevice.CreateInMemory(2 << 20);
        int[] ways = new int[40];
        Thread[] threads = [.. Enumerable.Range(0, ways.Length).Select(i => new Thread(() => ways[i] = device.AddReference()))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(ways.Distinct().Count(), Is.GreaterThan(1), "threads count apart");
        device.ReleaseReference(ways[0]);
        device.Dispose();
        foreach (int way in ways.Skip(1))
        {
            Assert.That(device.IsGone, Is.False);
            device.ReleaseReference(way);
        }

        Assert.That(device.IsGone);
    }

    [Test]
    public void ADeviceThatIsClosedWithoutReferencesKeepsNothing()
    {
        PmemDevice device = PmemDevice.CreateInMemory(2 << 20);
        device.ReleaseReference(device.AddReference());
        device.ReleaseReference(device.AddReferenceUnchecked());
        Assert.That(device.IsGone, Is.False);
        device.Dispose();
        Assert.That(device.IsGone);
    }

    [Test]
    public void AHolderMayAddAReferenceAfterTheDeviceWasClosed()
    {
        PmemDevice device = PmemDevice.CreateInMemory(2 << 20);
        int first = device.AddReference();
        device.Dispose();
        int second = device.AddReferenceUnchecked();
        device.ReleaseReference(first);
        Assert.That(device.IsGone, Is.False);
        device.ReleaseReference(second);
        Assert.That(device.IsGone);
    }
}
