using System.Text.Json;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>A value within a line of JSON, as the place that its text has.</summary>
/// <param name="Kind">What it begins with.</param>
/// <param name="Start">First character; that of the property's name, if it has one, is <paramref name="NameStart"/>.</param>
/// <param name="End">Behind the last character.</param>
/// <param name="NameStart">First character of the property's name; <paramref name="Start"/> without one.</param>
/// <param name="Name">The property's name; empty for an element of an array.</param>
internal readonly record struct JsonSpan(JsonTokenType Kind, int Start, int End, int NameStart, string Name)
{
    public bool IsNumber => Kind == JsonTokenType.Number;

    public bool IsArray => Kind == JsonTokenType.StartArray;

    /// <summary>The values of a line, outermost last; as far as it is JSON.</summary>
    public static List<JsonSpan> Of(string line)
    {
        var spans = new List<JsonSpan>();
        var open = new Stack<(JsonTokenType Kind, int Start, int NameStart, string Name)>();
        var reader = new Utf8JsonReader(Latin1.Bytes(line));
        int nameStart = -1;
        string name = string.Empty;
        try
        {
            while (reader.Read())
            {
                int start = (int)reader.TokenStartIndex;
                int end = (int)reader.BytesConsumed;
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        (nameStart, name) = (start, line[(start + 1)..line.IndexOf('"', start + 1)]);
                        continue;
                    case JsonTokenType.StartArray or JsonTokenType.StartObject:
                        open.Push((reader.TokenType, start, nameStart < 0 ? start : nameStart, name));
                        break;
                    case JsonTokenType.EndArray or JsonTokenType.EndObject:
                        var begun = open.Pop();
                        spans.Add(new JsonSpan(begun.Kind, begun.Start, end, begun.NameStart, begun.Name));
                        break;
                    default:
                        spans.Add(new JsonSpan(reader.TokenType, start, end, nameStart < 0 ? start : nameStart, name));
                        break;
                }

                (nameStart, name) = (-1, string.Empty);
            }
        }
        catch (JsonException)
        {
            // Broken by an earlier change: what was read so far can still be changed.
        }

        return spans;
    }
}
