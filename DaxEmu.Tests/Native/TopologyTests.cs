using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class TopologyTests
{
    [Test]
    public void AtLeastOneCpuIsAllowedAndTheCurrentIsOneOfThem()
    {
        Assert.That(Topology.AllowedCpus(), Is.Not.Empty.And.Ordered.And.Unique);
        Assert.That(Topology.AllowedCpuCount, Is.EqualTo(Topology.AllowedCpus().Count));
        Assert.That(Topology.AllowedCpus(), Does.Contain(Topology.CurrentCpu));
    }

    [Test]
    public void APinnedThreadStaysOnItsCpuUntilThePinEnds() => OnThread(() =>
    {
        IReadOnlyList<int> before = Topology.AllowedCpus();
        foreach (int cpu in before)
        {
            using (Topology.Pin(cpu))
            {
                Assert.That(Topology.AllowedCpus(), Is.EqualTo(new[] { cpu }));
                Assert.That(Topology.CurrentCpu, Is.EqualTo(cpu));
            }

            Assert.That(Topology.AllowedCpus(), Is.EqualTo(before));
        }
    });

    [TestCase(8191)]
    [TestCase(100_000)]
    public void ACpuThatIsNotAllowedIsNamedBesideThoseThatAre(int cpu) => Assert.That(
        () => Topology.Pin(cpu),
        Throws.InstanceOf<DaxEnvironmentException>()
            .With.Message.Contains($"CPU {cpu}").And.Message.Contains(string.Join(',', Topology.AllowedCpus())));

    [Test]
    public void AnotherThreadCannotEndAPin() => OnThread(() =>
    {
        using CpuPin pin = Topology.Pin(Topology.AllowedCpus()[0]);
        Exception? problem = null;
        OnThread(() => problem = Assert.Catch(pin.Dispose));

        Assert.That(problem, Is.InstanceOf<InvalidOperationException>());
    });

    private static void OnThread(Action action)
    {
        Exception? problem = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception failure)
            {
                problem = failure;
            }
        });
        thread.Start();
        thread.Join();
        if (problem is not null)
        {
            throw new AssertionException(problem.Message, problem);
        }
    }
}
