namespace DaxEmu.Bench.Cli.Fio;

/// <summary>The options of one of fio's jobs, each with its words; one that is given again replaces the earlier one.</summary>
internal sealed class JobLine
{
    private const string Dashes = "--";
    private readonly List<(string Name, string[] Words)> options = [];

    /// <summary>The words, in order.</summary>
    public IEnumerable<string> Words => options.SelectMany(o => o.Words);

    /// <summary>The options and what they are set to, as a report shows them.</summary>
    public IEnumerable<(string Name, string Value)> Settings => options.Select(o => (o.Name[Dashes.Length..], string.Join(' ', o.Words)[o.Name.Length..].TrimStart('=', ':', ' ')));

    /// <summary>The options of a line.</summary>
    /// <param name="words">Each option as a word that begins with two dashes, its value in the same word or the next.</param>
    public static JobLine Of(IEnumerable<string> words)
    {
        var line = new JobLine();
        foreach (string word in words)
        {
            if (word.StartsWith(Dashes, StringComparison.Ordinal) || line.options.Count == 0)
            {
                line.Set(NameOf(word), [word]);
            }
            else
            {
                (string name, string[] before) = line.options[^1];
                line.options[^1] = (name, [.. before, word]);
            }
        }

        return line;
    }

    /// <summary>An option's name, of a word that begins with it.</summary>
    public static string NameOf(string word) => word.IndexOfAny(['=', ':']) is var sign and > 0 ? word[..sign] : word;

    /// <summary>This one's options and another's, which win.</summary>
    public JobLine With(JobLine other)
    {
        var line = new JobLine();
        foreach ((string name, string[] words) in options.Concat(other.options))
        {
            line.Set(name, words);
        }

        return line;
    }

    /// <summary>Those options whose names are among some, or those that are not.</summary>
    public JobLine Where(Func<string, bool> isWanted)
    {
        var line = new JobLine();
        line.options.AddRange(options.Where(o => isWanted(o.Name)));
        return line;
    }

    private void Set(string name, string[] words)
    {
        options.RemoveAll(o => o.Name == name);
        options.Add((name, words));
    }
}
