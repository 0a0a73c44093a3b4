using DaxEmu.Bench.Cli;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace DaxEmu.Bench.Reporting.Pages;

/// <summary>A line of a plot.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">Its points. Where axes are logarithmic, values of 0 or less are left out.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Draws plots as SVG: the legend outside, axes with units, for dark and light backgrounds.</summary>
internal static class Plots
{
    private const int WidthPixels = 880;
    private const int HeightPixels = 380;
    private const float LineWidth = 2;
    private const int LongestLabel = 40;
    private const double MostDrawn = 1e18;
    private const float MarkerSize = 7;
    private static readonly ScottPlot.Palettes.Category10 Palette = new ScottPlot.Palettes.Category10();
    private static readonly string? Font = new[] { "DejaVu Sans", "Liberation Sans", "Noto Sans", "Open Sans", "Arial" }.Intersect(SkiaSharp.SKFontManager.Default.FontFamilies).FirstOrDefault();
    private static readonly Color DarkText = Color.FromHex("#e6edf3");
    private static readonly Color LightText = Color.FromHex("#1b1f24");
    private static readonly Color DarkLines = Color.FromHex("#3d444d");
    private static readonly Color LightLines = Color.FromHex("#d0d7de");
    private static readonly Color DarkBack = Color.FromHex("#0d1117");

    /// <summary>Lines over a number.</summary>
    /// <param name="isDark">For a dark background.</param>
    /// <param name="series">The lines.</param>
    /// <param name="x">What the x axis is, with its unit.</param>
    /// <param name="y">The same of the y axis.</param>
    /// <param name="hasLogarithms">Whether y is logarithmic.</param>
    /// <param name="ticks">Labels of x; null for numbers.</param>
    public static string Lines(bool isDark, IReadOnlyList<Series> series, string x, string y, bool hasLogarithms, IReadOnlyList<(double At, string Label)>? ticks = null)
    {
        using var plot = new Plot();
        for (int i = 0; i < series.Count; i++)
        {
            (double X, double Y)[] points = [.. series[i].Points.Where(p => IsDrawn(p.X) && IsDrawn(p.Y) && (!hasLogarithms || p.Y > 0))];
            var line = plot.Add.Scatter(points.Select(p => p.X).ToArray(), points.Select(p => hasLogarithms ? Math.Log10(p.Y) : p.Y).ToArray());
            line.Color = Palette.GetColor(i);
            line.LineWidth = LineWidth;
            line.MarkerSize = points.Length > 30 ? 0 : MarkerSize;
            line.LegendText = Label(series[i].Name);
        }

        plot.Axes.AutoScale();
        if (!hasLogarithms)
        {
            plot.Axes.SetLimitsY(0, Math.Max(1e-9, series.SelectMany(s => s.Points).Select(p => p.Y).Where(IsDrawn).DefaultIfEmpty(1).Max() * 1.08));
        }

        if (ticks is not null)
        {
            plot.Axes.Bottom.TickGenerator = new NumericManual([.. ticks.Select(t => t.At)], [.. ticks.Select(t => Label(t.Label))]);
        }

        return Finish(plot, isDark, x, y, hasLogarithms, hasLegend: true);
    }

    /// <summary>Groups of bars.</summary>
    /// <param name="isDark">For a dark background.</param>
    /// <param name="groups">Names of the groups.</param>
    /// <param name="series">Names of the bars of a group.</param>
    /// <param name="value">A bar's value; null for none.</param>
    /// <param name="y">What the y axis is, with its unit.</param>
    /// <param name="hasLogarithms">Whether y is logarithmic.</param>
    public static string Bars(bool isDark, IReadOnlyList<string> groups, IReadOnlyList<string> series, Func<int, int, double?> value, string y, bool hasLogarithms)
    {
        using var plot = new Plot();
        double[] values = [.. from g in Enumerable.Range(0, groups.Count) from s in Enumerable.Range(0, series.Count) let v = value(g, s) where v > 0 && IsDrawn(v.Value) select v.Value];
        double floor = hasLogarithms ? Math.Floor(Math.Log10(Math.Max(1e-9, values.DefaultIfEmpty(1).Min()))) : 0;
        for (int s = 0; s < series.Count; s++)
        {
            var bars = new List<Bar>();
            for (int g = 0; g < groups.Count; g++)
            {
                if (value(g, s) is { } v && IsDrawn(v) && v >= 0 && (!hasLogarithms || v > 0))
                {
                    bars.Add(new Bar
                    {
                        Position = (g * (series.Count + 1)) + s,
                        ValueBase = floor,
                        Value = hasLogarithms ? Math.Log10(v) : v,
                        FillColor = Palette.GetColor(s),
                        LineWidth = 0,
                        Size = 0.9,
                    });
                }
            }

            plot.Add.Bars(bars).LegendText = Label(series[s]);
        }

        plot.Axes.AutoScale();
        plot.Axes.SetLimitsX(-1, groups.Count * (series.Count + 1));
        plot.Axes.SetLimitsY(floor, hasLogarithms ? Math.Log10(values.DefaultIfEmpty(1).Max()) + 0.2 : Math.Max(1e-9, values.DefaultIfEmpty(1).Max() * 1.08));
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. groups.Select((_, g) => (g * (series.Count + 1.0)) + ((series.Count - 1) / 2.0))], [.. groups.Select(Label)]);
        return Finish(plot, isDark, string.Empty, y, hasLogarithms, hasLegend: series.Count > 1);
    }

    private static string Label(string text) => Printable.Excerpt(text, LongestLabel);

    // A damaged document may have numbers that no axis has.
    private static bool IsDrawn(double value) => Math.Abs(value) < MostDrawn;

    private static string Finish(Plot plot, bool isDark, string x, string y, bool hasLogarithms, bool hasLegend)
    {
        Color text = isDark ? DarkText : LightText;
        if (hasLogarithms)
        {
            plot.Axes.Left.TickGenerator = new NumericAutomatic
            {
                IntegerTicksOnly = true,
                LabelFormatter = exponent => Numbers.Short(Math.Pow(10, exponent)),
                MinorTickGenerator = new LogMinorTickGenerator(),
            };
        }
        else
        {
            plot.Axes.Left.TickGenerator = new NumericAutomatic { LabelFormatter = Numbers.Short };
        }

        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.FigureBackground.Color = isDark ? DarkBack : Colors.White;
        plot.DataBackground.Color = isDark ? DarkBack : Colors.White;
        plot.Axes.Color(text);
        plot.Grid.MajorLineColor = isDark ? DarkLines : LightLines;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.XLabel(x, 14);
        plot.YLabel(y, 14);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        if (hasLegend)
        {
            plot.Legend.BackgroundColor = Colors.Transparent;
            plot.Legend.OutlineWidth = 0;
            plot.Legend.ShadowColor = Colors.Transparent;
            plot.Legend.FontColor = text;
            plot.ShowLegend(Edge.Right);
        }
        else
        {
            plot.HideLegend();
        }

        if (Font is not null)
        {
            plot.Font.Set(Font);
        }

        return plot.GetSvgXml(WidthPixels, HeightPixels);
    }
}
