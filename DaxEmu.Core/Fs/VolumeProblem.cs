namespace DaxEmu.Core;

/// <summary>One thing that is wrong with a volume.</summary>
/// <param name="Kind">Of which kind.</param>
/// <param name="Description">What and where.</param>
public sealed record VolumeProblem(VolumeProblemKind Kind, string Description)
{
    /// <summary>The kind and the description.</summary>
    public override string ToString() => $"{Kind}: {Description}";
}
