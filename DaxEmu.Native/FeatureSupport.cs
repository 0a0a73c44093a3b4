namespace DaxEmu.Native;

/// <summary>Whether the environment offers something, and why or why not.</summary>
/// <param name="IsSupported">Whether it does.</param>
/// <param name="Reason">Why, in one clause without a full stop; what would change a refusal, where anything would.</param>
public readonly record struct FeatureSupport(bool IsSupported, string Reason)
{
    /// <summary>"yes" or "no", and the reason.</summary>
    public override string ToString() => $"{(IsSupported ? "yes" : "no")}: {Reason}";
}
