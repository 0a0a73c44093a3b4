using DaxEmu.Bench.Benchmark.Measuring;
using ScottPlot;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>A bar for each engine and case: nanoseconds per fault, on a logarithmic scale.</summary>
internal static class BenchPlot
{
    private const int WidthPixels = 1100;
    private const int HeightPixels = 600;

    /// <summary>Draws to a file, PNG or SVG by its ending.</summary>
    /// <returns>A note for the user, or null.</returns>
    public static string? Write(BenchReport report, string path)
    {
        CaseResult[] results = [.. report.Results.Where(r => r.Refusal is null)];
        using var plot = new Plot();
        string[] engines = [.. results.Select(r => r.Engine).Distinct()];
        string[] cases = [.. results.Select(r => r.Load.Name).Distinct()];
        foreach (CaseResult result in results)
        {
            int engine = Array.IndexOf(engines, result.Engine);
            int place = (Array.IndexOf(cases, result.Load.Name) * (engines.Length + 1)) + engine;
            var bar = plot.Add.Bar(place, Math.Log10(Math.Max(1, result.NsPerFault)));
            bar.Color = new ScottPlot.Palettes.Category10().GetColor(engine);
        }

        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. cases.Select((_, i) => (i * (engines.Length + 1.0)) + ((engines.Length - 1) / 2.0))], cases);
        plot.Axes.Bottom.TickLabelStyle.Rotation = 20;
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleLeft;
        plot.Axes.Bottom.MinimumSize = 120;
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual([0, 1, 2, 3, 4, 5], ["1", "10", "100", "1000", "10 000", "100 000"]);
        plot.YLabel("ns per fault");
        plot.Title("Faults: " + string.Join(", ", engines));
        plot.ShowLegend([.. engines.Select((e, i) => new LegendItem { LabelText = e, FillColor = new ScottPlot.Palettes.Category10().GetColor(i) })]);
        bool isSvg = path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);
        if (isSvg)
        {
            plot.SaveSvg(path, WidthPixels, HeightPixels);
            return null;
        }

        plot.SavePng(path, WidthPixels, HeightPixels);
        return HasFonts() ? null : "This machine has no fonts, so the PNG has no text. Install some (fonts-dejavu-core), or write an .svg.";
    }

    private static bool HasFonts() => ((string[])["/usr/share/fonts", "/usr/local/share/fonts"])
        .Any(d => Directory.Exists(d) && Directory.EnumerateFiles(d, "*.?tf", SearchOption.AllDirectories).Any());
}
