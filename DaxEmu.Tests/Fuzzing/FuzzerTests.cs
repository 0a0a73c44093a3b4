using DaxEmu.Tests.Fuzzing.Inputs;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>The fuzzer sees what it must see, and can do a case again.</summary>
[NonParallelizable]
public sealed class FuzzerTests
{
    private static readonly FuzzLimits Quick = FuzzLimits.Promised with { Time = TimeSpan.FromSeconds(2), StopTime = TimeSpan.FromMilliseconds(400), MemoryBytes = 100L << 20 };

    [Test]
    public void EachPlantedFaultIsReportedForWhatItIs()
    {
        var run = new FuzzRun(FuzzKind.Planted, 1, Quick);
        var reported = run.Run(0, PlantedFaults.All.Count).ToDictionary(f => f.Case.Number, f => f.Complaint.Kind);
        Assert.Multiple(() =>
        {
            for (int i = 0; i < PlantedFaults.All.Count; i++)
            {
                Assert.That(reported.TryGetValue(i, out ComplaintKind kind) ? kind : (ComplaintKind?)null, Is.EqualTo(PlantedFaults.All[i].Expected), PlantedFaults.All[i].Name);
            }
        });
        Assert.That(run.DoneCount, Is.EqualTo(PlantedFaults.All.Count), "the cases behind one that ends the process are run, too");
    }

    [TestCase("", false)]
    [TestCase("{}", true)]
    [TestCase("{}\n", true)]
    [TestCase("{}\n{}\n", false)]
    [TestCase("[1,]", false)]
    [TestCase("text\n{}", false)]
    public void JsonIsOneDocumentAndNothingElse(string output, bool isRight) =>
        Assert.That(OutputRules.Check(0, output, string.Empty, asksForJson: true)?.Kind, isRight ? Is.Null : Is.EqualTo(ComplaintKind.Json));

    [Test]
    public void ACaseIsMadeAgainFromSeedAndNumberAlone()
    {
        for (int number = 0; number < 100; number++)
        {
            FuzzInput one = FuzzCase.Of(7, number).Make();
            FuzzInput two = FuzzCase.Of(7, number).Make();
            Assert.That(two.Arguments, Is.EqualTo(one.Arguments));
            Assert.That(two.Files.Select(f => f.Name), Is.EqualTo(one.Files.Select(f => f.Name)));
            Assert.That(two.Files.Zip(one.Files).All(p => p.First.Content.AsSpan().SequenceEqual(p.Second.Content)), $"case {number}");
        }
    }

    [Test]
    public void TheTableOfValuesKnowsEveryOption() => Assert.That(CommandInput.OptionsWithoutValues, Is.Empty);

    [Test]
    public void NoCommandLineLeavesItsFolder()
    {
        for (int number = 0; number < (Effort.IsThorough ? 5000 : 1000); number++)
        {
            foreach (string argument in new FuzzCase(FuzzKind.Command, 3, number).Make().Arguments)
            {
                Assert.That(argument, Does.Not.Contain("..").And.Not.Contain("=/").And.Not.Contain(":/").And.Not.StartWith("/"), $"case {number}");
            }
        }
    }
}
