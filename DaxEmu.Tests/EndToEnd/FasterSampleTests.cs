using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>docs/samples/FasterDevice: FASTER's own work on files of a volume, and its recovery after an unmount.</summary>
[Parallelizable(ParallelScope.Self)] // a process of its own
public sealed class FasterSampleTests
{
    private static readonly SampleProgram Sample = new("FasterDevice")
    {
        Libraries =
        [
            "FASTER.core.dll", "Microsoft.Extensions.Logging.dll", "Microsoft.Extensions.Logging.Abstractions.dll", "Microsoft.Extensions.Options.dll",
            "Microsoft.Extensions.Primitives.dll", "Microsoft.Extensions.DependencyInjection.dll",
            "Microsoft.Extensions.DependencyInjection.Abstractions.dll", "System.Interactive.Async.dll", "System.Linq.Async.dll",
        ],
    };

    [Test]
    public void EveryRecordIsThereAfterACheckpointAnUnmountAndARecovery()
    {
        // More than memory holds, so that the log is written and read.
        CommandResult result = Sample.Run([], "60000");
        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines[0], Does.StartWith("60000 records of 24 bytes").And.Contain("every value verified"));
        Assert.That(lines.Skip(2).Select(l => l.Split(' ')[0]), Is.EqualTo((string[])["upsert", "read", "checkpoint", "recover"]));
    }

    [TestCase("999")]
    [TestCase("many")]
    public void ABadNumberOfRecordsIsNamedWithTheRemedy(string text)
    {
        CommandResult result = Sample.Run([], text);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain($"'{text}'").And.Contain("Give one from 1000 on"));
    }
}
