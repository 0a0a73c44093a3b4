namespace DaxEmu.Bench.Cli.Fio;

/// <summary>An option of fio that has no option of the same name here.</summary>
/// <param name="Name">fio's name, with hyphens.</param>
/// <param name="Note">Why it changes nothing or is refused, with the nearest that exists.</param>
internal sealed record FioOption(string Name, string Note)
{
    /// <summary>The value that stands for all values.</summary>
    public const string Any = "*";

    /// <summary>The option here that means the same; null if there is none.</summary>
    public string? Here { get; init; }

    /// <summary>Makes the value of <see cref="Here"/> of fio's.</summary>
    public Func<string, string> Convert { get; init; } = value => value;

    /// <summary>Values that change nothing.</summary>
    public IReadOnlyList<string> Neutral { get; init; } = [];

    /// <summary>Whether the value may be the next word of a command line.</summary>
    public bool NeedsValue { get; init; } = true;

    /// <summary>The words that stand for it here: none if it changes nothing.</summary>
    /// <param name="value">Its value; null if there is none.</param>
    /// <param name="written">How it was written.</param>
    /// <exception cref="FormatException">It cannot be; the message has the nearest that exists.</exception>
    public IReadOnlyList<string> Translate(string? value, string written)
    {
        if (Here is not null)
        {
            return value is null ? [Here] : [$"{Here}={Convert(value)}"];
        }

        return Neutral.Contains(Any) || Neutral.Contains(value ?? "1")
            ? []
            : throw new FormatException($"{Printable.Excerpt(written)}{(value is null ? string.Empty : $"={Printable.Excerpt(value)}")} of fio is not possible here: {Note}");
    }
}
