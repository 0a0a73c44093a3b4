using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Failures;

/// <summary>Whatever step fails, files stay whole.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FailureSweepTests
{
    private static IEnumerable<string> Swept => Effort.Part(FailureSweep.Operations, every: 4);

    [Test]
    public void AnOperationWhoseAnyStepFailsHappensAsAWholeOrNotAtAll([ValueSource(nameof(Swept))] string operation) =>
        Assert.That(FailureSweep.Run(operation), Is.Empty);

    [Test]
    public void StepsOfEveryKindAreMadeToFail()
    {
        Dictionary<string, int> steps = FailureSweep.Operations
            .SelectMany(FailureSweep.CountSteps)
            .GroupBy(s => s.Key)
            .ToDictionary(g => g.Key, g => g.Sum(s => s.Value));
        TestContext.Out.WriteLine(string.Join(", ", steps.Select(s => $"{s.Key} {s.Value}")));
        Assert.That(steps.Keys, Is.EquivalentTo(Enum.GetNames<FallibleStep>()));
        Assert.That(steps.Values.Sum(), Is.GreaterThan(1500), "a hook is gone");
    }
}
