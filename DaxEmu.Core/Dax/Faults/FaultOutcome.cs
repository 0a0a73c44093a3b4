using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>What a fault came to.</summary>
/// <param name="Result">The kernel's flags.</param>
/// <param name="Reason">Why it fell back, if <see cref="FaultResult.Fallback"/> is set.</param>
/// <param name="Error">Why it cannot be served at any order; none if it can.</param>
public readonly record struct FaultOutcome(FaultResult Result, FallbackReason Reason, IoError Error = IoError.None)
{
    /// <summary>The translation is installed.</summary>
    public static FaultOutcome Done => new(FaultResult.Nopage, FallbackReason.None);

    /// <summary>The fault must be tried at 4 KiB.</summary>
    public static FaultOutcome FallBack(FallbackReason reason) => new(FaultResult.Fallback, reason);

    /// <summary>A result without a reason.</summary>
    public static FaultOutcome Of(FaultResult result) => new(result, FallbackReason.None);

    /// <summary>A fault that failed (<c>vmf_error</c>).</summary>
    public static FaultOutcome Failed(IoError error) => new(error.ToFaultResult(), FallbackReason.None, error);

    /// <summary>Whether the access cannot be served at any order.</summary>
    public bool IsError => Error != IoError.None;
}
