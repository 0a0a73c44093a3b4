using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Run;

/// <summary>What a program does beside using files goes on as it does without the command: signals, threads, processes.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class DispatchTests
{
    [TestCase("signals")]
    [TestCase("threads")]
    [TestCase("processes")]
    public void AProgramNoticesNoDifference(string part)
    {
        using var scratch = new ScratchDirectory();
        string program = RunFixture.Compile(scratch, "dispatch");

        // Its files on the volume; and outside of it, which takes as long again.
        CommandResult inside = RunFixture.Run("--size", "64m", "--", program, part, "/dax");
        Assert.That(inside.Output, Is.EqualTo("good\n"), inside.Error);
        Assert.That(inside.Code, Is.EqualTo(9));
        if (!Effort.IsThorough)
        {
            return;
        }

        CommandResult outside = RunFixture.Run("--size", "64m", "--", program, part, scratch.Directory);
        Assert.That(outside.Output, Is.EqualTo("good\n"), outside.Error);
        Assert.That(outside.Code, Is.EqualTo(9));
        Assert.That(File.ReadAllText(scratch["last"]), Is.EqualTo("at exit"));
    }
}
