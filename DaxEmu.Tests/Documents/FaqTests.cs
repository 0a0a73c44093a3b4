using System.Text.RegularExpressions;
using DaxEmu.Tests.Architecture;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>Each error of docs/faq.md happens, with the message that the page quotes.</summary>
[NonParallelizable] // they run the command in this process
public sealed partial class FaqTests
{
    private const int Count = 20;
    private const string Mount = "/mnt/pmem";
    private const string Tmpfs = "/dev/shm";

    private static readonly DocPage Page = DocPage.All.Single(p => p.Name == "docs/faq.md");

    private static IEnumerable<TestCaseData> Errors() => Page.Blocks.Where(b => b.Language == "text").Select(quoted =>
    {
        DocBlock cause = Page.Blocks.Last(b => b.Line < quoted.Line);
        return new TestCaseData(cause.Language, cause.Text, quoted.Text).SetArgDisplayNames(Page.Prose.Last(l => l.Line < quoted.Line && l.Text.StartsWith("###", StringComparison.Ordinal)).Text);
    });

    [TestCaseSource(nameof(Errors))]
    public void AnErrorHasTheMessageThatThePageQuotes(string language, string cause, string quoted)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["notes.txt"], "hello\n");
        File.WriteAllBytes(scratch["photos"], [.. Enumerable.Range(0, 4 << 20).Select(i => (byte)(i % 251))]);
        string message = (language == "sh refused" ? MessageOfCommand(cause, scratch) : MessageOfProgram(cause, scratch)).TrimEnd('\n');
        Assert.That(message, Does.Match("^" + string.Join(".*", quoted.Split('…').Select(Regex.Escape)) + "$"));
    }

    [Test]
    public void ThereAreTwenty()
    {
        int[] numbers = [.. Page.Prose.Select(l => Heading().Match(l.Text)).Where(m => m.Success).Select(m => int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(1, Count)));
        Assert.That(Errors().Count(), Is.EqualTo(Count));
    }

    private static string MessageOfCommand(string line, ScratchDirectory scratch)
    {
        CommandResult result = Command.RunHere([.. line.Split(' ').Skip(1).Select(a => a.Replace(Mount, scratch.Directory, StringComparison.Ordinal))]);
        Assert.That(result.Code, Is.EqualTo(2).Or.EqualTo(3));
        return result.Error.Replace(scratch.Directory, Mount, StringComparison.Ordinal);
    }

    private static string MessageOfProgram(string program, ScratchDirectory scratch)
    {
        AggregateException? failure = Assert.Throws<AggregateException>(() => Example.Run(program.Replace(Tmpfs + "/", scratch.Directory + "/", StringComparison.Ordinal)));
        return failure!.GetBaseException().Message.Replace(scratch.Directory, Tmpfs, StringComparison.Ordinal).ReplaceLineEndings(" ");
    }

    [GeneratedRegex(@"^### (\d+)\.")]
    private static partial Regex Heading();
}
