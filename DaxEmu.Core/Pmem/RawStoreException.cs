namespace DaxEmu.Core;

/// <summary>
/// The program stored through spans in ways that the rules forbid (<see cref="StoreTracking.Strict"/>). What the file holds is durable all
/// the same; without tracking, it would not be.
/// </summary>
public sealed class RawStoreException : InvalidOperationException
{
    private const int MostListed = 8;

    /// <summary>An error without any detail.</summary>
    public RawStoreException()
        : this("A span was stored through against the rules.")
    {
    }

    /// <summary>An error with a message that says all.</summary>
    public RawStoreException(string message)
        : base(message)
    {
        Violations = [];
    }

    /// <summary>An error with a message that says all, and its cause.</summary>
    public RawStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
        Violations = [];
    }

    internal RawStoreException(IReadOnlyList<RawStoreViolation> violations)
        : base(Describe(violations)) => Violations = violations;

    /// <summary>The stores, a page each, in the order in which they were found.</summary>
    public IReadOnlyList<RawStoreViolation> Violations { get; }

    private static string Describe(IReadOnlyList<RawStoreViolation> violations)
    {
        string rest = violations.Count > MostListed ? $"; and {violations.Count - MostListed} more pages" : string.Empty;
        string list = string.Join("; ", violations.Take(MostListed));
        return $"{char.ToUpperInvariant(list[0])}{list[1..]}{rest}. Ask the view for a new span after each sync and each change of layout, or hold a pin.";
    }
}
