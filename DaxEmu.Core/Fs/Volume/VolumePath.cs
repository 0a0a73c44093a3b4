namespace DaxEmu.Core.Fs.Volume;

/// <summary>Paths on a volume: names with '/' between them; one in front may be there or not.</summary>
internal static class VolumePath
{
    /// <summary>The names of a path; none for the root directory.</summary>
    /// <exception cref="ArgumentException">No file can have such a name; the message says why.</exception>
    public static string[] Split(string path, string parameterName)
    {
        ArgumentNullException.ThrowIfNull(path, parameterName);
        if (path is "/")
        {
            return [];
        }

        string[] names = (path.StartsWith('/') ? path[1..] : path).Split('/');
        foreach (string name in names)
        {
            FileName.Check(name, parameterName);
        }

        return names;
    }
}
