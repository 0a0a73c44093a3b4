using System.Diagnostics;
using System.Globalization;

namespace DaxEmu.Bench.Cli;

/// <summary>A line on standard error that says what is being done and how long it will take; nothing where that is no terminal.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const int Width = 78;

    private readonly bool isShown = !Console.IsErrorRedirected;
    private readonly long begin = Stopwatch.GetTimestamp();

    /// <summary>Shows what is being done.</summary>
    /// <param name="what">In a few words.</param>
    /// <param name="done">How much of the whole is done, 0 to 1.</param>
    public void Show(string what, double done)
    {
        if (!isShown)
        {
            return;
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
        string left = done > 0
            ? string.Create(CultureInfo.InvariantCulture, $", about {elapsed.TotalSeconds * (1 - done) / done:0} s left")
            : string.Empty;
        string line = string.Create(CultureInfo.InvariantCulture, $"[{done * 100,3:0} %{left}] {what}");
        Console.Error.Write("\r" + (line.Length > Width ? line[..Width] : line.PadRight(Width)));
    }

    public void Dispose()
    {
        if (isShown)
        {
            Console.Error.Write("\r" + new string(' ', Width) + "\r");
        }
    }
}
