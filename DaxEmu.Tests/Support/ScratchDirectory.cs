namespace DaxEmu.Tests.Support;

/// <summary>A directory of its own for a test, on tmpfs where there is one; gone with everything in it afterwards.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public ScratchDirectory(string? parent = null)
    {
        parent ??= System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        Directory = System.IO.Directory.CreateDirectory(Path.Combine(parent, $"daxemu-test-{Guid.NewGuid():N}")).FullName;
    }

    public string Directory { get; }

    public IEnumerable<string> Names => System.IO.Directory.EnumerateFileSystemEntries(Directory).Select(path => Path.GetFileName(path));

    public string this[string name] => Path.Combine(Directory, name);

    /// <summary>A file of a size, with no block allocated.</summary>
    public string SparseFile(string name, long sizeBytes)
    {
        using FileStream file = new(this[name], FileMode.CreateNew);
        file.SetLength(sizeBytes);
        return this[name];
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
