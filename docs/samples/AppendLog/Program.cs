using DaxEmu.Core.Checking;
using Samples.AppendLog;

string[] texts = ["first", "second, which is longer than a cache line has bytes, so that a cut can come between its lines", "third"];

PowerCutTest<string[]> TestOf(LogFlaw flaw) => new()
{
    Name = "append-log",
    Workload = (device, progress) =>
    {
        var log = new PersistentLog(device, flaw);
        foreach (string text in texts)
        {
            progress.Step($"append {text.Length} bytes", () => log.Append(System.Text.Encoding.ASCII.GetBytes(text)));
        }
    },
    Recover = image => [.. new PersistentLog(image).Records().Select(System.Text.Encoding.ASCII.GetString)],
    Verify = (found, cut) => found.Length >= cut.AcknowledgedSteps && found.Length <= cut.BegunSteps && found.SequenceEqual(texts.Take(found.Length))
        ? null
        : $"the log has {found.Length} records: {string.Join(" | ", found)}",
};

bool isAsExpected = true;
foreach (LogFlaw flaw in Enum.GetValues<LogFlaw>())
{
    PowerCutReport report = PowerCutRunner.Explore(TestOf(flaw));
    Console.WriteLine($"{flaw}: {report.CutCount} cuts, {report.DistinctStates} states run of {report.PossibleStates}, {report.Failures.Count} failures");
    foreach (PowerCutFailure failure in report.Failures)
    {
        Console.WriteLine(failure);
    }

    isAsExpected &= report.Failures.Count == (flaw == LogFlaw.None ? 0 : 1);
}

return isAsExpected ? 0 : 1;
