using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Benchmark.RealMemory;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Running;
using DaxEmu.Bench.Verification.Conflicts;
using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using DaxEmu.Tests.Verification.Soak;
using Json.Schema;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>What verbs write as JSON is what the published schemas say.</summary>
[NonParallelizable]
public sealed class DocumentTests
{
    private const string Rewrite = "DAXEMU_WRITE_SCHEMAS";
    private static readonly string Folder = Path.Combine(Solution.Root, "docs", "schema");

    private static IEnumerable<string> Names => DocumentKind.All.Select(k => k.Name);

    [Test]
    public void ThePublishedSchemasAreThoseOfTheTypes()
    {
        foreach (DocumentKind kind in DocumentKind.All)
        {
            string path = Path.Combine(Folder, kind.Name + ".json");
            string schema = Command.RunHere("schema", kind.Name).Output;
            if (Environment.GetEnvironmentVariable(Rewrite) == "1")
            {
                Directory.CreateDirectory(Folder);
                File.WriteAllText(path, schema);
            }

            Assert.That(File.Exists(path) ? File.ReadAllText(path) : null, Is.EqualTo(schema), $"write them again with {Rewrite}=1");
        }

        Assert.That(Directory.EnumerateFiles(Folder, "*.json").Select(p => Path.GetFileNameWithoutExtension(p)), Is.EquivalentTo(Names));
    }

    [TestCase("bench", "bench --size 4m --numjobs 1 --runtime 1ms --ramp-time 1ms --engine emu,locked-radix --bs 4k --output-format=json+")]
    [TestCase("bench", "bench --size 4m --numjobs 1 --runtime 1ms --ramp-time 1ms --phase pread,append --rw read,write --bs 4k --engine emu,copy --output-format=json")]
    [TestCase("check", "check --profile v4.20 --scenario pmd-behind-pte --output-format=json")]
    [TestCase("check", "check --scenario pmd-behind-pte --strategy pct --max-schedules 10 --shard 1/2 --output-format=json")]
    [TestCase("check-replay", "check --replay dax1:pmd-behind-pte:v4.20:sc:a14b18a5 --steps --output-format=json")]
    [TestCase("crash", "crash --workload log --points 1 --shard 1/300 --output-format=json")]
    [TestCase("crash", "crash --workload log --bug missing-flush --output-format=json")]
    [TestCase("crash-cross-check", "crash --workload log --points 1 --shard 1/1000 --cross-check --output-format=json")]
    [TestCase("crash-list", "crash --list --output-format=json")]
    [TestCase("policies", "policies --rounds 2 --runtime 1ms --numjobs 1 --output-format=json")]
    public void AVerbWritesWhatItsSchemaSays(string name, string line) => Holds(name, Command.RunHere(line.Split(' ')).Output);

    [Test]
    public void ACrashThatIsMadeAgainIsWhatItsSchemaSays()
    {
        var found = JsonNode.Parse(Command.RunHere("crash", "--workload", "log", "--bug", "missing-flush", "--output-format=json").Output)!;
        string replay = (string)found["failures"]![0]!["replay"]!;
        string again = Command.RunHere("crash", "--workload", "log", "--bug", "missing-flush", "--replay", replay, "--output-format=json").Output;
        Holds("crash-replay", again);
        Assert.That((string)JsonNode.Parse(again)!["failure"]!["message"]!, Is.EqualTo((string)found["failures"]![0]!["message"]!));
    }

    [Test]
    public void AReplayIsWhatItsSchemaSays()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["r.jsonl"], Recordings.Scenario(Recordings.Op("fsync", result: -1)));
        File.WriteAllBytes(scratch["s.jsonl"], Recordings.Scenario(Recordings.Op("fsync")));
        Holds("replay", Command.RunHere("replay", scratch["s.jsonl"], "--output-format=json").Output);
        File.WriteAllText(scratch["t.trace"], Recordings.Pmd());
        Holds("replay-trace", Command.RunHere("replay", scratch["t.trace"], "--output-format=json").Output);
        Holds("replay", Command.RunHere("replay", scratch["t.trace"], scratch["s.jsonl"], "--output-format=json").Output);
    }

    [Test]
    public void WhatAVolumeHoldsIsWhatItsSchemaSays()
    {
        using var scratch = new ScratchDirectory();
        string volume = scratch["v"];
        Holds("volume", Command.RunHere("volume", "format", volume, "--size", "16m", "--output-format=json").Output);
        Holds("volume-done", Command.RunHere("volume", "mkdir", volume, "/d", "--output-format=json").Output);
        Holds("volume-ls", Command.RunHere("volume", "ls", volume, "/", "--output-format=json").Output);
        Holds("volume", Command.RunHere("volume", "check", volume, "--output-format=json").Output);
        Holds("volume-done", Command.RunHere("volume", "rm", volume, "/d", "-r", "--output-format=json").Output);
    }

    [Test]
    public void WhatAPathOffersIsWhatItsSchemaSays()
    {
        using var scratch = new ScratchDirectory();
        Holds("info", Command.RunHere("info", scratch.SparseFile("d", 4 << 20), "--output-format=json").Output);
    }

    [Test]
    public void ASoakIsWhatItsSchemaSays()
    {
        SoakPlan plan = SoakPlans.Small() with { Shard = new Bench.Cli.Shard(2, 3) };
        var report = new SoakReport
        {
            Plan = plan,
            OperationCounts = new Dictionary<SoakOperation, long> { [default] = 3 },
            Findings = [new SoakFinding(FindingKind.Hang, "text")],
            Samples = [new SoakSample(1, 2, 3, 4)],
        };
        Holds("soak", SoakJson.Write(SoakSession.Run(plan, _ => report, CancellationToken.None)));
    }

    [Test]
    public void OtherReportsAreWhatTheirSchemasSay()
    {
        Holds("run", RunReport.Read("""{"pid":1,"image":1,"program":"a","hang":null,"pte":1,"fallbacks":{"BehindVma":1},"latencies":[[1000,1]]}"""u8.ToArray().Append((byte)'\n').ToArray()).ToJson().ToJsonString());
        Holds("run", RunReport.Read([]).ToJson().ToJsonString());
        Holds("bench-host", RealMemoryTable.Json([new RealMemoryCase("a", 2, "b", 1, 3), new RealMemoryCase("c", 2, null, double.NaN, 3)]));
        using var threads = new ConflictThreads();
        var engine = new RadixOperations();
        Holds("bench-conflicts", new JsonObject { ["engines"] = new JsonArray(new ConflictReport(engine, []).Json()) }.ToJsonString());
    }

    [Test]
    public void TheHistoricBugsAreWhatTheirSchemaSays()
    {
        if (!Effort.IsThorough)
        {
            Assert.Ignore("finding all historic bugs takes seconds: set DAXEMU_THOROUGH=1");
        }

        Holds("check-all", Command.RunHere("check", "--all", "--output-format=json").Output);
    }

    [TestCaseSource(nameof(Names))]
    public void ADocumentOfAKindIsTakenForThatKindAndReadWhole(string name)
    {
        DocumentKind kind = DocumentKind.All.First(k => k.Name == name);
        int next = 0;
        JsonNode made = new DocumentFiller(() => $"text {next++}", () => ++next).Make(kind);
        using var document = JsonDocument.Parse(made.ToJsonString());
        Assert.That(DocumentKind.Of(document.RootElement), kind.Marks.Length == 0 ? Is.Null : Is.SameAs(kind));
        string again = JsonSerializer.Serialize(JsonSerializer.Deserialize(document, kind.Type), kind.Type);
        // What is made from other properties (old names) is written, and not read.
        string[] computed = ["worlds", "worlds_checked", "worlds_cut_off", "worlds_seen_whole", "world"];
        foreach (string property in computed.Where(p => made is JsonObject node && node.ContainsKey(p)))
        {
            made[property] = JsonNode.Parse(again)![property]!.DeepClone();
        }

        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(again), made), again);
    }

    [Test]
    public void ADocumentThatLacksAPropertyOrHasAnotherDoesNotFit()
    {
        var made = new DocumentFiller(() => "x", () => 1).Make(DocumentKind.All.First(k => k.Name == "soak")).AsObject();
        Holds("soak", made.ToJsonString());
        made.Remove("operations");
        Assert.That(Evaluate("soak", made.ToJsonString()).IsValid, Is.False);
        made["operations"] = 1;
        made["new_one"] = 1;
        Assert.That(Evaluate("soak", made.ToJsonString()).IsValid, Is.False, "what the schema does not name must be added to it");
    }

    private static void Holds(string name, string json)
    {
        EvaluationResults results = Evaluate(name, json);
        Assert.That(results.IsValid, () => Wrong(results) + "\n" + json);
    }

    // No property may be there that the schema does not name: else it would not be published.
    private static EvaluationResults Evaluate(string name, string json)
    {
        JsonNode schema = DocumentKind.All.First(k => k.Name == name).Schema();
        Close(schema);
        using var document = JsonDocument.Parse(json);
        return JsonSchema.FromText(schema.ToJsonString()).Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
    }

    private static void Close(JsonNode? schema)
    {
        if (schema is JsonArray array)
        {
            foreach (JsonNode? item in array)
            {
                Close(item);
            }
        }

        if (schema is not JsonObject node)
        {
            return;
        }

        foreach (JsonNode? child in node.Select(p => p.Value).ToArray())
        {
            Close(child);
        }

        if (node["properties"] is JsonObject)
        {
            node["additionalProperties"] = false;
        }
    }

    private static string Wrong(EvaluationResults results)
    {
        var text = new StringBuilder();
        foreach (EvaluationResults detail in (results.Details ?? []).Where(d => d.Errors is not null))
        {
            text.AppendJoin('\n', detail.Errors!.Select(e => $"{detail.InstanceLocation}: {e.Value}")).Append('\n');
        }

        return text.ToString();
    }
}
