using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DaxEmu.Bench.Cli;
using DaxEmu.Tests.Fuzzing.Inputs;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>A case that did not end as documented.</summary>
/// <param name="Case">Which.</param>
/// <param name="Complaint">What is wrong.</param>
internal sealed partial record FuzzFailure(FuzzCase Case, Complaint Complaint)
{
    private const int SignatureFrames = 2;

    /// <summary>Cases with the same text fail in the same way, as far as that shows: names and numbers are left out of it.</summary>
    public string Signature
    {
        get
        {
            string detail = Complaint.Detail;
            string[] frames = [.. Frame().Matches(detail).Select(m => m.Groups[1].Value).Take(SignatureFrames)];
            string head = Number().Replace(Quoted().Replace(FileName().Replace(detail, "FILE"), "'..'"), "#");
            head = head[..Math.Min(head.Length, frames.Length > 0 ? 110 : 160)];
            head = Complaint.Kind == ComplaintKind.Json ? "no single document" : head;
            return $"{Verb}: {Complaint.Kind}: {head}{string.Concat(frames.Select(f => " < " + f))}";
        }
    }

    /// <summary>Puts the input and how to run it again into a folder of its own.</summary>
    /// <returns>The folder.</returns>
    public string Keep(string parent)
    {
        string folder = Directory.CreateDirectory(Path.Combine(parent, $"{Case.Kind.ToString().ToLowerInvariant()}-{Case.Seed}-{Case.Number}")).FullName;
        FuzzInput input = Case.Make();
        foreach (string old in Directory.EnumerateFiles(folder))
        {
            File.Delete(old);
        }

        CaseFolder.Write(input, folder);
        var script = new StringBuilder("#!/bin/bash\n");
        script.Append("# ").Append(Printable.Of(Complaint.Kind + ": " + Complaint.Detail)).Append('\n');
        script.Append("# again: dotnet DaxEmu.Tests.dll fuzz ").Append(RunOptions).Append('\n');
        script.Append("cd \"$(dirname \"$0\")\" || exit\n");
        foreach ((string name, string target) in input.Links)
        {
            // Not kept as files: a search through the folder would read from the devices.
            script.Append(CultureInfo.InvariantCulture, $"ln -sf {target} {name}\n");
        }

        script.Append("${DAXEMU:-daxemu} ");
        script.AppendJoin(' ', input.Arguments.Select(a => CommandInput.Quote(a).Replace(FuzzInput.FolderMark, "'\"$PWD\"'", StringComparison.Ordinal)));
        if (input.StandardInput is { } content)
        {
            File.WriteAllBytes(Path.Combine(folder, "stdin"), content);
            script.Append(" < stdin");
        }

        File.WriteAllText(Path.Combine(folder, "run.sh"), script.Append('\n').ToString());
        return folder;
    }

    private string Verb => Case.Make().Arguments is [var verb, ..] ? verb : "nothing";

    private string RunOptions => $"--kind {Case.Kind.ToString().ToLowerInvariant()} --seed {Case.Seed} --case {Case.Number}";

    /// <inheritdoc/>
    public override string ToString() => $"{Complaint.Kind}: {Complaint.Detail} (again: fuzz {RunOptions})";

    [GeneratedRegex(@"at (DaxEmu\.[\w.`+<>]+)")]
    private static partial Regex Frame();

    [GeneratedRegex(@"(?<=daxemu: )\.?/.*(?=[:,] )|\.?/[^\s',:]*")]
    private static partial Regex FileName();

    [GeneratedRegex(@"-?\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"'[^']*'")]
    private static partial Regex Quoted();
}
