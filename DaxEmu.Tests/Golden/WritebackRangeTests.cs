using System.Text.Json.Nodes;
using DaxEmu.Bench.Verification.Replay;
using NUnit.Framework;

namespace DaxEmu.Tests.Golden;

/// <summary>The passes of writeback that a kernel recorded are compared: which range, in which order, and that each ends.</summary>
public sealed class WritebackRangeTests
{
    private const string Range = "dax_writeback_range";
    private const string Done = "dax_writeback_range_done";
    private const int MostAlterations = 400;

    private static readonly string[] Sets = ["hand", "hand-6.12", "hand-ext4"];

    [Test]
    public void APassWithoutItsStartDiffers([ValueSource(nameof(Sets))] string set) => AssertSeen(set, Range, events => Remove(events, Range));

    [Test]
    public void APassWithoutItsEndDiffers([ValueSource(nameof(Sets))] string set) => AssertSeen(set, Done, events => Remove(events, Done));

    [Test]
    public void APassOfAnotherRangeDiffers([Values("first", "last")] string field, [ValueSource(nameof(Sets))] string set) => AssertSeen(
        set, Range, events => Find(events, Range)[field] = Find(events, Range)[field]!.GetValue<long>() ^ 2);

    [Test]
    public void APassThatEndsBeforeItsEntriesDiffers([ValueSource(nameof(Sets))] string set) => AssertSeen(set, "dax_writeback_one", events =>
    {
        JsonObject done = Find(events, Done);
        events.Remove(done);
        events.Insert(events.IndexOf(Find(events, Range)) + 1, done);
    });

    [Test]
    public void ARecordingWithoutAnyPassOfXfsDiffersWhereTheHabitsDemandOne()
    {
        // Start and end both removed: what is left is a recording of a file system that asked for less.
        string[] lines = GoldenCorpus.Text("hand/punch-unaligned").Split('\n');
        int at = Array.FindIndex(lines, l => l.Contains("\"op\":\"punch", StringComparison.Ordinal) && l.Contains(Range, StringComparison.Ordinal));
        JsonNode op = JsonNode.Parse(lines[at])!;
        JsonArray events = op["events"]!.AsArray();
        foreach (JsonNode? e in events.ToList().Where(e => NameOf(e).StartsWith("dax_writeback", StringComparison.Ordinal)))
        {
            events.Remove(e);
        }

        lines[at] = op.ToJsonString();
        ReplayReport report = GoldenReplayer.Run(GoldenCorpus.Parse("altered", string.Join('\n', lines)));
        Assert.That(report.WrongCount, Is.Positive);
        Assert.That(report.Mismatches[0].Lines, Has.Some.Contains("is missing"));
    }

    // Each op that has such an event is altered in a recording of its own.
    private static void AssertSeen(string set, string name, Action<JsonArray> alter)
    {
        int altered = 0;
        foreach (string scenario in GoldenCorpus.Names().Where(n => n.StartsWith(set + "/", StringComparison.Ordinal)))
        {
            string[] lines = GoldenCorpus.Text(scenario).Split('\n');
            for (int i = 1; i < lines.Length && altered < MostAlterations; i++)
            {
                if (!lines[i].Contains($"\"{name}\"", StringComparison.Ordinal))
                {
                    continue;
                }

                JsonNode op = JsonNode.Parse(lines[i])!;
                alter(op["events"]!.AsArray());
                string text = string.Join('\n', [.. lines[..i], op.ToJsonString(), .. lines[(i + 1)..]]);
                Assert.That(GoldenReplayer.Run(GoldenCorpus.Parse(scenario, text)).WrongCount, Is.Positive, $"{scenario}, line {i + 1}");
                altered++;
            }
        }

        Assert.That(altered, Is.GreaterThan(20), "recordings that were altered");
    }

    private static string NameOf(JsonNode? e) => e!["name"]!.GetValue<string>();

    private static JsonObject Find(JsonArray events, string name) => events.First(e => NameOf(e) == name)!.AsObject();

    private static void Remove(JsonArray events, string name) => events.Remove(Find(events, name));
}
