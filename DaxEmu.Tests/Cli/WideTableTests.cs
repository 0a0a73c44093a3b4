using DaxEmu.Bench.Cli;
using NUnit.Framework;
using Spectre.Console;

namespace DaxEmu.Tests.Cli;

/// <summary>A table loses nothing on a narrow terminal.</summary>
public sealed class WideTableTests
{
    private static readonly string[] Headers = ["engine", .. Enumerable.Range(0, 14).Select(i => $"column{i}")];

    [Test]
    public void EveryCellIsShownAndNoLineIsWiderThanTheTerminal([Values(40, 80, 100, 146, 400)] int columns)
    {
        string text = Written(columns);
        string[] lines = text.Split('\n');
        Assert.That(lines.Select(l => l.TrimEnd().Length), Is.All.LessThanOrEqualTo(columns));
        string[] words = text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.That(words, Is.SupersetOf(Headers).And.SupersetOf(Cells().SelectMany(c => c)));
        Assert.That(lines.Count(l => l.Contains("first group", StringComparison.Ordinal)), columns >= 146 ? Is.EqualTo(1) : Is.GreaterThan(1));
    }

    [Test]
    public void PartsAreAboutAsWideAsEachOther()
    {
        int[] headers = [.. Written(100).Split('\n').Where(l => l.StartsWith("engine", StringComparison.Ordinal)).Select(l => l.TrimEnd().Length)];
        Assert.That(headers, Has.Length.EqualTo(2));
        Assert.That(headers.Max() - headers.Min(), Is.LessThan(20));
    }

    private static string Written(int columns)
    {
        var table = new WideTable("case", keyCount: 1, Headers);
        foreach (string[] cells in Cells())
        {
            table.Add(cells[0] == "c" ? "second group" : "first group", cells);
        }

        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = columns;
        table.Write(console, TableBorder.Simple);
        return text.ToString();
    }

    private static IEnumerable<string[]> Cells() => ((string[])["a", "b", "c"]).Select(r => (string[])[r, .. Enumerable.Range(0, Headers.Length - 1).Select(i => $"{r}{i}")]);
}
