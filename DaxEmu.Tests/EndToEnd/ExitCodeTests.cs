using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Tests.Architecture;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Each exit code is one that a user can meet, and the documents name all of them.</summary>
[NonParallelizable] // they run the command in this process
public sealed class ExitCodeTests
{
    private static readonly Dictionary<ExitCode, string> Lines = new()
    {
        [ExitCode.Success] = "check --profile fixed --scenario pmd-behind-pte",
        [ExitCode.Found] = "check --profile v4.20 --scenario pmd-behind-pte",
        [ExitCode.Usage] = "bench --size 12x",
        [ExitCode.Inconclusive] = "info /nowhere/device",
        [ExitCode.TimeLimit] = "check --strategy pct --scenario-size 4x3 --max-schedules 2000000000",
    };

    private static readonly int[] All = [.. Enum.GetValues<ExitCode>().Select(c => (int)c)];

    [TestCaseSource(nameof(All))]
    public void EachCodeIsProvoked(int number)
    {
        var code = (ExitCode)number;
        using var stop = new CancellationTokenSource();
        if (code == ExitCode.TimeLimit)
        {
            stop.Cancel(); // as a signal does
        }

        CommandResult result = Command.RunHere(stop.Token, Lines[code].Split(' '));
        Assert.That((ExitCode)result.Code, Is.EqualTo(code), result.Error);
    }

    [TestCase("docs/command.md")]
    [TestCase("docs/faq.md")]
    public void TheTableOfAPageHasEachCode(string page)
    {
        IEnumerable<string> codes = DocPage.All.Single(p => p.Name == page).Prose
            .Select(l => l.Text.Split('|', StringSplitOptions.TrimEntries))
            .Where(c => c.Length > 2 && int.TryParse(c[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(c => c[1]);
        Assert.That(codes, Is.EquivalentTo(All.Select(c => c.ToString(CultureInfo.InvariantCulture))));
    }
}
