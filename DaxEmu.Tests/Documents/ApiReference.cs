using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DaxEmu.Tests.Documents;

/// <summary>
/// The pages below docs/api: a page a public type, from the assemblies and their XML docs. DocFX can write Markdown, too, but leaves its own tags for
/// references in it, which no viewer shows: sentences lose their names.
/// </summary>
internal sealed partial class ApiReference
{
    private static readonly string[] Libraries = ["DaxEmu.Core", "DaxEmu.Native"];

    private static readonly SymbolDisplayFormat Signature = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints | SymbolDisplayGenericsOptions.IncludeVariance,
        memberOptions: SymbolDisplayMemberOptions.IncludeAccessibility | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeRef | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeConstantValue,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        parameterOptions: SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier | SymbolDisplayMiscellaneousOptions.AllowDefaultLiteral);

    private static readonly SymbolDisplayFormat ShortName = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    private static readonly SymbolDisplayFormat MemberName = ShortName
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeParameters)
        .WithParameterOptions(SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeParamsRefOut);

    private static readonly (string Title, Func<ISymbol, bool> Holds)[] Parts =
    [
        ("Constructors", m => m is IMethodSymbol { MethodKind: MethodKind.Constructor }),
        ("Values", m => m is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum }),
        ("Fields", m => m is IFieldSymbol { ContainingType.TypeKind: not TypeKind.Enum }),
        ("Properties", m => m is IPropertySymbol),
        ("Methods", m => m is IMethodSymbol { MethodKind: MethodKind.Ordinary }),
        ("Operators", m => m is IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator or MethodKind.Conversion }),
        ("Events", m => m is IEventSymbol),
    ];

    private readonly CSharpCompilation compilation;
    private readonly INamedTypeSymbol[] types;
    private readonly HashSet<ISymbol> documented;

    private ApiReference()
    {
        MetadataReference[] libraries = [.. Libraries.Select(l => MetadataReference.CreateFromFile(
            Path.Combine(AppContext.BaseDirectory, l + ".dll"),
            documentation: new DocsFile(Path.Combine(AppContext.BaseDirectory, l + ".xml"))))];
        compilation = CSharpCompilation.Create(
            "reference",
            references: [.. libraries, .. Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "System*.dll").Select(f => MetadataReference.CreateFromFile(f))]);
        types = [.. libraries.SelectMany(l => PublicTypes(((IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(l)!).GlobalNamespace)).OrderBy(PageOf, StringComparer.Ordinal)];
        documented = new HashSet<ISymbol>(types, SymbolEqualityComparer.Default);
    }

    /// <summary>The pages, by their file names.</summary>
    public static IReadOnlyDictionary<string, string> Pages()
    {
        var reference = new ApiReference();
        return reference.types.ToDictionary(PageOf, reference.PageFor).Append(new("README.md", reference.Index())).ToDictionary();
    }

    private static IEnumerable<INamedTypeSymbol> PublicTypes(INamespaceOrTypeSymbol within) => within.GetMembers().OfType<INamespaceOrTypeSymbol>().SelectMany(m => m switch
    {
        INamespaceSymbol space => PublicTypes(space),
        INamedTypeSymbol { DeclaredAccessibility: Accessibility.Public } type => PublicTypes(type).Prepend(type),
        _ => [],
    });

    private static string PageOf(INamedTypeSymbol type) => $"{type.ContainingNamespace.ToDisplayString()}.{type.MetadataName.Replace('`', '-')}.md"
        .Replace($".{type.MetadataName.Replace('`', '-')}.md", $".{(type.ContainingType is { } outer ? outer.MetadataName + "." : string.Empty)}{type.MetadataName.Replace('`', '-')}.md", StringComparison.Ordinal);

    private string Index()
    {
        var page = new StringBuilder("# API reference\n\nEvery public type of the library, from its XML docs. A test rewrites these pages (`DaxEmu.Tests/Documents/ApiReferenceTests.cs` says how).\n");
        foreach (IGrouping<string, INamedTypeSymbol> space in types.GroupBy(t => t.ContainingNamespace.ToDisplayString()).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            page.Append($"\n## {space.Key}\n\n| type | |\n| --- | --- |\n");
            foreach (INamedTypeSymbol type in space)
            {
                page.Append($"| [`{type.ToDisplayString(ShortName)}`]({PageOf(type)}) | {Flat(Element(type, "summary"))} |\n");
            }
        }

        return page.ToString();
    }

    private string PageFor(INamedTypeSymbol type)
    {
        var page = new StringBuilder($"# `{type.ToDisplayString(ShortName)}`\n\n{KindOf(type)} of `{type.ContainingNamespace.ToDisplayString()}`, in {type.ContainingAssembly.Name}. [All types](README.md)\n\n");
        page.Append($"```cs\n{DeclarationOf(type)}\n```\n");
        AddDocs(page, type);
        ISymbol[] members = [.. type.GetMembers().Where(IsShown)];
        foreach ((string title, Func<ISymbol, bool> holds) in Parts)
        {
            ISymbol[] some = [.. members.Where(holds).OrderBy(m => type.TypeKind == TypeKind.Enum ? 0 : 1).ThenBy(m => type.TypeKind == TypeKind.Enum ? string.Empty : m.Name, StringComparer.Ordinal)];
            if (some.Length == 0)
            {
                continue;
            }

            page.Append($"\n## {title}\n");
            if (type.TypeKind == TypeKind.Enum)
            {
                page.Append("\n| value | | |\n| --- | --- | --- |\n");
                page.AppendJoin(string.Empty, some.Cast<IFieldSymbol>().Select(f => $"| `{f.Name}` | {f.ConstantValue} | {Flat(Element(f, "summary"))} |\n"));
                continue;
            }

            foreach (ISymbol member in some)
            {
                page.Append($"\n### `{NameOf(member)}`\n\n```cs\n{member.ToDisplayString(Signature)}\n```\n");
                AddDocs(page, member);
            }
        }

        return page.ToString();
    }

    // What a record or the compiler adds by itself says nothing.
    private static bool IsShown(ISymbol member) =>
        member.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && !string.IsNullOrEmpty(member.GetDocumentationCommentXml());

    private static string KindOf(INamedTypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Interface } => "Interface",
        { TypeKind: TypeKind.Enum } => "Enumeration",
        { TypeKind: TypeKind.Delegate } => "Delegate",
        { TypeKind: TypeKind.Struct } => "Structure",
        { IsStatic: true } => "Static class",
        _ => "Class",
    };

    private static string DeclarationOf(INamedTypeSymbol type)
    {
        string modifiers = type switch
        {
            { TypeKind: TypeKind.Enum or TypeKind.Interface or TypeKind.Delegate } => string.Empty,
            { TypeKind: TypeKind.Struct } => string.Empty,
            { IsStatic: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsSealed: true } => "sealed ",
            _ => string.Empty,
        };
        string[] bases =
        [
            .. type is { TypeKind: TypeKind.Class, BaseType: { SpecialType: not SpecialType.System_Object } parent } ? [parent.ToDisplayString(ShortName)] : Array.Empty<string>(),
            .. type.Interfaces.Select(i => i.ToDisplayString(ShortName)),
        ];
        return $"public {modifiers}{type.ToDisplayString(Signature)}{(bases.Length > 0 ? " : " + string.Join(", ", bases) : string.Empty)}";
    }

    private static string NameOf(ISymbol member) => member is IMethodSymbol { MethodKind: MethodKind.Constructor } constructor
        ? constructor.ToDisplayString(MemberName).Split('.')[^1]
        : member.ToDisplayString(MemberName);

    private void AddDocs(StringBuilder page, ISymbol symbol)
    {
        XElement docs = DocsOf(symbol);
        foreach (string name in (string[])["summary", "remarks"])
        {
            if (docs.Element(name) is { } text)
            {
                page.Append($"\n{Markdown(text)}\n");
            }
        }

        (string Name, string Text)[] rows =
        [
            .. docs.Elements("typeparam").Concat(docs.Elements("param")).Select(p => ($"`{p.Attribute("name")!.Value}`", Flat(p))),
            .. docs.Elements("value").Concat(docs.Elements("returns")).Select(r => ("gives", Flat(r))),
            .. docs.Elements("exception").Select(e => ($"throws {Reference(e.Attribute("cref")!.Value)}", Flat(e))),
        ];
        if (rows.Length > 0)
        {
            page.Append("\n| | |\n| --- | --- |\n").AppendJoin(string.Empty, rows.Select(r => $"| {r.Name} | {r.Text} |\n"));
        }
    }

    // Of a member without words of its own those of what it implements or overrides.
    private static XElement DocsOf(ISymbol symbol)
    {
        string xml = symbol.GetDocumentationCommentXml() ?? string.Empty;
        XElement docs = xml.Length == 0 ? new XElement("member") : XElement.Parse(xml.StartsWith("<member", StringComparison.Ordinal) ? xml : $"<member>{xml}</member>", LoadOptions.PreserveWhitespace);
        ISymbol? origin = docs.Element("inheritdoc") is null ? null : symbol switch
        {
            IMethodSymbol { OverriddenMethod: { } m } => m,
            IPropertySymbol { OverriddenProperty: { } p } => p,
            INamedTypeSymbol t => t.Interfaces.FirstOrDefault() ?? t.BaseType,
            _ => symbol.ContainingType.AllInterfaces.SelectMany(i => i.GetMembers()).FirstOrDefault(m => SymbolEqualityComparer.Default.Equals(symbol.ContainingType.FindImplementationForInterfaceMember(m), symbol)),
        };
        return origin is null ? docs
            : DocsOf(origin) is { HasElements: true } inherited ? inherited
            : new XElement("member", new XElement("summary", "As ", new XElement("c", origin.ToDisplayString(MemberName)), "."));
    }

    private static XElement Element(ISymbol symbol, string name) => DocsOf(symbol).Element(name) ?? new XElement(name);

    // For a cell of a table.
    private string Flat(XElement element) => Space().Replace(Markdown(element), " ").Replace("|", "\\|", StringComparison.Ordinal);

    private string Markdown(XElement element) => Lines().Replace(string.Concat(element.Nodes().Select(Markdown)), "\n\n").Trim();

    private string Markdown(XNode node) => node switch
    {
        XText text => Space().Replace(text.Value, " ").Replace("<", "\\<", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal),
        XElement { Name.LocalName: "see" or "seealso" } see when see.Attribute("cref") is { } target => Reference(target.Value),
        XElement { Name.LocalName: "see" } see when see.Attribute("langword") is { } word => $"`{word.Value}`",
        XElement { Name.LocalName: "see" } see when see.Attribute("href") is { } address => $"[{(see.Value.Length > 0 ? see.Value : address.Value)}]({address.Value})",
        XElement { Name.LocalName: "paramref" or "typeparamref" } named => $"`{named.Attribute("name")!.Value}`",
        XElement { Name.LocalName: "c" } code => $"`{Space().Replace(code.Value, " ")}`",
        XElement { Name.LocalName: "code" } block => $"\n\n```cs\n{block.Value.Trim('\n')}\n```\n\n",
        XElement { Name.LocalName: "para" } para => $"\n\n{Markdown(para)}\n\n",
        XElement { Name.LocalName: "list" } list => "\n\n" + string.Concat(list.Elements("item").Select(i => $"- {Flat(i)}\n")) + "\n",
        XElement other => Markdown(other),
        _ => string.Empty,
    };

    // A link to the page of the type, if it has one.
    private string Reference(string id)
    {
        ISymbol? symbol = DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation);
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        string name = symbol is null ? id[(id.IndexOf(':') + 1)..].Split('(')[0].Split('.')[^1]
            : symbol is INamedTypeSymbol || symbol.ContainingType.TypeKind == TypeKind.Enum ? symbol.ToDisplayString(ShortName.WithMemberOptions(SymbolDisplayMemberOptions.IncludeContainingType))
            : symbol.ContainingType.Name + "." + symbol.Name;
        return type is not null && documented.Contains(type.OriginalDefinition) ? $"[`{name}`]({PageOf(type.OriginalDefinition)})" : $"`{name}`";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\s*\n\s*\n\s*")]
    private static partial Regex Lines();

    // The file that the compiler writes beside an assembly.
    private sealed class DocsFile(string path) : DocumentationProvider
    {
        private readonly string file = path;
        private readonly Dictionary<string, string> members = XDocument.Load(path, LoadOptions.PreserveWhitespace)
            .Descendants("member")
            .ToDictionary(m => m.Attribute("name")!.Value, m => m.ToString(SaveOptions.DisableFormatting));

        public override bool Equals(object? obj) => obj is DocsFile other && other.file == file;

        public override int GetHashCode() => file.GetHashCode(StringComparison.Ordinal);

        protected override string? GetDocumentationForSymbol(string documentationMemberID, CultureInfo preferredCulture, CancellationToken cancellationToken) =>
            members.GetValueOrDefault(documentationMemberID);
    }
}
