using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verbs;

namespace DaxEmu.Bench;

/// <summary>The command <c>daxemu</c>.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        var root = new RootCommand("Linux filesystem-DAX in user space: fault benchmarks, kernel traces, checks.")
        {
            BenchVerb.Create(),
            SoakVerb.Create(),
            CheckVerb.Create(),
            AnswersVerb.Create(),
            ReplayVerb.Create(),
            InfoVerb.Create(),
            SuitesVerb.Create(),
        };
        return CommandFrame.RunAsync(root, arguments);
    }
}
