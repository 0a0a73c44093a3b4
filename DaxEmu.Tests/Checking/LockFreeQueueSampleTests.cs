using System.Text.Json.Nodes;
using System.Xml.Linq;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

/// <summary>docs/samples/LockFreeQueue: built against the public surface alone, and run in a process of its own.</summary>
[Parallelizable(ParallelScope.Self)] // a process of its own
public sealed class LockFreeQueueSampleTests
{
    private const string Switch = "DaxEmu.Interleaving";

    private static readonly SampleProgram Sample = new("LockFreeQueue");

    [Test]
    public void TheSampleFindsTheLostWakeUpAndOnlyWithStoreBuffersTheMissingBarrier()
    {
        CommandResult result = Sample.Run(OptionsOfTheProject());

        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        string[] lines = result.Output.Split('\n');
        Assert.That(lines, Has.One.StartsWith("right, SequentiallyConsistent: passed").And.One.StartsWith("right, TotalStoreOrder: passed"));
        Assert.That(lines, Has.One.EqualTo("no-recheck, SequentiallyConsistent: Hang").And.One.StartsWith("  dax1:queue:no-recheck:sc:"));
        Assert.That(lines, Has.One.StartsWith("no-barrier, SequentiallyConsistent: passed"));
        Assert.That(lines, Has.One.EqualTo("no-barrier, TotalStoreOrder: Hang").And.One.StartsWith("  dax1:queue:no-barrier:tso:"));
        Assert.That(lines, Has.Exactly(2).EqualTo("  T1 consumer sleeps for ever in 'sleep'"));
        Assert.That(lines, Has.Some.EqualTo("  T0 producer: buffered store reaches memory (tail <- 2)"), "the trace shows the store that came too late");
    }

    [Test]
    public void WithoutTheSwitchTheMessageSaysHowToSetIt()
    {
        CommandResult result = Sample.Run(new JsonObject { [Switch] = false });

        Assert.That(result.Code, Is.EqualTo(3), result.Output);
        Assert.That(
            result.Error,
            Does.Contain($"<RuntimeHostConfigurationOption Include=\"{Switch}\" Value=\"true\" />").And.Contain($"AppContext.SetSwitch(\"{Switch}\", true)"));
    }

    [Test]
    public void OneUsingLineIsEnough() => Assert.That(
        Sample.Sources.SelectMany(File.ReadLines).Where(l => l.StartsWith("using DaxEmu", StringComparison.Ordinal)).Distinct(),
        Is.EqualTo(new[] { "using DaxEmu.Core.Checking;" }));

    // What the SDK writes to the runtime configuration.
    private static JsonObject OptionsOfTheProject()
    {
        var project = XDocument.Load(Path.Combine(Sample.Folder, "LockFreeQueue.csproj"));
        return new JsonObject(project.Descendants("RuntimeHostConfigurationOption").Select(o =>
            KeyValuePair.Create(o.Attribute("Include")!.Value, (JsonNode?)JsonValue.Create(bool.Parse(o.Attribute("Value")!.Value)))));
    }
}
