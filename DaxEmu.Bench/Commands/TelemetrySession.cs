using System.Text;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using DaxEmu.Native;

namespace DaxEmu.Bench.Commands;

/// <summary>Counts and records what the mappings of a run do, and writes it at the end.</summary>
internal sealed class TelemetrySession : IDisposable
{
    /// <summary>Stands for standard error.</summary>
    public const string StandardError = "-";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly DaxMeter meter = new();
    private readonly OpenMetrics? counts;
    private readonly string? metricsPath;
    private readonly bool wasLoaded = HostLibrary.IsLoaded;
    private readonly TraceFile? trace;

    /// <summary>Begins.</summary>
    /// <param name="metricsPath">Where counts go at the end; null for nowhere.</param>
    /// <param name="tracePath">Where events go; null for nowhere.</param>
    /// <exception cref="DaxEnvironmentException">A file cannot be written.</exception>
    public TelemetrySession(string? metricsPath, string? tracePath)
    {
        this.metricsPath = metricsPath;
        if (metricsPath is not null)
        {
            OutputFile.Check(metricsPath == StandardError ? null : metricsPath, null);
            counts = new OpenMetrics(DaxMeter.Name);
        }

        if (tracePath is not null)
        {
            OutputFile.Check(tracePath, null);
            trace = new TraceFile(tracePath);
        }

        ProcessSink.Current = new CompositeEventSink([meter, FsDaxEventSource.Log, .. trace is null ? Array.Empty<IDaxEventSink>() : [trace]]);
    }

    /// <summary>Whether there is something to count: a line that was refused stands alone on standard error.</summary>
    public bool HasRun { get; set; }

    /// <summary>Ends, and writes.</summary>
    /// <exception cref="DaxEnvironmentException">A file could not be written.</exception>
    public void Dispose()
    {
        ProcessSink.Current = null;
        string? text = counts?.Text();
        counts?.Dispose();
        meter.Dispose();
        if (HasRun && HostLibrary.IsLoaded && !wasLoaded)
        {
            CommandFrame.Report("the faults of the native library (--mmu host) are neither in --metrics nor in --trace.");
        }

        try
        {
            trace?.Dispose();
            if (metricsPath == StandardError)
            {
                Console.Error.Write(HasRun ? text : null);
            }
            else if (metricsPath is not null)
            {
                File.WriteAllText(metricsPath, text, Utf8);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DaxEnvironmentException($"cannot write what --metrics or --trace ask for: {problem.Message}", "Free space, or name another file.");
        }
    }

    // What a full disk refuses is reported at the end: an exception here would end the counts of the mapping as well.
    private sealed class TraceFile : IDaxEventSink, IDisposable
    {
        private readonly StreamWriter writer;
        private readonly FtraceTextSink text;
        private IOException? failure;

        public TraceFile(string path)
        {
            writer = new StreamWriter(path, append: false, Utf8, bufferSize: 1 << 16);
            text = new FtraceTextSink(writer);
        }

        public void Receive(in DaxEvent daxEvent)
        {
            if (failure is not null)
            {
                return;
            }

            try
            {
                text.Receive(daxEvent);
            }
            catch (IOException problem)
            {
                failure = problem;
            }
        }

        public void Dispose()
        {
            writer.Dispose();
            if (failure is not null)
            {
                throw failure;
            }
        }
    }
}
