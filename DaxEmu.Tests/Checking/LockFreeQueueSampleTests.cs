using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

/// <summary>docs/samples/LockFreeQueue: built against the public surface alone, and run in a process of its own.</summary>
[Parallelizable(ParallelScope.Self)] // a process of its own
public sealed class LockFreeQueueSampleTests
{
    private const string Switch = "DaxEmu.Interleaving";

    private static readonly string Folder = Path.Combine(Solution.Root, "docs", "samples", "LockFreeQueue");

    [Test]
    public void TheSampleFindsTheLostWakeUpAndOnlyWithStoreBuffersTheMissingBarrier()
    {
        CommandResult result = Run(OptionsOfTheProject());

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
        CommandResult result = Run(new JsonObject { [Switch] = false });

        Assert.That(result.Code, Is.EqualTo(3), result.Output);
        Assert.That(
            result.Error,
            Does.Contain($"<RuntimeHostConfigurationOption Include=\"{Switch}\" Value=\"true\" />").And.Contain($"AppContext.SetSwitch(\"{Switch}\", true)"));
    }

    [Test]
    public void OneUsingLineIsEnough() => Assert.That(
        Sources().SelectMany(File.ReadLines).Where(l => l.StartsWith("using DaxEmu", StringComparison.Ordinal)).Distinct(),
        Is.EqualTo(new[] { "using DaxEmu.Core.Checking;" }));

    private static string[] Sources() => Directory.GetFiles(Folder, "*.cs");

    // What the SDK writes to the runtime configuration.
    private static JsonObject OptionsOfTheProject()
    {
        var project = XDocument.Load(Path.Combine(Folder, "LockFreeQueue.csproj"));
        return new JsonObject(project.Descendants("RuntimeHostConfigurationOption").Select(o =>
            KeyValuePair.Create(o.Attribute("Include")!.Value, (JsonNode?)JsonValue.Create(bool.Parse(o.Attribute("Value")!.Value)))));
    }

    private static CommandResult Run(JsonObject options)
    {
        using var scratch = new ScratchDirectory();
        foreach (string library in (string[])["DaxEmu.Core.dll", "DaxEmu.Native.dll"])
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, library), scratch[library]);
        }

        var compilation = CSharpCompilation.Create(
            "LockFreeQueue",
            [.. Sources().Select(CoreSources.Parse), CSharpSyntaxTree.ParseText(CoreSources.ImplicitUsings, CoreSources.Syntax)],
            References(),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        Assert.That(compilation.Emit(scratch["LockFreeQueue.dll"]).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        File.WriteAllText(scratch["LockFreeQueue.runtimeconfig.json"], new JsonObject
        {
            ["runtimeOptions"] = new JsonObject
            {
                ["tfm"] = "net10.0",
                ["framework"] = new JsonObject { ["name"] = "Microsoft.NETCore.App", ["version"] = "10.0.0" },
                ["configProperties"] = options,
            },
        }.ToJsonString());
        return Command.End(Process.Start(new ProcessStartInfo("dotnet", [scratch["LockFreeQueue.dll"]])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    private static IEnumerable<MetadataReference> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileNameWithoutExtension(path) is var name && (name == "DaxEmu.Core" || name.StartsWith("System.", StringComparison.Ordinal)))
        .Select(path => MetadataReference.CreateFromFile(path));
}
