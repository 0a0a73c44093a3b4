using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>Where the two operations of a pair work, relative to each other.</summary>
internal sealed class ConflictRelation
{
    private const long Page = 8;
    private const long OtherPage = 264;
    private const long FarPage = (16 * DaxConstants.PagesPerPmd) + Page;
    private const long Huge = 4 * DaxConstants.PagesPerPmd;
    private const long NextHuge = Huge + DaxConstants.PagesPerPmd;
    private const long FarHuge = 20 * DaxConstants.PagesPerPmd;

    private readonly Func<ConflictKind, ConflictKind, bool> holds;
    private readonly ConflictPlace second;

    private ConflictRelation(string name, string description, bool isCounted, ConflictPlace second, Func<ConflictKind, ConflictKind, bool> holds)
    {
        Name = name;
        Description = description;
        IsCounted = isCounted;
        this.second = second;
        this.holds = holds;
    }

    /// <summary>The place of a pair's first operation.</summary>
    public static ConflictPlace First { get; } = new(File: 0, View: 0, Page, Huge, Directory: 0, IsWarmUp: false);

    /// <summary>All relations.</summary>
    public static IReadOnlyList<ConflictRelation> All { get; } =
    [
        new("one page", "the same page, by two views", true, First with { View = 1 }, (a, b) => a == ConflictKind.ReadsPage && b == ConflictKind.ReadsPage),
        new("next page", "two neighbouring pages: words of eight of them lie in one line, since a word a page is all that is paid for", false, First with { Page = Page + 1 }, (a, b) => IsPage(a) && IsPage(b)),
        new("one 2 MiB", "two pages of one 2 MiB", true, First with { Page = OtherPage }, (a, b) => IsPage(a) && IsPage(b)),
        new("next 2 MiB", "two neighbouring 2 MiB: words of eight of them lie in one line", false, First with { HugePage = NextHuge }, (a, b) => a == ConflictKind.Huge && b == ConflictKind.Huge),
        new("two 2 MiB", "two 2 MiB of one file, 32 MiB apart", true, First with { Page = FarPage, HugePage = FarHuge }, (a, b) => (IsPage(a) || a == ConflictKind.Huge) && (IsPage(b) || b == ConflictKind.Huge)),
        new("one file", "one file, of which the one works on a page or 2 MiB and the other elsewhere, or on the whole", true, First with { Page = OtherPage, HugePage = FarHuge }, IsInOneFile),
        new("two files", "two files of one volume", true, First with { File = 1 }, (a, b) => a != ConflictKind.Name || b != ConflictKind.Name),
        new("two directories", "names in two directories of one volume", true, First with { File = 1, Directory = 1 }, (a, b) => a == ConflictKind.Name && b == ConflictKind.Name),
        new("one directory", "two names in one directory", true, First with { File = 1 }, (a, b) => a == ConflictKind.Name && b == ConflictKind.Name),
        new("excluded", "one file, of which the one changes the layout: by the kernel's own rule it keeps the other out meanwhile", false, First with { Page = OtherPage, HugePage = FarHuge }, IsLayoutBeside),
    ];

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it means.</summary>
    public string Description { get; }

    /// <summary>Whether its pairs count: not where a rule of the kernel's lets the two take turns, whatever lines they share.</summary>
    public bool IsCounted { get; }

    /// <summary>The place of its second.</summary>
    public ConflictPlace Second => second;

    /// <summary>Whether two operations commute in this relation.</summary>
    public bool Holds(ConflictOperation one, ConflictOperation other) => holds(one.Kind, other.Kind);

    private static bool IsPage(ConflictKind kind) => kind is ConflictKind.Page or ConflictKind.ReadsPage;

    private static bool IsOfFile(ConflictKind kind) => kind is ConflictKind.File or ConflictKind.DirtiesFile or ConflictKind.WholeFile;

    private static bool IsInOneFile(ConflictKind one, ConflictKind other) =>
        one is not (ConflictKind.Name or ConflictKind.Layout) && other is not (ConflictKind.Name or ConflictKind.Layout)
        && (IsOfFile(one) || IsOfFile(other))
        && (one, other) is not ((ConflictKind.WholeFile, ConflictKind.WholeFile) or (ConflictKind.WholeFile, ConflictKind.DirtiesFile) or (ConflictKind.DirtiesFile, ConflictKind.WholeFile))
        && (other != ConflictKind.WholeFile || one is ConflictKind.ReadsPage or ConflictKind.File);

    // Of two changes of layout of one file some do not commute: two appends, an append and a truncate.
    private static bool IsLayoutBeside(ConflictKind one, ConflictKind other) =>
        other == ConflictKind.Layout && one is not (ConflictKind.Name or ConflictKind.Layout or ConflictKind.WholeFile);
}
