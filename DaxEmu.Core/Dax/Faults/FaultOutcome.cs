namespace DaxEmu.Core;

/// <summary>What a fault came to; one word, so that it stays in a register.</summary>
/// <remarks>Bits 0 to 15 result, 16 to 23 reason, 24 to 31 error.</remarks>
public readonly record struct FaultOutcome
{
    private const int ReasonShift = 16;
    private const int ErrorShift = 24;

    private readonly uint word;

    /// <summary>An outcome.</summary>
    /// <param name="result">The kernel's flags.</param>
    /// <param name="reason">Why it fell back, if <see cref="FaultResult.Fallback"/> is set.</param>
    /// <param name="error">Why it cannot be served at any order; none if it can.</param>
    public FaultOutcome(FaultResult result, FallbackReason reason, IoError error = IoError.None) =>
        word = (ushort)result | ((uint)reason << ReasonShift) | ((uint)error << ErrorShift);

    /// <summary>The kernel's flags.</summary>
    public FaultResult Result => (FaultResult)(ushort)word;

    /// <summary>Why it fell back, if <see cref="FaultResult.Fallback"/> is set.</summary>
    public FallbackReason Reason => (FallbackReason)(byte)(word >> ReasonShift);

    /// <summary>Why it cannot be served at any order; none if it can.</summary>
    public IoError Error => (IoError)(word >> ErrorShift);

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
