using System.CommandLine;
using System.CommandLine.Help;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Commands;

namespace DaxEmu.Bench;

/// <summary>The command <c>daxemu</c>.</summary>
internal static class Program
{
    private const string Description = "Linux filesystem-DAX in user space: fault benchmarks, kernel traces, checks.";

    private static readonly Func<Command>[] Verbs =
    [
        BenchCommand.Create,
        SoakCommand.Create,
        CheckCommand.Create,
        CrashCommand.Create,
        PoliciesCommand.Create,
        PoliciesCommand.CreateUnderOldName,
        ReplayCommand.Create,
        RunCommand.Create,
        VolumeCommand.Create,
        ReportCommand.Create,
        InfoCommand.Create,
        SchemaCommand.Create,
        SuitesCommand.Create,
        CompletionCommand.Create,
    ];

    /// <summary>The command with all its verbs.</summary>
    public static RootCommand CreateRoot()
    {
        RootCommand root = CreateEmpty();
        foreach (Func<Command> verb in Verbs)
        {
            root.Add(verb());
        }

        root.Add(ManCommand.Create(root));
        return root;
    }

    /// <summary>Runs a command line in this process.</summary>
    /// <param name="arguments">The arguments, without the command's name.</param>
    /// <param name="stop">Ends what runs: it prints what it has.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> arguments, CancellationToken stop) =>
        CommandFrame.Run(RootFor(arguments), arguments, BenchCommand.RunJobs, stop);

    // The other verbs take longer to make than a small program runs.
    private static RootCommand RootFor(IReadOnlyList<string> arguments) =>
        arguments.Count > 0 && arguments[0] == RunCommand.Name ? CreateRun() : CreateRoot();

    private static RootCommand CreateRun()
    {
        RootCommand root = CreateEmpty();
        root.Add(RunCommand.Create());
        return root;
    }

    private static RootCommand CreateEmpty()
    {
        var root = new RootCommand(Description);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpText();
        help.Aliases.Remove("/h"); // these two are paths here
        help.Aliases.Remove("/?");
        return root;
    }

    private static int Main(string[] arguments)
    {
        using var signals = new StopSignals(); // first of all
        StandardStreams.Prepare();
        return Run(arguments, signals.Token);
    }
}
