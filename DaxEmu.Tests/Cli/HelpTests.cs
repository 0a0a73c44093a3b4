using System.Collections;
using System.CommandLine;
using DaxEmu.Bench;
using DaxEmu.Bench.Cli;
using NUnit.Framework;

namespace DaxEmu.Tests.Cli;

/// <summary>What the help shows fits a terminal and can be typed.</summary>
public sealed class HelpTests
{
    private const int Columns = 80;
    private const int Lines = 24;

    private static readonly RootCommand Root = Program.CreateRoot();

    private static IEnumerable<Command> Commands() => Below(Root).Where(c => !c.Hidden);

    [Test]
    public void TheHelpOfTheCommandFitsATerminalOf24LinesOf80Columns()
    {
        string[] lines = HelpText.Of(Root, Columns).TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.LessThan(Lines));
        Assert.That(lines.Select(l => l.Length), Is.All.LessThanOrEqualTo(Columns));
        Assert.That(Root.Subcommands.Where(c => !c.Hidden).All(c => lines.Any(l => l.StartsWith($"  {c.Name} ", StringComparison.Ordinal))));
    }

    [TestCaseSource(nameof(Commands))]
    public void NoLineOfHelpIsWiderThanTheTerminalButAnExample(Command command) => Assert.That(
        HelpText.Of(command, Columns).Split('\n').Where(l => l.Length > Columns && !l.StartsWith("  daxemu ", StringComparison.Ordinal)), Is.Empty);

    [TestCaseSource(nameof(Commands))]
    public void ADefaultOfTheHelpCanBeTypedAndIsTheSame(Command command)
    {
        string help = HelpText.Of(command, Columns);
        foreach (Option option in command.Options.Where(o => o is IDescribedOption { DefaultText: not null }))
        {
            string text = ((IDescribedOption)option).DefaultText!;
            Assert.That(HelpText.DescriptionOf(option), Does.EndWith($"[default: {text}]"));
            Assert.That(option.Hidden || help.Contains(option.Name + " ", StringComparison.Ordinal), option.Name);
            ParseResult typed = new Command("alone") { option }.Parse([option.Name, text]);
            Assert.That(typed.Errors.Select(e => e.Message), Is.Empty);
            object? typedValue = ValueOf(typed, option);
            object? notGiven = ValueOf(new Command("alone") { option }.Parse([]), option);
            Assert.That(typedValue, typedValue is IEnumerable ? Is.EquivalentTo((IEnumerable)notGiven!) : Is.EqualTo(notGiven), option.Name);
        }
    }

    [TestCase("seed", "--randseed", "soak,check,crash,policies,bench")]
    [TestCase("policy", "--profile", "soak,check,run,bench")]
    [TestCase("duration", "--runtime", "soak,policies,bench")]
    [TestCase("threads", "--numjobs", "soak,crash,policies,replay,bench")]
    [TestCase("jobs", "--numjobs", "soak,crash,policies,replay,bench")]
    public void OneThingHasOneNameAndTheOthersAreTakenAndNotShown(string other, string name, string verbs)
    {
        foreach (string verb in verbs.Split(','))
        {
            Command command = Root.Subcommands.Single(c => c.Name == verb);
            Assert.That(command.Options.Single(o => o.Name == name).Aliases, Does.Contain("--" + other), verb);
            Assert.That(HelpText.Of(command, Columns), Does.Contain(name).And.Not.Contain($"--{other} "), verb);
        }
    }

    private static object? ValueOf(ParseResult parsed, Option option) =>
        typeof(ParseResult).GetMethods().Single(m => m.Name == nameof(ParseResult.GetValue) && m.GetParameters()[0].ParameterType.Name.StartsWith("Option", StringComparison.Ordinal))
            .MakeGenericMethod(option.ValueType).Invoke(parsed, [option]);

    private static IEnumerable<Command> Below(Command command) => command.Subcommands.SelectMany(Below).Prepend(command);
}
