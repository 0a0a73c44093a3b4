using DaxEmu.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace DaxEmu.Tests.Mutation;

/// <summary>The sources of the core, to be compiled with a line changed.</summary>
internal sealed class CoreSources
{
    private const string Project = "DaxEmu.Core";

    /// <summary>The small scenarios that the checker searches.</summary>
    private const string Searched = "DaxEmu.Bench/Verification/Scenarios";

    // What the SDK adds to every project.
    internal const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    internal static readonly CSharpParseOptions Syntax = new(LanguageVersion.Preview);

    private readonly CSharpCompilation compilation;

    /// <summary>With the scenarios of the checker and the operations of the sweep.</summary>
    public CoreSources()
        : this(Solution.Sources(Searched).Concat(
            Directory.GetFiles(Path.Combine(Solution.Root, "DaxEmu.Tests", "Failures"), "*.cs").Where(f => !f.EndsWith("Tests.cs", StringComparison.Ordinal))
                .Append(Path.Combine(Solution.Root, "DaxEmu.Tests", "Mutation", "Probe.cs"))))
    {
    }

    private CoreSources(IEnumerable<string> around) => compilation = CSharpCompilation.Create(
        Project, // the same name: the core's friends are its friends
        [.. Solution.Sources(Project).Concat(around).Select(Parse), CSharpSyntaxTree.ParseText(ImplicitUsings, Syntax)],
        References(),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>With the volume of the crash workloads.</summary>
    public static CoreSources WithCrashWorkloads()
    {
        string crash = Path.Combine(Solution.Root, "DaxEmu.Bench", "Verification", "Crash");
        string[] needed = ["CrashBug.cs", "ICrashWorkload.cs", "Sequences.cs"];
        return new CoreSources(Solution.Sources("DaxEmu.Bench/Verification/Crash/Volume").Concat(needed.Select(file => Path.Combine(crash, file)))
            .Append(Path.Combine(Solution.Root, "DaxEmu.Tests", "Mutation", "CrashProbe.cs")));
    }

    /// <summary>Compiles the sources as they are, and hands out the way in.</summary>
    public ProbedCore Compile() => new(Emit(), "no fault");

    /// <summary>Compiles the sources with a mutant's line.</summary>
    /// <exception cref="InvalidOperationException">The line is not there exactly once, or the change does not compile.</exception>
    public ProbedCore Compile(Mutant mutant) => new(Emit(mutant), mutant.Name);

    /// <summary>As <see cref="Compile()"/>, the assembly alone.</summary>
    public MemoryStream Emit() => Emit(compilation, "no fault");

    /// <summary>As <see cref="Compile(Mutant)"/>, the assembly alone.</summary>
    /// <exception cref="InvalidOperationException">The line is not there exactly once, or the change does not compile.</exception>
    public MemoryStream Emit(Mutant mutant)
    {
        TextLine place = PlaceOf(mutant.Name, mutant.File, mutant.Line);
        SyntaxTree tree = TreeOf(mutant.File);
        return Emit(compilation.ReplaceSyntaxTree(tree, tree.WithChangedText(tree.GetText().Replace(place.Span, mutant.Fault))), mutant.Name);
    }

    /// <summary>Where a fault's line stands.</summary>
    /// <exception cref="InvalidOperationException">The line is not there exactly once.</exception>
    public TextLine PlaceOf(string name, string sourceFile, string line)
    {
        SourceText text = TreeOf(sourceFile).GetText();
        TextLine[] places = [.. text.Lines.Where(l => text.ToString(l.Span).Trim() == line)];
        return places is [TextLine only] ? only : throw new InvalidOperationException($"'{name}': the line is {places.Length} times in {sourceFile}: {line}");
    }

    /// <summary>Where a fault's piece of text begins.</summary>
    /// <exception cref="InvalidOperationException">The text is not there exactly once.</exception>
    public int PlaceOfText(string name, string sourceFile, string before)
    {
        string text = TreeOf(sourceFile).GetText().ToString();
        int count = text.Split(before).Length - 1;
        return count == 1
            ? text.IndexOf(before, StringComparison.Ordinal)
            : throw new InvalidOperationException($"'{name}': the text is {count} times in {sourceFile}: {before}");
    }

    /// <summary>Compiles the sources with a piece of text changed, which may be several lines and must be there exactly once.</summary>
    /// <exception cref="InvalidOperationException">It is not, or the change does not compile.</exception>
    public ProbedCore Compile(string name, string sourceFile, string before, string after)
    {
        var place = new TextSpan(PlaceOfText(name, sourceFile, before), before.Length);
        SyntaxTree tree = TreeOf(sourceFile);
        return new ProbedCore(Emit(compilation.ReplaceSyntaxTree(tree, tree.WithChangedText(tree.GetText().Replace(place, after))), name), name);
    }

    private SyntaxTree TreeOf(string sourceFile)
    {
        string file = Path.Combine(Solution.Root, Project, sourceFile);
        return compilation.SyntaxTrees.Single(t => t.FilePath == file);
    }

    private static MemoryStream Emit(CSharpCompilation sources, string name)
    {
        var image = new MemoryStream();
        string[] errors = [.. sources.Emit(image).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString())];
        if (errors.Length > 0)
        {
            image.Dispose();
            throw new InvalidOperationException($"'{name}' does not compile: {string.Join('\n', errors)}");
        }

        image.Position = 0;
        return image;
    }

    internal static SyntaxTree Parse(string file) => CSharpSyntaxTree.ParseText(SourceText.From(File.ReadAllText(file)), Syntax, file);

    private static IEnumerable<MetadataReference> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileNameWithoutExtension(path) is var name && name != Project && (name == "DaxEmu.Native" || name.StartsWith("System.", StringComparison.Ordinal) || name is "System" or "netstandard"))
        .Select(path => MetadataReference.CreateFromFile(path));
}
