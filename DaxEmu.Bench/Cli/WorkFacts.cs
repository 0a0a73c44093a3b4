using System.Text.Json.Nodes;

namespace DaxEmu.Bench.Cli;

/// <summary>How far a piece of work is, beyond its share that is done.</summary>
/// <param name="Text">For people, in a line.</param>
/// <param name="Json">For programs.</param>
internal sealed record WorkFacts(string Text, JsonObject Json);
