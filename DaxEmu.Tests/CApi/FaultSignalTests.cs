using System.Globalization;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi;

/// <summary>The signals of page faults, in a C program with the built library: what the kernel sends, to the handler that the program has.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FaultSignalTests : IDisposable
{
    private const int ByBus = 128 + 7;
    private const int BySegv = 128 + 11;

    private readonly ScratchDirectory scratch = new();
    private string program = string.Empty;

    [OneTimeSetUp]
    public void Compile()
    {
        string folder = BuiltLibrary.RequireFolder();
        CCompiler.Require("gcc", "gcc");
        program = scratch["faults"];
        CCompiler.Compile(
            "gcc", "-std=gnu11", "-O2", "-I", Path.Combine(Solution.Root, "DaxEmu.Core", "CApi"), Path.Combine(Solution.Root, "DaxEmu.Tests", "CApi", "faults.c"),
            "-o", program, "-L", folder, "-ldaxemu", $"-Wl,-rpath,{folder}", "-pthread");
    }

    public void Dispose() => scratch.Dispose();

    [TestCase("past-eof")]
    [TestCase("poison")]
    [TestCase("full")]
    [TestCase("protect")]
    [TestCase("stacks")]
    [TestCase("registers")]
    [TestCase("forks")]
    [TestCase("threads")]
    [TestCase("many")]
    public void AProgramGetsWhatTheKernelWouldSend(string name)
    {
        CommandResult result = CCompiler.Run("timeout", "60", program, name);
        Assert.That((result.Output, result.Code), Is.EqualTo(("done\n", 0)), result.Error);
    }

    [TestCase("fatal", ByBus)]
    [TestCase("blocked", ByBus)]
    [TestCase("null", BySegv)]
    public void AnAccessThatNothingServesEndsTheProcessByItsSignal(string name, int code)
    {
        string command = string.Create(CultureInfo.InvariantCulture, $"'{program}' {name}; exit $?");
        CommandResult result = CCompiler.Run("sh", "-c", command);
        Assert.That((result.Output, result.Code), Is.EqualTo((string.Empty, code)), result.Error);
    }
}
