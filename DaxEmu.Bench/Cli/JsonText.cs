using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace DaxEmu.Bench.Cli;

/// <summary>JSON as every verb writes it.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The node as indented text.</summary>
    public static string Of(JsonNode node) => node.ToJsonString(Indented);

    /// <summary>A document as indented text.</summary>
    public static string Of<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.Serialize(document, type);
}
