using System.Net;
using Markdig;
using Markdig.Renderers;
using Markdig.Renderers.Html.Inlines;

namespace DaxEmu.Bench.Reporting.Pages;

/// <summary>A page as one file of HTML, which needs nothing else: styles and figures lie in it.</summary>
internal static class HtmlText
{
    // What a browser may load: nothing from anywhere, images that lie in the page.
    private const string Policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

    private const string Style = """
        :root { color-scheme: light dark; --text: #1b1f24; --faint: #59636e; --back: #ffffff; --line: #d0d7de; --stripe: #f6f8fa; --alert: #9a3412; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --faint: #9198a1; --back: #0d1117; --line: #3d444d; --stripe: #151b23; --alert: #fdba74; } }
        body { margin: 0 auto; padding: 1rem 1.5rem 4rem; max-width: 62rem; color: var(--text); background: var(--back); font: 16px/1.5 system-ui, sans-serif; }
        h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .75rem; }
        h2 { border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
        table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .9rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .75rem; border: 1px solid var(--line); white-space: nowrap; }
        tbody tr:nth-child(even) { background: var(--stripe); }
        blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: .25rem solid var(--alert); color: var(--alert); }
        pre { padding: .75rem 1rem; overflow-x: auto; background: var(--stripe); border: 1px solid var(--line); font-size: .85rem; }
        img { max-width: 100%; height: auto; }
        img.dark { display: none; }
        @media (prefers-color-scheme: dark) { img.dark { display: inline; } img.light { display: none; } }
        """;

    private const int MostFigures = 60;

    /// <summary>Writes it.</summary>
    public static string Write(string title, IReadOnlyList<Block> page)
    {
        IReadOnlyList<Block> blocks = WithoutTooManyFigures(page);
        MarkdownPipeline pipeline = new MarkdownPipelineBuilder().UsePipeTables().DisableHtml().Build();
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        pipeline.Setup(renderer);
        renderer.ObjectRenderers.ReplaceOrAdd<LinkInlineRenderer>(new FigureRenderer([.. blocks.OfType<Figure>()]));
        renderer.Render(Markdown.Parse(MarkdownText.Write(blocks, hasFigures: true), pipeline));
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta http-equiv="Content-Security-Policy" content="{WebUtility.HtmlEncode(Policy)}" />
            <title>{WebUtility.HtmlEncode(title)}</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            {writer}</body>
            </html>

            """;
    }

    private static IReadOnlyList<Block> WithoutTooManyFigures(IReadOnlyList<Block> page)
    {
        Figure[] figures = [.. page.OfType<Figure>()];
        if (figures.Length <= MostFigures)
        {
            return page;
        }

        HashSet<Figure> shown = [.. figures.Take(MostFigures)];
        return
        [
            new Warning($"Only the first {MostFigures} of {figures.Length} plots are shown; the tables have all figures."),
            .. page.Where(block => block is not Figure figure || shown.Contains(figure)),
        ];
    }
}
