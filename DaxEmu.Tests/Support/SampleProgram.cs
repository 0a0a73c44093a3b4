using System.Diagnostics;
using System.Text.Json.Nodes;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Mutation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>A project under docs/samples: built against the public surface alone, and run in a process of its own.</summary>
internal sealed class SampleProgram(string name)
{
    private static readonly string[] OfTheCore =
    [
        "DaxEmu.Core.dll", "DaxEmu.Native.dll", "System.IO.Hashing.dll", "runtimes/linux-x64/lib/netstandard2.0/Mono.Posix.NETStandard.dll",
        "runtimes/linux-x64/native/libMonoPosixHelper.so",
    ];

    private byte[]? image;

    /// <summary>Where it lies.</summary>
    public string Folder { get; } = Path.Combine(Solution.Root, "docs", "samples", name);

    /// <summary>Libraries that it uses besides the framework and the core, by their file names.</summary>
    public string[] Libraries { get; init; } = [];

    /// <summary>Its files.</summary>
    public string[] Sources => Directory.GetFiles(Folder, "*.cs");

    /// <summary>Builds and runs it.</summary>
    /// <param name="options">The switches of its runtime configuration.</param>
    /// <param name="arguments">Its arguments.</param>
    public CommandResult Run(JsonObject options, params string[] arguments)
    {
        using var scratch = new ScratchDirectory();
        foreach (string library in (string[])[.. OfTheCore, .. Libraries])
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, library), scratch[Path.GetFileName(library)]);
        }

        File.WriteAllBytes(scratch[$"{name}.dll"], image ??= Build());
        File.WriteAllText(scratch[$"{name}.runtimeconfig.json"], new JsonObject
        {
            ["runtimeOptions"] = new JsonObject
            {
                ["tfm"] = "net10.0",
                ["framework"] = new JsonObject { ["name"] = "Microsoft.NETCore.App", ["version"] = "10.0.0" },
                ["configProperties"] = options,
            },
        }.ToJsonString());
        return Command.End(Process.Start(new ProcessStartInfo("dotnet", [scratch[$"{name}.dll"], .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    private byte[] Build()
    {
        var compilation = CSharpCompilation.Create(
            name,
            [.. Sources.Select(CoreSources.Parse), CSharpSyntaxTree.ParseText(CoreSources.ImplicitUsings, CoreSources.Syntax)],
            References(),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        using var built = new MemoryStream();
        Assert.That(compilation.Emit(built).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        return built.ToArray();
    }

    private IEnumerable<MetadataReference> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileNameWithoutExtension(path) is var file && (file is "DaxEmu.Core" or "DaxEmu.Native" or "System.IO.Hashing" || IsOfTheFramework(path, file)))
        .Concat(Libraries.Select(library => Path.Combine(AppContext.BaseDirectory, library)))
        .Select(path => MetadataReference.CreateFromFile(path));

    // Not what a package brings to the tests.
    private static bool IsOfTheFramework(string path, string file) =>
        Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location) && file.StartsWith("System.", StringComparison.Ordinal);
}
