using System.Collections.Concurrent;
using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DaxEmu.Tests.Architecture;

/// <summary>Which module of a project uses a name of which other, found by the compiler: a full name counts as a short one does.</summary>
internal sealed class ModuleUses
{
    // Looking every name of a project up takes seconds: once a project, whatever its modules are.
    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyDictionary<(string From, string To), string>>> FileUses = [];

    private readonly Dictionary<(string From, string To), string> uses = [];

    /// <summary>Adds up what a project's sources use of each other.</summary>
    /// <param name="project">The project's folder.</param>
    /// <param name="moduleOf">The module of a source, by its path inside the project.</param>
    public ModuleUses(string project, Func<string, string> moduleOf)
    {
        string root = Path.Combine(Solution.Root, project);
        Modules = [.. Solution.Sources(project).Select(ModuleOfFile).Distinct().Order(StringComparer.Ordinal)];
        foreach (((string from, string to), string place) in FileUses.GetOrAdd(project, _ => new(() => UsesOfFiles(project))).Value)
        {
            if (ModuleOfFile(from) != ModuleOfFile(to))
            {
                _ = uses.TryAdd((ModuleOfFile(from), ModuleOfFile(to)), place);
            }
        }

        string ModuleOfFile(string file) => moduleOf(Path.GetRelativePath(root, file));
    }

    /// <summary>The modules that have a source.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>Each pair of modules of which the first names something of the second, with a place that does.</summary>
    public IReadOnlyDictionary<(string From, string To), string> All => uses;

    // The project's sources are compiled, and every name is looked up.
    private static Dictionary<(string From, string To), string> UsesOfFiles(string project)
    {
        Dictionary<(string From, string To), string> uses = [];
        var compilation = CSharpCompilation.Create(
            "uses", [.. Solution.Sources(project).Select(CoreSources.Parse), CSharpSyntaxTree.ParseText(CoreSources.ImplicitUsings, CoreSources.Syntax)], References(),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        foreach (SyntaxTree tree in compilation.SyntaxTrees.Where(t => t.FilePath.Length > 0))
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                SymbolInfo found = model.GetSymbolInfo(name);
                ISymbol? symbol = found.Symbol ?? found.CandidateSymbols.FirstOrDefault();
                if (symbol?.OriginalDefinition.DeclaringSyntaxReferences.FirstOrDefault()?.SyntaxTree.FilePath is { Length: > 0 } file
                    && file != tree.FilePath && symbol is not INamespaceSymbol)
                {
                    FileLinePositionSpan place = name.GetLocation().GetLineSpan();
                    _ = uses.TryAdd((tree.FilePath, file), $"{Path.GetFileName(tree.FilePath)}:{place.StartLinePosition.Line + 1} names {name.Identifier.Text}");
                }
            }
        }

        return uses;
    }

    private static IEnumerable<MetadataReference> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileNameWithoutExtension(path) is not ("DaxEmu.Core" or "daxemu"))
        .Select(path => MetadataReference.CreateFromFile(path));
}
