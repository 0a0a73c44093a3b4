using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;
using DaxEmu.Bench.Reporting.Sections;

namespace DaxEmu.Bench.Reporting;

/// <summary>Makes a page of files.</summary>
internal static class ReportPage
{
    /// <summary>The page's title.</summary>
    public const string Title = "daxemu report";

    /// <summary>Makes it.</summary>
    /// <param name="files">The files, in the order of the command line.</param>
    /// <param name="repeats">Runs of each build, which lie beside each other.</param>
    public static IReadOnlyList<Block> Of(IReadOnlyList<ReportFile> files, int repeats)
    {
        var page = new List<Block> { new Heading(1, Title) };
        foreach (IGrouping<DocumentKind, ReportFile> kind in files.GroupBy(f => f.Kind))
        {
            page.AddRange(SectionOf([.. kind], repeats));
        }

        return page;
    }

    private static IEnumerable<Block> SectionOf(ReportFile[] files, int repeats) => files[0].Document switch
    {
        BenchDocument => BenchSection.Of(Named<BenchDocument>(files), repeats),
        IReadOnlyList<PolicyDocument> => PolicySection.Of(Named<IReadOnlyList<PolicyDocument>>(files)),
        SoakDocument => SoakSection.Of(Named<SoakDocument>(files)),
        CheckDocument => CheckSection.Of(Named<CheckDocument>(files)),
        CrashDocument => CrashSection.Of(Named<CrashDocument>(files)),
        _ => PlainSections.Of(files),
    };

    private static IReadOnlyList<Named<T>> Named<T>(ReportFile[] files) => [.. files.Select(f => new Named<T>(f.Name, (T)f.Document))];
}

/// <summary>A document and its file's name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Document">The document.</param>
internal sealed record Named<T>(string Name, T Document);
