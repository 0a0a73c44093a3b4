using System.Globalization;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>A bar for each engine and case: nanoseconds per fault, on a logarithmic scale, with the fastest and the slowest round.</summary>
internal static class BenchPlot
{
    private const int LeastWidthPixels = 900;
    private const int PixelsPerBar = 26;
    private const int OtherPixels = 330;
    private const int HeightPixels = 640;
    private const int LabelPixels = 130;
    private const double SmallestNs = 0.01;
    private const double Margin = 0.05;
    private static readonly ScottPlot.Palettes.Category10 Palette = new();

    /// <summary>Draws to a file, PNG or SVG by its ending.</summary>
    /// <returns>A note for the user, or null.</returns>
    public static string? Write(BenchReport report, string path)
    {
        CaseResult[] results = [.. report.Results.Where(r => r.Refusal is null)];
        string[] engines = [.. results.Select(r => r.Engine).Distinct()];
        FaultCase[] cases = [.. results.Select(r => r.Load).Distinct()];
        using var plot = new Plot();
        foreach (CaseResult result in results)
        {
            int engine = Array.IndexOf(engines, result.Engine);
            double place = (Array.IndexOf(cases, result.Load) * (engines.Length + 1.0)) + engine;
            AddBar(plot, place, Palette.GetColor(engine), result);
        }

        double top = results.Length == 0 ? 1 : Math.Ceiling(results.Max(r => Height(r.NsPerFaultRounds[^1])) + Margin);
        double bottom = results.Length == 0 ? 0 : Math.Min(0, Math.Floor(results.Min(r => Height(r.NsPerFaultRounds[0]))));
        plot.Axes.SetLimits(-1, Math.Max(1, cases.Length * (engines.Length + 1.0)) - 0.5, bottom, top);
        Label(plot, cases, engines.Length, (int)bottom, (int)top);
        string unit = results.All(r => PhaseFacts.IsFault(r.Load.Phase)) ? "fault" : "unit";
        plot.YLabel($"time per {unit} [ns], logarithmic");
        plot.Title($"Median of the rounds; whiskers: the fastest and the slowest round ({report.CpuCount} CPUs)", size: 14);
        plot.Legend.ManualItems.AddRange(engines.Select((e, i) => new LegendItem { LabelText = e, FillColor = Palette.GetColor(i) }));
        plot.ShowLegend(Edge.Right);
        int width = Math.Max(LeastWidthPixels, (cases.Length * (engines.Length + 1) * PixelsPerBar) + OtherPixels);
        if (path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            plot.SaveSvg(path, width, HeightPixels);
            return null;
        }

        plot.SavePng(path, width, HeightPixels);
        return HasFonts() ? null : "This machine has no fonts, so the PNG has no text. Install some (fonts-dejavu-core), or write an .svg.";
    }

    private static void AddBar(Plot plot, double place, Color color, CaseResult result)
    {
        double median = Height(result.NsPerFault);
        BarPlot bar = plot.Add.Bar(place, median);
        bar.Color = color;
        double below = median - Height(result.NsPerFaultRounds[0]);
        double above = Height(result.NsPerFaultRounds[^1]) - median;
        plot.Add.Plottable(new ErrorBar([place], [median], null, null, [below], [above]) { Color = Colors.Black, CapSize = 5 });
    }

    private static void Label(Plot plot, FaultCase[] cases, int engineCount, int bottom, int top)
    {
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. cases.Select((_, i) => (i * (engineCount + 1.0)) + ((engineCount - 1) / 2.0))], [.. cases.Select(LabelOf)]);
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.UpperCenter;
        plot.Axes.Bottom.MinimumSize = LabelPixels;
        int[] powers = [.. Enumerable.Range(bottom, top - bottom + 1)];
        plot.Axes.Left.TickGenerator = new NumericManual([.. powers.Select(p => (double)p)], [.. powers.Select(PowerOfTen)]);
        plot.Grid.XAxisStyle.IsVisible = false;
    }

    // A line a word of the load, and one for each of the rest: labels are as wide as a few bars.
    private static string LabelOf(FaultCase load) => string.Join('\n', load.Name.Split(", ").SelectMany((part, i) => i == 0 ? part.Split(' ') : [part]));

    private static string PowerOfTen(int power) => Math.Pow(10, power).ToString(power < 0 ? "0.##" : "#,0", CultureInfo.InvariantCulture).Replace(',', ' ');

    private static double Height(double ns) => Math.Log10(Math.Max(SmallestNs, ns));

    private static bool HasFonts() => ((string[])["/usr/share/fonts", "/usr/local/share/fonts"])
        .Any(d => Directory.Exists(d) && Directory.EnumerateFiles(d, "*.?tf", SearchOption.AllDirectories).Any());
}
