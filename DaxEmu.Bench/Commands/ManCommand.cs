using System.CommandLine;
using System.Reflection;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu man</c>: manual pages, from the definitions of the verbs.</summary>
internal static class ManCommand
{
    /// <summary>Makes it.</summary>
    /// <param name="root">The command whose pages it writes.</param>
    public static Command Create(RootCommand root)
    {
        var verbs = new Argument<string[]>("VERB") { Description = "the verb, and a verb of it (default: the page of daxemu itself)", Arity = ArgumentArity.ZeroOrMore };
        verbs.CompletionSources.Add(_ => root.Subcommands.Where(c => !c.Hidden).Select(c => new System.CommandLine.Completions.CompletionItem(c.Name)));
        var command = new Command("man", "Prints a manual page.\n\nExamples:\n  daxemu man bench | man -l -\n  daxemu man volume format > daxemu-volume-format.1")
        {
            verbs,
        };
        CommandFrame.SetAction(command, (parsed, _) =>
        {
            string[] path = parsed.GetValue(verbs) ?? [];
            Console.Write(ManualPage.Of(root, path, Find(root, path), Version));
            return ExitCode.Success;
        });
        return command;
    }

    private static string Version => typeof(ManCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static Command Find(Command command, IEnumerable<string> path) => path.Aggregate(command, (at, name) =>
        at.Subcommands.FirstOrDefault(c => c.Name == name)
        ?? throw new FormatException($"there is no verb '{name}'. Choose one of: {string.Join(", ", at.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}."));
}
