using System.CommandLine;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu completion</c>: a script that has a shell ask the command what fits.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = string.Join(", ", Shells) };
        shell.CompletionSources.Add(Shells);
        var command = new Command(
            "completion",
            "Prints a script for a shell, with which it completes verbs, options and the values of options.\n\n"
            + "Examples:\n  source <(daxemu completion bash)\n  daxemu completion bash > ~/.local/share/bash-completion/completions/daxemu")
        {
            shell,
        };
        CommandFrame.SetAction(command, (parsed, _) => Run(CommandOptions.Choice(parsed.GetRequiredValue(shell), Shells)));
        return command;
    }

    private static ExitCode Run(string shell)
    {
        using Stream script = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"daxemu.{shell}")!;
        using var reader = new StreamReader(script);
        Console.Write(reader.ReadToEnd());
        return ExitCode.Success;
    }
}
