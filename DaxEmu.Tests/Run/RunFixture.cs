using DaxEmu.Bench.Running;
using DaxEmu.Native;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Run;

/// <summary>Runs programs under <c>daxemu run</c>.</summary>
internal static class RunFixture
{
    private static readonly string Programs = Path.Combine(Solution.Root, "DaxEmu.Tests", "Run", "Programs");

    /// <summary>Ends the test as ignored if the library was not built.</summary>
    public static void RequireLibrary()
    {
        try
        {
            _ = PreloadLibrary.Find();
        }
        catch (DaxEnvironmentException missing)
        {
            Assert.Ignore(missing.Message);
        }
    }

    /// <summary>Runs the command, with options, a <c>--</c> and a program.</summary>
    public static CommandResult Run(params string[] arguments)
    {
        RequireLibrary();
        return Command.Run(["run", .. arguments]);
    }

    /// <summary>Compiles one of the C programs; the test ends as ignored without a compiler.</summary>
    public static string Compile(ScratchDirectory scratch, string name)
    {
        RequireLibrary();
        CCompiler.Require("gcc", "gcc");
        CCompiler.Compile("gcc", "-O1", "-pthread", "-o", scratch[name], Path.Combine(Programs, $"{name}.c"));
        return scratch[name];
    }

    /// <summary>What a line of a shell prints for a folder of tmpfs in <c>$D</c>, and under the command for <c>/dax</c>: the same, with exit code 0.</summary>
    /// <returns>The report.</returns>
    public static string MustDoTheSame(string line)
    {
        RequireLibrary();
        using var scratch = new ScratchDirectory();
        CommandResult plain = Command.RunInShell($"export D={scratch.Directory}; set -e; {line}");
        Assert.That(plain.Code, Is.Zero, plain.Error);
        CommandResult run = Run("--size", "256m", "--", "sh", "-c", $"export D=/dax; set -e; {line}");
        Assert.That(run.Output, Is.EqualTo(plain.Output), run.Error);
        Assert.That(run.Code, Is.Zero, run.Error);
        return run.Error;
    }
}
