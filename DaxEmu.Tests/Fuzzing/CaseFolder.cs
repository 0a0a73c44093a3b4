using System.Globalization;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>The folder that cases run in, one after the other; it is also the process' current folder.</summary>
internal sealed class CaseFolder
{
    private static readonly string OwnTemporary = string.Create(CultureInfo.InvariantCulture, $"daxemu-{Environment.ProcessId}-");
    private readonly string input;
    private HashSet<string> given = [];

    /// <summary>Makes it.</summary>
    public CaseFolder(string parent)
    {
        Folder = Directory.CreateDirectory(Path.Combine(parent, "case")).FullName;
        input = Path.Combine(parent, "stdin");
        Directory.SetCurrentDirectory(Folder);
    }

    public string Folder { get; }

    /// <summary>Empties it, and puts a case's files there.</summary>
    /// <returns>The case's arguments.</returns>
    public string[] Fill(FuzzInput what)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(Folder))
        {
            if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }

        Write(what, Folder);
        foreach ((string name, string target) in what.Links)
        {
            File.CreateSymbolicLink(Path.Combine(Folder, name), target);
        }

        if (what.StandardInput is not null)
        {
            File.WriteAllBytes(input, what.StandardInput);
        }

        given = [.. Directory.EnumerateFileSystemEntries(Folder)];
        StandardInput.ReadFrom(what.StandardInput is null ? "/dev/null" : input);
        return [.. what.Arguments.Select(a => a.Replace(FuzzInput.FolderMark, Folder, StringComparison.Ordinal))];
    }

    /// <summary>What has come into being in a case that asked for no output file: here, or on tmpfs with this process' name.</summary>
    public Complaint? LeftBehind(IReadOnlyList<string> arguments)
    {
        if (arguments.Any(a => a is "suites" or "--output" || a.StartsWith("--output=", StringComparison.Ordinal) || a.StartsWith("--output:", StringComparison.Ordinal)
            || a.StartsWith("--hgrm", StringComparison.Ordinal) || a.StartsWith("--plot", StringComparison.Ordinal)))
        {
            return null;
        }

        string[] left =
        [
            .. Directory.EnumerateFileSystemEntries(Folder).Where(f => !given.Contains(f)),
            .. Directory.EnumerateFiles("/dev/shm").Where(f => f.Contains(OwnTemporary, StringComparison.Ordinal)),
        ];
        return left.Length == 0 ? null : new Complaint(ComplaintKind.LeftBehind, $"left {string.Join(", ", left.Select(f => Path.GetFileName(f)))}");
    }

    /// <summary>Puts a case's files into a folder.</summary>
    public static void Write(FuzzInput what, string folder)
    {
        foreach ((string name, byte[] content) in what.Files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }
    }
}
