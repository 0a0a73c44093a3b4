using System.CommandLine;
using BenchmarkDotNet.Running;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Verbs;

/// <summary><c>daxemu suites</c>: the BenchmarkDotNet classes, with BenchmarkDotNet's own options.</summary>
internal static class SuitesVerb
{
    public static Command Create()
    {
        var rest = new Argument<string[]>("OPTIONS") { Description = "options of BenchmarkDotNet, behind --", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("suites", "Runs the BenchmarkDotNet suites.\n\nExample:\n  daxemu suites -- --filter '*Fault*' --job short") { rest };
        CommandFrame.SetAction(command, (parsed, _) =>
        {
            // In this process: an installed tool has no project that could be built anew.
            BenchmarkSwitcher.FromAssembly(typeof(SuitesVerb).Assembly).Run([.. parsed.GetValue(rest) ?? [], "--inProcess"]);
            return ExitCode.Fine;
        });
        return command;
    }
}
