namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>Names and files as they must be after a power cut at some moment.</summary>
internal sealed class TreeModel
{
    private readonly SortedDictionary<string, int> names;
    private readonly Dictionary<int, FileModel> files;

    public TreeModel()
        : this(new SortedDictionary<string, int>(StringComparer.Ordinal), [])
    {
    }

    private TreeModel(SortedDictionary<string, int> names, Dictionary<int, FileModel> files)
    {
        this.names = names;
        this.files = files;
    }

    /// <summary>The number by which a directory stands among the names.</summary>
    public static int Directory => -1;

    /// <summary>All paths, and which file each leads to.</summary>
    public IReadOnlyDictionary<string, int> Names => names;

    public TreeModel Copy() => new(new SortedDictionary<string, int>(names, StringComparer.Ordinal), new Dictionary<int, FileModel>(files));

    public bool Has(string path) => names.ContainsKey(path);

    public FileModel FileAt(string path) => files[names[path]];

    public FileModel? FileOf(int number) => files.GetValueOrDefault(number);

    public void SetFile(string path, FileModel file) => files[names[path]] = file;

    public void MakeDirectory(string path) => names.Add(path, Directory);

    public void Make(string path, FileModel file)
    {
        int number = files.Count + 1; // numbers are never used again: files stay known
        names.Add(path, number);
        files.Add(number, file);
    }

    public void Link(string path, string newPath) => names.Add(newPath, names[path]);

    public void Remove(string path) => names.Remove(path);

    /// <summary>A name and all names below it become others; what has the new one is gone.</summary>
    public void Rename(string path, string newPath)
    {
        names.Remove(newPath);
        foreach ((string name, int number) in names.Where(pair => pair.Key == path || pair.Key.StartsWith(path + '/', StringComparison.Ordinal)).ToArray())
        {
            names.Remove(name);
            names.Add(newPath + name[path.Length..], number);
        }
    }

    /// <summary>All files are durable.</summary>
    public void SyncAll()
    {
        foreach (int number in files.Keys.ToArray())
        {
            files[number] = files[number].Synced();
        }
    }
}
