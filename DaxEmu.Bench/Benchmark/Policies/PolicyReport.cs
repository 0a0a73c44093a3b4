using System.Globalization;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using Spectre.Console;

namespace DaxEmu.Bench.Benchmark.Policies;

/// <summary>What each policy of 2019 costs, as a table or as JSON.</summary>
internal sealed class PolicyReport(IReadOnlyList<PolicyResult> results)
{
    /// <summary>For people; as Markdown for pages.</summary>
    public void Write(IAnsiConsole console, bool isMarkdown)
    {
        bool hasLatencies = results.Any(r => r.HugeLatencies is not null);
        string[] latencies = hasLatencies ? ["2 MiB p50", "p99", "p99.9 us"] : [];
        var table = new WideTable(
            groupHeader: null, keyCount: 2,
            ["threads", "policy", "faults/s", $"x {PolicyPlan.Baseline}", "2 MiB served", "waits", "us each", "asleep", "for smaller", "needless", "useful", "spurious", "slept again", "passed on", .. latencies]);
        foreach (PolicyResult result in results)
        {
            string[] percentiles = hasLatencies ? [.. new[] { 50, 99, 99.9 }.Select(p => Text((result.HugeLatencyNs(p) ?? 0) / 1000.0, "0.0"))] : [];
            table.Add(
                string.Empty,
                [
                    Text(result.JobCount), result.Policy, Text(result.FaultsPerSecond, "0"), Text(Relative(result), "0.00"),
                    $"{Text(100.0 * result.HugeServed / Math.Max(1, result.HugeServed + result.HugeFellBack), "0.0")} %",
                    PerMillion(result, result.Waits.Waits), Text(WaitUs(result), "0.0"), PerMillion(result, result.Waits.Sleeps),
                    PerMillion(result, result.Waits.WaitsForSmaller), PerMillion(result, result.Waits.NeedlessWaits),
                    PerMillion(result, result.Waits.WaitsForSmaller - result.Waits.NeedlessWaits),
                    PerMillion(result, result.Waits.SpuriousWakeUps), PerMillion(result, result.Waits.RepeatedSleeps), PerMillion(result, result.Waits.PassedOn),
                    .. percentiles,
                ]);
        }

        table.Write(console, isMarkdown ? TableBorder.Markdown : TableBorder.Simple);
    }

    /// <summary>What the columns are.</summary>
    public static string Legend =>
        "Waits and wake-ups per million faults. Asleep: waits that did not end while spinning; for smaller: a 2 MiB fault waited for a 4 KiB entry; "
        + "needless: and was refused after all; useful: and was not; spurious: woken for another entry of the same key; slept again: woken, for whatever reason in vain. "
        + "Policies have their turns round by round; the ratio is the median of the rounds. The policy raw (Linux 4.20 to 5.2) is left out: it hangs.";

    /// <summary>For programs.</summary>
    public JsonArray ToJson() => new([.. results.Select(r => (JsonNode)new JsonObject
    {
        ["policy"] = r.Policy,
        ["threads"] = r.JobCount,
        ["faults_per_second"] = Math.Round(r.FaultsPerSecond),
        ["faults_per_second_rounds"] = new JsonArray([.. r.Turns.Select(t => (JsonNode)Math.Round(t.FaultsPerSecond))]),
        ["relative_to_conflict"] = Relative(r) is var ratio && double.IsNaN(ratio) ? null : Math.Round(ratio, 4),
        ["faults"] = r.FaultCount,
        ["pmd_served"] = r.HugeServed,
        ["pmd_fallback"] = r.HugeFellBack,
        ["waits"] = r.Waits.Waits,
        ["waited_ns"] = r.Waits.WaitedNs,
        ["sleeps"] = r.Waits.Sleeps,
        ["waits_for_smaller"] = r.Waits.WaitsForSmaller,
        ["needless_waits"] = r.Waits.NeedlessWaits,
        ["wrong_wakeups"] = r.Waits.SpuriousWakeUps,
        ["futile_wakeups"] = r.Waits.RepeatedSleeps,
        ["passed_on"] = r.Waits.PassedOn,
        ["conflicts"] = r.Waits.Conflicts,
        ["wake_calls"] = r.Waits.WakeCalls,
        ["empty_wake_calls"] = r.Waits.EmptyWakeCalls,
        ["pmd_latency_ns"] = r.HugeLatencyNs(50) is null ? null : new JsonObject
        {
            ["50"] = r.HugeLatencyNs(50),
            ["99"] = r.HugeLatencyNs(99),
            ["99.9"] = r.HugeLatencyNs(99.9),
        },
    })]);

    private static double WaitUs(PolicyResult result) => result.Waits.WaitedNs / 1000.0 / Math.Max(1, result.Waits.Waits);

    private static string PerMillion(PolicyResult result, long count) => Text(1e6 * count / Math.Max(1, result.FaultCount), "0");

    private static string Text(double value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);

    private double Relative(PolicyResult result) =>
        results.FirstOrDefault(r => r.JobCount == result.JobCount && r.Policy == PolicyPlan.Baseline) is { } baseline ? result.SpeedRelativeTo(baseline) : double.NaN;
}
