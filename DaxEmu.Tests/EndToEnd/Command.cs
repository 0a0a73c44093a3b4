using System.Diagnostics;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Runs the command: in a process of its own, under a shell, or here.</summary>
internal static class Command
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    /// <summary>Runs it in a process of its own.</summary>
    public static CommandResult Run(params string[] arguments) => End(Start(arguments));

    /// <summary>Runs a line of a shell, in which <c>$DAXEMU</c> is the command.</summary>
    public static CommandResult RunInShell(string line)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DAXEMU"] = $"dotnet {Path.Combine(AppContext.BaseDirectory, "daxemu.dll")}";
        return End(Process.Start(start)!);
    }

    /// <summary>Starts it in a process of its own.</summary>
    public static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    /// <summary>Runs it in this process; nothing else may use the console meanwhile.</summary>
    public static CommandResult RunHere(params string[] arguments) => RunHere(CancellationToken.None, arguments);

    /// <summary>As the other, with a way to stop it.</summary>
    public static CommandResult RunHere(CancellationToken stop, params string[] arguments)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using var newOutput = new StringWriter();
        using var newError = new StringWriter();
        try
        {
            Console.SetOut(newOutput);
            Console.SetError(newError);
            int code = DaxEmu.Bench.Program.Run(arguments, stop);
            return new CommandResult(code, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    /// <summary>Waits for its end; one that takes too long is killed.</summary>
    public static CommandResult End(Process process)
    {
        using (process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Most))
            {
                process.Kill(entireProcessTree: true);
            }

            process.WaitForExit();
            return new CommandResult(process.ExitCode, output.Result, error.Result);
        }
    }
}

/// <summary>How a command line ended.</summary>
internal sealed record CommandResult(int Code, string Output, string Error)
{
    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
