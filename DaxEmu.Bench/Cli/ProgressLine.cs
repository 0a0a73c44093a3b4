using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace DaxEmu.Bench.Cli;

/// <summary>
/// A line on standard error that says what is being done and how long it will take; nothing where that is no terminal. Beside it, where they
/// are asked for, lines that stay: at each interval (<c>--status-interval</c>) and at the signal USR1.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private const int MostWidth = 78;
    private const int LeastWidth = 20;

    private readonly Lock gate = new();
    private readonly bool isShown;
    private readonly bool isJson;
    private readonly int width;
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly Timer? timer;
    private long begin;
    private string what = "beginning";
    private double done;
    private volatile Func<WorkFacts?>? facts;

    /// <summary>For a command line with <see cref="ProgressOptions"/>.</summary>
    public ProgressLine(ParseResult parsed)
    {
        EtaKind eta = parsed.GetValue(ProgressOptions.Eta);
        isShown = eta == EtaKind.Always || (eta == EtaKind.Auto && !Console.IsErrorRedirected);
        isJson = parsed.GetValue<OutputFormat>("--output-format") != OutputFormat.Normal;
        width = Console.IsErrorRedirected ? MostWidth : Math.Clamp(ConsoleWidth.Columns - 1, LeastWidth, MostWidth);
        begin = start;
        StatusRequests.Shown = Say;
        if (parsed.GetValue(ProgressOptions.Interval) is { } interval)
        {
            timer = new Timer(_ => Say(), null, interval, interval);
        }
    }

    /// <summary>Says more of the work, when it is asked; null for nothing.</summary>
    public Func<WorkFacts?>? Facts
    {
        get => facts;
        set => facts = value;
    }

    /// <summary>Shows what is being done.</summary>
    /// <param name="doing">In a few words.</param>
    /// <param name="share">How much of the whole is done, 0 to 1. Less than before begins another piece of work.</param>
    public void Show(string doing, double share)
    {
        lock (gate)
        {
            begin = share < done ? Stopwatch.GetTimestamp() : begin;
            what = doing;
            done = share;
            if (isShown)
            {
                string line = $"[{Numbers()}] {Printable.Of(doing)}";
                Console.Error.Write("\r" + (line.Length > width ? line[..width] : line.PadRight(width)));
            }
        }
    }

    /// <summary>Prints something that stays, where the line is now; the line comes back with what is shown next.</summary>
    public void Above(Action print)
    {
        lock (gate)
        {
            Clear();
            print();
        }
    }

    public void Dispose()
    {
        StatusRequests.Shown = null;
        timer?.Dispose();
        lock (gate)
        {
            Clear();
        }
    }

    // A line that stays, above the one that does not.
    private void Say()
    {
        WorkFacts? more = facts?.Invoke();
        Above(() => Console.Error.WriteLine(isJson ? Json(more) : $"daxemu: [{Numbers()}] {Printable.Of(what)}{(more is null ? string.Empty : $"; {more.Text}")}"));
    }

    private void Clear()
    {
        if (isShown)
        {
            Console.Error.Write("\r" + new string(' ', width) + "\r");
        }
    }

    private string Numbers() => Left() is { } left
        ? string.Create(CultureInfo.InvariantCulture, $"{done * 100,3:0} %, about {Text(left)} left")
        : string.Create(CultureInfo.InvariantCulture, $"{done * 100,3:0} %");

    private string Json(WorkFacts? more)
    {
        JsonObject line = new()
        {
            ["status"] = what,
            ["done"] = Math.Round(done, 4),
            ["elapsed_s"] = Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 3),
            ["left_s"] = Left() is { } left ? Math.Round(left, 3) : null,
        };
        foreach ((string name, JsonNode? value) in more?.Json ?? [])
        {
            line[name] = value?.DeepClone();
        }

        return line.ToJsonString();
    }

    private double? Left() => done > 0 ? Stopwatch.GetElapsedTime(begin).TotalSeconds * (1 - done) / done : null;

    private static string Text(double seconds)
    {
        const int ShownInSeconds = 100;
        var time = TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2));
        return time.TotalSeconds < ShownInSeconds ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s")
            : time.TotalMinutes < ShownInSeconds ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.0} h");
    }
}
