using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Commands;

/// <summary>What <c>--list</c> prints: names that a verb knows, each with what it stands for.</summary>
internal static class NameList
{
    /// <summary>Prints lists.</summary>
    /// <param name="isJson">Whether for programs.</param>
    /// <param name="lists">Each with its heading.</param>
    public static ExitCode Print(bool isJson, params (string Heading, IEnumerable<(string Name, string Description)> Names)[] lists)
    {
        if (isJson)
        {
            Console.WriteLine(JsonText.Of(new JsonObject(lists.Select(l => KeyValuePair.Create(l.Heading, (JsonNode?)new JsonArray(
                [.. l.Names.Select(n => (JsonNode)new JsonObject { ["name"] = n.Name, ["description"] = n.Description })]))))));
            return ExitCode.Success;
        }

        Console.Write(string.Join('\n', lists.Select(l => HelpText.List($"{l.Heading}:", l.Names))));
        return ExitCode.Success;
    }
}
