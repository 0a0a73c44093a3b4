using System.Text.Json.Nodes;
using System.Xml.Linq;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting;
using DaxEmu.Bench.Reporting.Pages;
using DaxEmu.Tests.Documents;
using DaxEmu.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace DaxEmu.Tests.Reporting;

/// <summary>A page has what its documents have, whatever that is: no text becomes markup, and nothing is loaded from anywhere.</summary>
public sealed class PageTests
{
    private const string Hostile = "<script>alert(1)</script> | `x` *b* __c__ \\ &amp; [l](http://u) ![i](figure:0) \u001b[31m # h\n- a\r\n1. b";

    private static readonly double[] Odd = [1, 0, -5, 3, 1e300, double.Epsilon, 2_147_483_647, 17];

    private static IEnumerable<string> Kinds => DocumentKind.All.Where(k => k.Marks.Length > 0).Select(k => k.Name);

    [TestCaseSource(nameof(Kinds))]
    public void EachKindOfDocumentHasAPageWhateverItsTextsAndNumbers(string name)
    {
        int next = 0;
        ReportFile file = FileOf(name, new DocumentFiller(() => Hostile + next++, () => Odd[next++ % Odd.Length]));
        IReadOnlyList<Block> page = ReportPage.Of([file], repeats: 1);
        Assert.That(page, Has.Count.GreaterThan(2));
        string html = HtmlText.Write("t", page);
        XElement body = BodyOf(html);
        Assert.That(body.Descendants().Select(e => e.Name.LocalName).Except(["body", "h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre", "code", "blockquote", "strong", "img"]), Is.Empty);
        Assert.That(body.Descendants().Attributes().Where(a => a.Name.LocalName is "src" or "srcset" or "href").Select(a => a.Value), Has.All.StartsWith("data:image/svg+xml;base64,"));
        Assert.That(body.Value, Does.Not.Contain("\u001b"));
    }

    [Test]
    public void TextIsTheSameInHtmlWhereverItStands() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300),
        Prop.ForAll(
            Gen.Elements("<", ">", "&", "|", "*", "_", "`", "~", "[", "]", "(", ")", "!", "\\", "#", "-", "+", "=", "1.", "2)", ":", "a", "b", " ", "&lt;", "http://a.b", "\t", "    ").ListOf().ToArbitrary(),
            parts =>
            {
                string text = "x" + string.Concat(parts);
                string other = string.Concat(parts) + "x";
                XElement body = BodyOf(HtmlText.Write("t",
                [
                    new Heading(2, text), new Paragraph(other), new Warning(text), new Bullets([other, text]), new DataTable(1, ["h", other], [[text, other]]), new Listing(text),
                ]));
                string[] found = [.. body.Elements().SelectMany(Texts)];
                string[] expected = [text, other, "Warning: " + text, other, text, "h", other, text, other, text];
                Assert.That(found.Select(Plain), Is.EqualTo(expected.Select(e => Plain(Bench.Cli.Printable.Of(e)))));
            }));

    [Test]
    public void FiguresAreDrawnForBothColourSchemesWithTheirAxesAndLegend()
    {
        string Draw(bool isDark) => Plots.Lines(isDark, [new Series("emu", [(1, 10), (2, 100)]), new Series("floor", [(1, 1), (2, 1000)])], "jobs", "Faults a second", hasLogarithms: true, [(1, "1"), (2, "2")]);
        XElement light = XElement.Parse(Draw(false));
        string[] texts = [.. light.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim())];
        Assert.That(texts, Is.SupersetOf(new[] { "jobs", "Faults a second", "emu", "floor", "10", "100", "1 k" }));
        Assert.That(Draw(true), Is.Not.EqualTo(Draw(false)));
        XElement html = BodyOf(HtmlText.Write("t", [new Figure("a < b", Draw)]));
        Assert.That(html.Descendants("img").Select(i => (string?)i.Attribute("class")), Is.EqualTo(new[] { "light", "dark" }));
        Assert.That(html.Descendants("img").Select(i => (string?)i.Attribute("alt")), Has.All.EqualTo("a < b"));
    }

    [Test]
    public void ATableInMarkdownHasColumnsOfOneWidth()
    {
        string[] lines = MarkdownText.Write([new DataTable(1, ["name", "n"], [["a|b", "1"], ["long name", "12345"]])]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Is.EqualTo(new[] { "| name      |     n |", "| --------- | ----: |", "| a\\|b      |     1 |", "| long name | 12345 |" }));
    }

    /// <summary>A file of a kind.</summary>
    internal static ReportFile FileOf(string kind, DocumentFiller filler)
    {
        using var scratch = new ScratchDirectory();
        JsonNode document = filler.Make(DocumentKind.All.First(k => k.Name == kind));
        if (document is JsonObject node && node.ContainsKey("shard"))
        {
            node["shard"] = null; // of which there is not every one
        }

        File.WriteAllText(scratch["d.json"], document.ToJsonString());
        return ReportFile.Read(scratch["d.json"]);
    }

    private static XElement BodyOf(string html) => XElement.Parse(html[html.IndexOf("<body>", StringComparison.Ordinal)..(html.IndexOf("</body>", StringComparison.Ordinal) + "</body>".Length)]);

    private static IEnumerable<string> Texts(XElement block) => block.Name.LocalName switch
    {
        "table" => block.Descendants().Where(e => e.Name.LocalName is "th" or "td").Select(e => e.Value),
        "ul" => block.Elements("li").Select(e => e.Value),
        _ => [block.Value],
    };

    // Spaces at the ends of a text, and how many there are, mean nothing in HTML.
    private static string Plain(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
