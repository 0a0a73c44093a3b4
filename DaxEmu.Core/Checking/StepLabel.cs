namespace DaxEmu.Core.Checking;

/// <summary>What the author of a protocol calls a step.</summary>
/// <param name="Text">The label of the step; null for a step of the core, which has a <see cref="Atomics.Site"/>.</param>
/// <param name="Word">The name of the word; null if it has none.</param>
internal readonly record struct StepLabel(string? Text, string? Word);
