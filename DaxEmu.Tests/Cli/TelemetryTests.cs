using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Cli;

/// <summary>Counters as OpenMetrics text, and a sink for all mappings of a process.</summary>
[NonParallelizable]
public sealed partial class TelemetryTests
{
    private const string MeterName = "test of OpenMetrics";

    [Test]
    public void CountersAreAddedUpByLabelAndTheTextEnds()
    {
        using var meter = new Meter(MeterName);
        using var counts = new OpenMetrics(MeterName);
        Counter<long> faults = meter.CreateCounter<long>("dax.faults", "{fault}", "With a \"quote\" and a \\.");
        faults.Add(2, new KeyValuePair<string, object?>("order", "pmd"), new KeyValuePair<string, object?>("result", "A\"B\\C\nD"));
        faults.Add(3, new KeyValuePair<string, object?>("order", "pmd"), new KeyValuePair<string, object?>("result", "A\"B\\C\nD"));
        meter.CreateCounter<long>("dax.waits").Add(7);
        Assert.That(counts.Text(), Is.EqualTo(
            """
            # TYPE dax_faults counter
            # HELP dax_faults With a \"quote\" and a \\.
            dax_faults_total{order="pmd",result="A\"B\\C\nD"} 5
            # TYPE dax_waits counter
            dax_waits_total 7
            # EOF

            """));
    }

    [Test]
    public void EachLineKeepsToTheGrammar()
    {
        using var meter = new DaxMeter();
        using var counts = new OpenMetrics(DaxMeter.Name);
        meter.Receive(DaxEvent.PmdFaultDone(default, FaultResult.Fallback, FallbackReason.ShortExtent));
        meter.Receive(DaxEvent.EntryWait(1, default, PageOrder.Pte));
        string text = counts.Text();
        Assert.That(text, Does.EndWith("# EOF\n").And.Contain("dax_fallbacks_total{reason=\"ShortExtent\"} 1\n"));
        Assert.That(text.Split('\n')[..^1].Where(line => !Line().IsMatch(line)), Is.Empty);
    }

    [Test]
    public void AMappingThatIsMadeMeanwhileReportsToTheProcessesSinkAsWell()
    {
        var ofProcess = new RecordingEventSink();
        var own = new RecordingEventSink();
        ProcessSink.Current = ofProcess;
        try
        {
            using var fixture = new FileFixture();
            Store(fixture.CreateFilled(4096));
            Assert.That(ofProcess.Snapshot(), Is.Not.Empty);
            int before = ofProcess.Snapshot().Count;
            Store(fixture.CreateFilled(4096, with: DaxFileOptions.Default with { Sink = own }));
            Assert.That(own.Snapshot(), Is.Not.Empty);
            Assert.That(ofProcess.Snapshot(), Has.Count.GreaterThan(before));
        }
        finally
        {
            ProcessSink.Current = null;
        }
    }

    private static void Store(DaxFile file)
    {
        using DaxView view = file.Map(0, 4096, MapMode.Shared);
        view.Write(0, 8).Fill(1);
    }

    [GeneratedRegex("""^(# (TYPE [a-z_]+ counter|HELP [a-z_]+ .+|EOF)|[a-z_]+_total(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? [0-9]+)$""")]
    private static partial Regex Line();
}
