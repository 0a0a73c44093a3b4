using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace DaxEmu.Bench.Documents;

/// <summary>A kind of JSON document that the command writes.</summary>
/// <param name="Name">Its name, and its schema's: the verb, and what of it.</param>
/// <param name="Type">What it is written from and read into.</param>
/// <param name="Marks">Properties that no other kind has together: of the document, or of the first row of a list. Without any it is only written.</param>
internal sealed record DocumentKind(string Name, JsonTypeInfo Type, params string[] Marks)
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<DocumentKind> All { get; } =
    [
        new("bench", DocumentJson.Default.BenchDocument, "fio version", "jobs"),
        new("soak", DocumentJson.Default.SoakDocument, "operations_by_kind"),
        new("check", DocumentJson.Default.CheckDocument, "scenarios_checked"),
        new("check-all", DocumentJson.Default.IReadOnlyListHistoricBugDocument, "bug", "found"),
        new("check-replay", DocumentJson.Default.CheckReplayDocument, "trace", "scenario", "failure"),
        new("crash", DocumentJson.Default.CrashDocument, "workload", "cuts"),
        new("crash-cross-check", DocumentJson.Default.CrashComparisonDocument, "distinct_states_without_pruning"),
        new("crash-replay", DocumentJson.Default.CrashReplayDocument, "replay", "failure"),
        new("crash-list", DocumentJson.Default.CrashListDocument, "workloads"),
        new("policies", DocumentJson.Default.IReadOnlyListPolicyDocument, "policy", "threads"),
        new("replay", DocumentJson.Default.ReplayDocument, "ops", "adopted"),
        new("replay-trace", DocumentJson.Default.IReadOnlyListTraceDocument, "kernel", "emulator"),
        new("run", DocumentJson.Default.RunDocument, "programs", "hang"),
        new("volume", DocumentJson.Default.VolumeDocument, "sound", "problems"),
        new("volume-ls", DocumentJson.Default.IReadOnlyListVolumeEntryDocument, "inode", "links"),
        new("bench-conflicts", DocumentJson.Default.ConflictDocument, "engines"),
        new("bench-host", DocumentJson.Default.RealMemoryDocument, "cases"),
        new("volume-done", DocumentJson.Default.VolumeDoneDocument),
        new("info", DocumentJson.Default.InfoDocument, "persistence_domain"),
    ];

    /// <summary>The kind of a document; null if it is none of them.</summary>
    /// <remarks>The first that fits counts: kinds with more marks stand before those whose marks they have, too.</remarks>
    public static DocumentKind? Of(JsonElement document)
    {
        bool isList = document.ValueKind == JsonValueKind.Array;
        JsonElement marked = isList && document.GetArrayLength() > 0 ? document[0] : document;
        return marked.ValueKind != JsonValueKind.Object ? null
            : All.FirstOrDefault(k => k.Marks.Length > 0 && k.IsList == isList && Array.TrueForAll(k.Marks, m => marked.TryGetProperty(m, out _)));
    }

    /// <summary>Whether it is a list of rows.</summary>
    public bool IsList => Type.Kind == JsonTypeInfoKind.Enumerable;

    /// <summary>The JSON schema, of the dialect 2020-12.</summary>
    public JsonNode Schema()
    {
        var schema = (JsonObject)Type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Describe });
        schema.Insert(0, "$schema", Dialect);
        schema.Insert(1, "title", Name);
        return schema;
    }

    // What a property or a type says of itself.
    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        ICustomAttributeProvider? provider = context.PropertyInfo is { } property ? property.AttributeProvider : context.TypeInfo.Type;
        string? description = provider?.GetCustomAttributes(typeof(DescriptionAttribute), inherit: true).OfType<DescriptionAttribute>().FirstOrDefault()?.Description;
        if (description is not null && schema is JsonObject node)
        {
            node.Insert(0, "description", description);
        }

        return schema;
    }
}
