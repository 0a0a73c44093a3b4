using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Atomics;

public sealed class InterleavingSwitchTests
{
    [Test]
    public void TheTestAssemblyRunsWithTheSwitchOn() =>
        Assert.That(InterleavingSwitch.IsOn, Is.True, "the runtime configuration of the tests must set the switch");
}
