using System.Globalization;
using System.Text;
using DaxEmu.Bench.Cli;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax.Inlines;

namespace DaxEmu.Bench.Reporting.Pages;

/// <summary>Writes a figure as an image that lies in the page, once for light and once for dark; styles show one of them. As an image it cannot disturb the page's names and styles.</summary>
internal sealed class FigureRenderer(IReadOnlyList<Figure> figures) : HtmlObjectRenderer<LinkInline>
{
    protected override void Write(HtmlRenderer renderer, LinkInline link)
    {
        // No page has another link than those of its figures.
        Figure figure = figures[int.Parse(link.Url![MarkdownText.FigureAddress.Length..], CultureInfo.InvariantCulture)];
        foreach ((string scheme, bool isDark) in ((string, bool)[])[("light", false), ("dark", true)])
        {
            renderer.Write("<img class=\"").Write(scheme).Write("\" src=\"").Write(Image(figure.Draw(isDark)))
                .Write("\" alt=\"").WriteEscape(Printable.Of(figure.Caption)).Write("\" />");
        }
    }

    private static string Image(string svg) => "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(svg));
}
