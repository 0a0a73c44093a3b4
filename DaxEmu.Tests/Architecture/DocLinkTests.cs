using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>Links of the documents lead somewhere, and each page can be reached.</summary>
public sealed class DocLinkTests
{
    [Test]
    public void EachLinkLeadsToAFileAndAHeadingThatExist() => Assert.That(
        from page in DocPage.All
        from link in page.Links
        where !IsElsewhere(link.Target) && !Leads(page, link.Target)
        select $"{page.Name}:{link.Line}: {link.Target}",
        Is.Empty);

    [Test]
    public void EachPageIsReachedFromTheReadme()
    {
        Dictionary<string, DocPage> pages = DocPage.All.ToDictionary(p => p.FullPath);
        var reached = new HashSet<string>();
        var next = new Queue<DocPage>(DocPage.All.Where(p => p.Name == "README.md"));
        while (next.TryDequeue(out DocPage? page))
        {
            if (reached.Add(page.FullPath))
            {
                page.Links.Where(l => !IsElsewhere(l.Target)).Select(l => FileOf(page, l.Target)).Where(pages.ContainsKey).ToList().ForEach(f => next.Enqueue(pages[f]));
            }
        }

        Assert.That(DocPage.All.Where(p => !reached.Contains(p.FullPath)).Select(p => p.Name), Is.Empty, "pages that no link leads to");
    }

    [Test]
    public void EachDecisionIsInTheIndex()
    {
        DocPage index = DocPage.All.Single(p => p.Name == "docs/decisions/README.md");
        Assert.That(
            DocPage.All.Where(p => p.Name.StartsWith("docs/decisions/", StringComparison.Ordinal) && p != index).Select(p => Path.GetFileName(p.Name)),
            Is.EquivalentTo(index.Links.Select(l => l.Target).Where(t => !t.Contains('/'))));
    }

    private static bool IsElsewhere(string target) => target.Contains("://", StringComparison.Ordinal);

    private static string FileOf(DocPage page, string target) => target.StartsWith('#')
        ? page.FullPath
        : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page.FullPath)!, target.Split('#')[0]));

    private static bool Leads(DocPage page, string target)
    {
        string file = FileOf(page, target);
        string? heading = target.Split('#') is [_, string found] ? found : null;
        return heading is null
            ? File.Exists(file) || Directory.Exists(file)
            : DocPage.All.Any(p => p.FullPath == file && p.Anchors.Contains(heading));
    }
}
