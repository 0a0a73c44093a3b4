namespace DaxEmu.Bench.Cli;

/// <summary>Names of version 0.1 that scripts may still use, beside the new ones.</summary>
internal static class OldNames
{
    /// <summary>The verb <c>policies</c>.</summary>
    public const string Policies = "answers";

    /// <summary>The option <c>--scenario-size</c> of <c>check</c>.</summary>
    public const string ScenarioSize = "--worlds";

    /// <summary>The key <c>scenario</c> in the JSON of <c>check --replay</c>.</summary>
    public const string Scenario = "world";

    /// <summary>The key <c>scenarios</c>, and the beginning of others, in the JSON of <c>check</c>.</summary>
    public const string Scenarios = "worlds";
}
