using DaxEmu.Bench.Verification.Conflicts;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification;

/// <summary>Operations that commute share no cache line that one of them writes, but for those with a reason.</summary>
[NonParallelizable]
public sealed class ConflictTests : IDisposable
{
    private static readonly string[] Few = ["read fault", "insert", "write back", "append", "truncate", "pin, unpin"];

    private readonly ConflictThreads threads = new();

    public void Dispose() => threads.Dispose();

    [Test]
    public void CommutingOperationsShareNoWrittenLineWithoutAReason()
    {
        ConflictReport report = Run(new EmulatorOperations());
        Assert.That(!Effort.IsThorough || report.IsGood, report.Text);
        Assert.Multiple(() =>
        {
            Assert.That(report.Different.Select(pair => $"{pair.One.Name} / {pair.Other.Name}: {pair.Difference}"), Is.Empty);
            Assert.That(report.Unexplained, Is.Empty);
            Assert.That(SharedBy(report, "two files", "append", "append"), Is.Empty);
            Assert.That(SharedBy(report, "two files", "insert", "truncate"), Is.Empty);
            Assert.That(SharedBy(report, "one 2 MiB", "insert", "insert"), Is.Empty);
            Assert.That(SharedBy(report, "one page", "read fault", "read fault"), Is.EqualTo(["entry word of page 8 of file 1 (written | written)"]));
        });
    }

    [Test]
    public void TheReportIsTheSameOnEveryRun()
    {
        string text = Run(new RadixOperations()).Text() + Run(new EmulatorOperations(), "append", "write back").Text();
        Assert.That(Run(new RadixOperations()).Text() + Run(new EmulatorOperations(), "append", "write back").Text(), Is.EqualTo(text));
        Assert.That(text, Does.Contain("locked-radix: 15 of 37 commuting pairs share no written line"));
    }

    // All of them where there is time.
    private ConflictReport Run(IConflictEngine engine, params string[] names)
    {
        string[] chosen = names.Length > 0 ? names : Few;
        bool isWhole = (Effort.IsThorough && names.Length == 0) || engine is RadixOperations;
        return new ConflictReport(engine, new ConflictRunner(engine, threads).Run(
            (relation, one, other) => isWhole || (relation.Name is "one page" or "one 2 MiB" or "two files" && chosen.Contains(one.Name) && chosen.Contains(other.Name)),
            (_, _) => { },
            CancellationToken.None));
    }

    private static IEnumerable<string> SharedBy(ConflictReport report, string relation, string one, string other) =>
        report.Counted.Single(pair => pair.Relation.Name == relation && pair.One.Name == one && pair.Other.Name == other).Lines.Select(line => line.ToString());
}
