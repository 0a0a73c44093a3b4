using DaxEmu.Tests.Fuzzing.Inputs;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>The folder that cases run in, one after the other; it is also the process' current folder.</summary>
internal sealed class CaseFolder
{
    private readonly string input;

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
        if (what.StandardInput is not null)
        {
            File.WriteAllBytes(input, what.StandardInput);
        }

        StandardInput.ReadFrom(what.StandardInput is null ? "/dev/null" : input);
        return [.. what.Arguments.Select(a => a.Replace(FuzzInput.FolderMark, Folder, StringComparison.Ordinal))];
    }

    /// <summary>Puts a case's files into a folder.</summary>
    public static void Write(FuzzInput what, string folder)
    {
        foreach ((string name, byte[] content) in what.Files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }

        if (what.Files.Any(f => f.Name == "device"))
        {
            foreach ((string name, string target) in CommandInput.Links)
            {
                File.CreateSymbolicLink(Path.Combine(folder, name), target);
            }
        }
    }
}
