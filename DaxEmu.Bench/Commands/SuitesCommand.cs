using System.CommandLine;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu suites</c>: the BenchmarkDotNet classes, with BenchmarkDotNet's own options.</summary>
internal static class SuitesCommand
{
    public static Command Create()
    {
        var rest = new Argument<string[]>("OPTIONS") { Description = "options of BenchmarkDotNet, behind --", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("suites", "Runs the BenchmarkDotNet suites.\n\nExample:\n  daxemu suites -- --filter '*Fault*' --job short") { rest };
        CommandFrame.SetAction(command, (parsed, _) =>
        {
            string[] options = parsed.GetValue(rest) ?? [];

            // In this process: an installed tool has no project that could be built anew.
            IEnumerable<Summary> summaries = BenchmarkSwitcher.FromAssembly(typeof(SuitesCommand).Assembly).Run([.. options, "--inProcess"]);
            return summaries.Any(s => s.BenchmarksCases.Length > 0) || options.Any(AsksOnly)
                ? ExitCode.Success
                : throw new ArgumentException("no benchmark was run: the options name none. 'daxemu suites -- --list flat' shows their names.");
        });
        return command;
    }

    // Options of BenchmarkDotNet that run nothing.
    private static bool AsksOnly(string option) => option is "--list" or "--help" or "--info" or "--version";
}
