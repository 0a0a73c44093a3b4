using System.Diagnostics;
using DaxEmu.Native;
using DaxEmu.Native.Library;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi;

/// <summary>The built library as programs of other languages use it.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class LibraryTests
{
    private static readonly string Samples = Path.Combine(Solution.Root, "docs", "samples", "native");

    [Test]
    public void TheLibraryExportsWhatTheHeaderDeclares()
    {
        string library = BuiltLibrary.Require();
        CCompiler.Require("nm", "binutils");
        IEnumerable<string> exported = CCompiler.Run("nm", "-D", "--defined-only", library).Output.Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields is [_, "T", _] && fields[2].StartsWith("daxemu_", StringComparison.Ordinal))
            .Select(fields => fields[2].Split('@')[0]);
        Assert.That(CHeader.Current.Functions.Keys.Except(exported), Is.Empty);
    }

    [Test]
    public void WhatTheLogInCHasAppendedIsReadInCAndInPython()
    {
        CCompiler.Require("gcc", "gcc");
        using var scratch = new ScratchDirectory();
        string log = Compile(scratch, Path.Combine(Samples, "log.c"));
        Assert.That(Lines(CCompiler.Run(log, scratch["device"], "one", "two")), Is.EqualTo((string[])["0 one", "1 two"]));
        Assert.That(Lines(CCompiler.Run(log, scratch["device"], "three")), Is.EqualTo((string[])["0 one", "1 two", "2 three"]));
        CCompiler.Require("python3", "python3");
        Assert.That(Lines(Python(scratch["device"], "four")), Is.EqualTo((string[])["0 one", "1 two", "2 three", "3 four"]));
        Assert.That(Lines(CCompiler.Run(log, scratch["device"])), Has.Length.EqualTo(4));
    }

    [Test]
    public void ThePkgConfigFileSaysWhatACompilerNeeds()
    {
        CCompiler.Require("gcc", "gcc");
        CCompiler.Require("pkg-config", "pkg-config");
        using var scratch = new ScratchDirectory();
        string flags = CCompiler.Run("/bin/sh", "-c", $"PKG_CONFIG_PATH='{BuiltLibrary.RequireFolder()}' pkg-config --cflags --libs daxemu").Output.Trim();
        CCompiler.Compile("gcc", ["-std=c99", Path.Combine(Samples, "log.c"), .. flags.Split(' '), "-o", scratch["log"]]);
        Assert.That(Lines(CCompiler.Run(scratch["log"], scratch["device"], "text")), Is.EqualTo((string[])["0 text"]));
    }

    [Test]
    public void AFailureInPythonSaysWhatIsWrong()
    {
        BuiltLibrary.Require();
        CCompiler.Require("python3", "python3");
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["device"], new byte[4 << 20]);
        CommandResult result = Python(scratch["device"]);
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Error, Does.StartWith("log: There is no volume on").And.Contain("Format it first."));
    }

    [Test]
    public void EachFunctionDoesWhatTheHeaderSays()
    {
        CCompiler.Require("gcc", "gcc");
        using var scratch = new ScratchDirectory();
        CommandResult result = CCompiler.Run(Compile(scratch, Path.Combine(Solution.Root, "DaxEmu.Tests", "CApi", "every-function.c")), scratch["device"]);
        Assert.That(result.Output, Is.EqualTo("done\n"), result.Error);
        Assert.That(result.Code, Is.Zero);
    }

    [Test]
    public void EveryFunctionIsCalledByTheProgramThatTriesThem()
    {
        string program = File.ReadAllText(Path.Combine(Solution.Root, "DaxEmu.Tests", "CApi", "every-function.c"));
        Assert.That(CHeader.Current.Functions.Keys.Where(name => !program.Contains($"{name}(", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void AMissingLibraryIsNamedWithTheCommandAndThePackage()
    {
        var refusal = Assert.Throws<DaxEnvironmentException>(() => LibraryLoader.Load("/nowhere/libdaxemu.so"));
        Assert.That(refusal!.Message, Does.Contain("/nowhere/libdaxemu.so").And.Contain("dotnet publish DaxEmu.Core").And.Contain("apt-get install gcc"));
    }

    private static string Compile(ScratchDirectory scratch, string source)
    {
        string folder = BuiltLibrary.RequireFolder();
        string program = scratch[Path.GetFileNameWithoutExtension(source)];
        CCompiler.Compile(
            "gcc", "-std=gnu99", "-O1", source, $"-I{Path.GetDirectoryName(CHeader.FilePath)}", $"-L{folder}", "-ldaxemu", "-lpthread", $"-Wl,-rpath,{folder}", "-o", program);
        return program;
    }

    private static CommandResult Python(params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", [Path.Combine(Samples, "log.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DAXEMU_LIBRARY"] = BuiltLibrary.RequireFolder();
        return Command.End(Process.Start(start)!);
    }

    private static string[] Lines(CommandResult result)
    {
        Assert.That(result.Code, Is.Zero, result.Error);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
