using System.Reflection;
using System.Runtime.Loader;
using DaxEmu.Tests.Mutation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>A program of a document: compiled against what an application has, and run in this process.</summary>
internal static class Example
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Compiles it.</summary>
    /// <param name="parts">The program, in pieces.</param>
    /// <param name="image">Gets the assembly.</param>
    /// <returns>The errors.</returns>
    public static string[] Compile(IEnumerable<string> parts, Stream image)
    {
        var compilation = CSharpCompilation.Create(
            "example", // no friend of any assembly
            [CSharpSyntaxTree.ParseText(string.Join('\n', parts), CoreSources.Syntax), CSharpSyntaxTree.ParseText(CoreSources.ImplicitUsings, CoreSources.Syntax)],
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(IsReferenced).Select(p => MetadataReference.CreateFromFile(p)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return [.. compilation.Emit(image == Stream.Null ? new MemoryStream() : image).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString())];
    }

    /// <summary>Compiles and runs it.</summary>
    /// <returns>What it prints.</returns>
    public static string Run(params string[] parts)
    {
        using var image = new MemoryStream();
        Assert.That(Compile(parts, image), Is.Empty);
        image.Position = 0;
        var context = new AssemblyLoadContext("example", isCollectible: true);
        TextWriter before = Console.Out;
        using var output = new StringWriter();
        try
        {
            Console.SetOut(output);
            MethodInfo main = context.LoadFromStream(image).EntryPoint!;
            var run = Task.Run(() => main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()], null));
            Assert.That(run.Wait(Limit), "it runs for a minute and has not ended");
            return output.ToString();
        }
        finally
        {
            Console.SetOut(before);
            context.Unload();
        }
    }

    // The framework's assemblies and the library's two: what an application has.
    private static bool IsReferenced(string path) => path.Contains("Microsoft.NETCore.App", StringComparison.Ordinal)
        || Path.GetFileNameWithoutExtension(path) is "DaxEmu.Core" or "DaxEmu.Native";
}
