namespace DaxEmu.Bench.Verification.Replay.Input;

/// <summary>What a text holds.</summary>
internal enum InputKind
{
    /// <summary>A recorded scenario: JSON Lines.</summary>
    Scenario,

    /// <summary>The kernel's trace text.</summary>
    Trace,
}

/// <summary>One text of an input, not compressed any more, without a byte-order mark.</summary>
/// <param name="Name">How errors call it.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Content">From its first byte on.</param>
internal sealed record InputText(string Name, InputKind Kind, Stream Content);
