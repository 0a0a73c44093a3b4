using System.CommandLine;
using System.Diagnostics;
using DaxEmu.Bench.Cli;
using NUnit.Framework;
using Verb = System.CommandLine.Command;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>What shells offer, and the manual pages: both from the definitions of the verbs.</summary>
[NonParallelizable] // they run the command in this process
public sealed class CompletionTests
{
    private static readonly Verb[] Commands = [.. All(Bench.Program.CreateRoot())];

    private static IEnumerable<TestCaseData> OfferedValues() =>
        from command in Commands
        from option in command.Options
        where option.ValueType != typeof(bool) && option.CompletionSources.Count > 0
        select new TestCaseData(option).SetArgDisplayNames($"{command.Name} {option.Name}");

    [TestCaseSource(nameof(OfferedValues))]
    public void EachValueThatIsOfferedIsTaken(Option option)
    {
        string[] values = [.. option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(c => c.Label)];
        Assert.That(values, Is.Not.Empty);
        var command = new Verb("x") { option };
        Assert.That(values.SelectMany(v => command.Parse([option.Name, v]).Errors).Select(e => e.Message), Is.Empty);
    }

    [TestCase("bench --eng", "--engine")]
    [TestCase("bench --engine emu,loc", "emu,locked-radix")]
    [TestCase("check --profile v4.2", "v4.20")]
    [TestCase("check --scenario pmd-b", "pmd-behind-pte")]
    [TestCase("crash --workload b", "btree")]
    [TestCase("volume fo", "format")]
    [TestCase("completion b", "bash")]
    [TestCase("man che", "check")]
    public void TheCommandSaysWhatFits(string line, string expected) =>
        Assert.That(Run($"[suggest:{line.Length}]", line).Output.Split('\n'), Does.Contain(expected));

    [Test]
    public void APathThatBeginsWithHIsNoRequestForHelp() => Assert.That(Run("info", "/h").Error, Does.Contain("/h"));

    /// <summary>As bash does it: the words are those that it splits, also at an equals sign.</summary>
    [Test]
    public void BashCompletes()
    {
        string script = Run("completion", "bash").Output;
        CommandResult result = Shell(
            "bash",
            "-xc",
            $$"""
            set -u
            daxemu() { dotnet "{{Path.Combine(AppContext.BaseDirectory, "daxemu.dll")}}" "$@"; }
            {{script}}
            COMP_LINE='daxemu bench --engine emu,lo'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(daxemu bench --engine emu,lo); COMP_CWORD=3; _daxemu; echo "${COMPREPLY[*]}"
            COMP_LINE='daxemu bench --mmu=ho'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(daxemu bench --mmu = ho); COMP_CWORD=4; _daxemu; echo "${COMPREPLY[*]}"
            complete -p daxemu
            """);
        Assert.That(result.Output, Is.EqualTo("emu,locked-radix\nhost\ncomplete -o default -F _daxemu daxemu\n"), result.Error);
    }

    [TestCase("bash")]
    [TestCase("zsh")]
    [TestCase("fish")]
    public void AScriptIsOneThatItsShellReads(string shell)
    {
        Require(shell);
        CommandResult script = Run("completion", shell);
        Assert.That(script.Code, Is.Zero);
        CommandResult result = Shell("sh", "-c", $"printf '%s' \"$0\" | {shell} {(shell == "fish" ? "--no-execute" : "-n")} /dev/stdin", script.Output);
        Assert.That((result.Code, result.Error), Is.EqualTo((0, string.Empty)));
    }

    [Test]
    public void EveryVerbHasAPageWithItsOptions()
    {
        foreach (Verb command in Commands.Where(c => !c.Hidden))
        {
            string page = Run(["man", .. PathOf(command)]).Output;
            Assert.That(page, Does.StartWith(".TH").And.Contain(".SH NAME").And.Contain(".SH SYNOPSIS").And.Contain(".SH EXIT STATUS"), command.Name);
            foreach (Option option in command.Options.Where(o => !o.Hidden))
            {
                Assert.That(page, Does.Contain($"\\fB{option.Name.Replace("-", "\\-", StringComparison.Ordinal)}\\fR"), command.Name);
            }
        }
    }

    [TestCase("mandoc -Tlint -W warning")]
    [TestCase("groff -man -ww -z -Tutf8")]
    public void AFormatterHasNothingToSayAboutAnyPage(string formatter)
    {
        Require(formatter.Split(' ')[0]);
        string pages = string.Concat(Commands.Where(c => !c.Hidden).Select(c => Run(["man", .. PathOf(c)]).Output));
        CommandResult result = Shell("sh", "-c", $"printf '%s' \"$0\" | {formatter}", pages);
        string[] said = [.. (result.Output + result.Error).Split('\n').Where(l => l.Length > 0 && !IsOfManyPages(l))];
        Assert.That(said, Is.Empty);
    }

    [TestCase(".hidden", @"\&.hidden")]
    [TestCase("'quoted", @"\&'quoted")]
    [TestCase(@"a\b", @"a\eb")]
    public void WhatTroffWouldTakeForACommandIsText(string description, string expected)
    {
        var root = new RootCommand("Root.");
        var command = new Verb("x", "Does it.\n" + description);
        root.Add(command);
        Assert.That(ManualPage.Of(root, ["x"], command, "1"), Does.Contain("\n.PP\n" + expected + "\n"));
    }

    [Test]
    public void AVerbThatIsNotThereHasNoPage()
    {
        CommandResult result = Run("man", "paint");
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("'paint'").And.Contain("bench"));
    }

    // The pages have no date: it would be another in each build. In a file of their own each begins with its title.
    private static bool IsOfManyPages(string line) => line.Contains("missing date", StringComparison.Ordinal) || line.Contains("duplicate prologue macro: TH", StringComparison.Ordinal);

    private static CommandResult Run(params string[] arguments) => Command.RunHere(arguments);

    private static CommandResult Shell(string program, params string[] arguments) =>
        Command.End(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!);

    private static void Require(string program)
    {
        if (ProgramOutput.Find(program, Environment.GetEnvironmentVariable("PATH")) is null)
        {
            Assert.Ignore($"{program} is not installed");
        }
    }

    private static IEnumerable<Verb> All(Verb command) => command.Subcommands.SelectMany(All).Prepend(command);

    private static IEnumerable<string> PathOf(Verb command) =>
        command is RootCommand ? [] : [.. command.Parents.OfType<Verb>().SelectMany(PathOf), command.Name];
}
