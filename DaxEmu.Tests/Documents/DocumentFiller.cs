using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Documents;

namespace DaxEmu.Tests.Documents;

/// <summary>Makes documents that fit a schema: every property, and values of the caller's choice.</summary>
/// <param name="text">A text.</param>
/// <param name="number">A number.</param>
internal sealed class DocumentFiller(Func<string> text, Func<double> number)
{
    private const int ListLength = 2;

    private static readonly ConcurrentDictionary<string, JsonNode> Schemas = new();

    private JsonNode root = new JsonObject();

    /// <summary>A document of a kind.</summary>
    public JsonNode Make(DocumentKind kind)
    {
        root = Schemas.GetOrAdd(kind.Name, _ => kind.Schema());
        return Value(root.AsObject());
    }

    private JsonNode Value(JsonObject schema)
    {
        if (schema["$ref"] is { } reference)
        {
            JsonNode target = root;
            foreach (string step in ((string)reference!).Split('/')[1..])
            {
                target = target is JsonArray array ? array[int.Parse(step, CultureInfo.InvariantCulture)]! : target[step.Replace("~1", "/", StringComparison.Ordinal)]!;
            }

            return Value(target.AsObject());
        }

        string type = schema["type"] switch
        {
            JsonArray types => types.Select(t => (string)t!).First(t => t != "null"),
            { } one => (string)one!,
            null => "string",
        };
        return type switch
        {
            "object" when schema["properties"] is JsonObject properties => new JsonObject(properties.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)Value(p.Value!.AsObject())))),
            "object" => new JsonObject([KeyValuePair.Create<string, JsonNode?>("50.000000", Value(schema["additionalProperties"]!.AsObject())), KeyValuePair.Create<string, JsonNode?>(text(), Value(schema["additionalProperties"]!.AsObject()))]),
            "array" => new JsonArray([.. Enumerable.Range(0, ListLength).Select(_ => (JsonNode?)Value(schema["items"]!.AsObject()))]),
            "integer" => JsonNode.Parse(((long)Math.Clamp(number(), int.MinValue, int.MaxValue)).ToString(CultureInfo.InvariantCulture))!,
            "number" => JsonNode.Parse(number().ToString("R", CultureInfo.InvariantCulture))!,
            "boolean" => number() > 0,
            _ => text(),
        };
    }
}
