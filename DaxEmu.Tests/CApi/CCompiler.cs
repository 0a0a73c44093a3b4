using System.Diagnostics;
using DaxEmu.Tests.EndToEnd;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi;

/// <summary>The C compiler of this machine, if it has one.</summary>
internal static class CCompiler
{
    /// <summary>Ends the test as ignored if a program is not installed.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="package">The Debian package that has it.</param>
    public static void Require(string program, string package)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':');
        if (!Array.Exists(folders, folder => File.Exists(Path.Combine(folder, program))))
        {
            Assert.Ignore($"{program} is not installed here. The Debian package {package} has it.");
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public static CommandResult Run(string program, params string[] arguments) => Command.End(Process.Start(
        new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!);

    /// <summary>Compiles a C source and fails the test with what the compiler says if it says anything.</summary>
    public static void Compile(string compiler, params string[] arguments)
    {
        CommandResult result = Run(compiler, ["-Wall", "-Wextra", "-Werror", "-pedantic", .. arguments]);
        Assert.That(result.Error, Is.Empty);
        Assert.That(result.Code, Is.Zero);
    }
}
