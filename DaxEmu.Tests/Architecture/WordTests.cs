using System.Text.RegularExpressions;
using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>XML docs and messages use the words of docs/glossary.md.</summary>
public sealed partial class WordTests
{
    private static readonly string[] Projects = ["DaxEmu.Core", "DaxEmu.Native", "DaxEmu.Bench"];

    /// <summary>Folders that still have words of the left column. It only shrinks: a folder that is without them must leave it.</summary>
    private static readonly string[] Unfinished =
    [
        "DaxEmu.Core/Dax",
        "DaxEmu.Core/Dax/Faults",
        "DaxEmu.Core/Dax/Invalidation",
        "DaxEmu.Core/Dax/ReadWrite",
        "DaxEmu.Core/Fs",
        "DaxEmu.Core/Mm",
    ];

    private static readonly Lazy<ILookup<string, string>> Found = new(() => Projects.SelectMany(Find).ToLookup(f => f.Folder, f => f.Message));

    [Test]
    public void DocsAndMessagesUseTheWordsOfTheGlossary()
    {
        foreach (IGrouping<string, string> folder in Found.Value.Where(f => Unfinished.Contains(f.Key)))
        {
            TestContext.Out.WriteLine($"{folder.Key}: {folder.Count()} left");
        }

        string[] found = [.. Found.Value.Where(f => !Unfinished.Contains(f.Key)).SelectMany(f => f)];
        Assert.That(found, Is.Empty, () => string.Join('\n', found));
    }

    /// <summary>Pages that still have such words. It only shrinks, too.</summary>
    private static readonly string[] UnfinishedPages = [];

    [Test]
    public void DocumentsUseTheWordsOfTheGlossary() => Assert.That(
        FindInPages().Where(f => !UnfinishedPages.Contains(f.Page)).Select(f => f.Message), Is.Empty);

    [Test]
    public void APageWithoutSuchWordsIsNoLongerListedAsUnfinished() => Assert.That(
        UnfinishedPages.Except(FindInPages().Select(f => f.Page)), Is.Empty, "delete these lines of the list");

    [Test]
    public void AFolderWithoutSuchWordsIsNoLongerListedAsUnfinished() => Assert.That(
        Unfinished.Where(f => !Found.Value.Contains(f)), Is.Empty, "delete these lines of the list");

    [Test]
    public void TheGlossaryNamesTwentyRowsOfWords() => Assert.That(Glossary.Unused, Has.Count.EqualTo(20));

    [TestCase("/// <summary>The room of a\n/// table.</summary>\nclass C;", 1, "room")]
    [TestCase("/// <summary>A thread walks\n/// away.</summary>\nclass C;", 1, "walks")]
    [TestCase("/// <summary>One.</summary>\n/// <remarks>Two <c>sleepers</c>.</remarks>\nclass C;", 2, "sleepers")]
    [TestCase("class C { string M(int i) => $\"{i} was\" +\n \" healed\"; }", 2, "healed")]
    [TestCase("class C { string M(int i) => $\"{i} threads: nobody\"; }", 1, "nobody")]
    public void AWordIsFoundInDocsAndStringsWithItsLine(string source, int line, string word) => Assert.That(
        Find(CSharpSyntaxTree.ParseText(source)).Single(), Is.EqualTo((line, word)).Using<(int Line, string Word), (int, string)>(
            (found, wanted) => found.Line == wanted.Item1 && found.Word.StartsWith(wanted.Item2, StringComparison.Ordinal)));

    [TestCase("/// <summary>PG_PMD_COLOUR of <see cref=\"World\"/> and <paramref name=\"room\"/>.</summary>\nclass C;")]
    [TestCase("class Room { string Lane => \"--worlds 2x2, released, mushroom\"; } // nobody")]
    public void NamesAndOptionsAreNoWords(string source) => Assert.That(Find(CSharpSyntaxTree.ParseText(source)), Is.Empty);

    private static IEnumerable<(string Folder, string Message)> Find(string project) =>
        from file in Solution.Sources(project).Order(StringComparer.Ordinal)
        let path = Path.GetRelativePath(Solution.Root, file)
        where path != "DaxEmu.Bench/Cli/OldNames.cs" // what scripts may still write
        from found in Find(CoreSources.Parse(file))
        select (Path.GetDirectoryName(path)!, $"{path}:{found.Line}: '{found.Word}': write {RemedyFor(found.Word)}");

    // Not in code, and not where a text quotes another; he is a person there, never a thread.
    private static IEnumerable<(string Page, string Message)> FindInPages() =>
        from page in DocPage.All
        where page.Name != "docs/glossary.md"
        from line in page.Prose
        from row in Glossary.Unused
        from match in row.Pattern.Matches(Quotation().Replace(line.Text, string.Empty))
        where match.Value is not ("he" or "He" or "his" or "His" or "him")
        select (page.Name, $"{page.Name}:{line.Line}: '{match.Value}': write {row.Remedy}");

    private static IEnumerable<(int Line, string Word)> Find(SyntaxTree tree) =>
        from prose in ProseReader.Read(tree)
        from row in Glossary.Unused
        from match in row.Pattern.Matches(prose.Text)
        select (prose.LineOf(match.Index), match.Value);

    private static string RemedyFor(string word) => Glossary.Unused.First(r => r.Pattern.IsMatch(word)).Remedy;

    [GeneratedRegex("`[^`]*`|\"[^\"]*\"")]
    private static partial Regex Quotation();
}
