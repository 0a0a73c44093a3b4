using DaxEmu.Core;
using FASTER.core;

namespace Samples.FasterDevice;

/// <summary>The files of a volume as FASTER's checkpoints know them: by folder and name. A file that is open several times is opened once.</summary>
internal sealed class DaxFiles(DaxVolume volume) : INamedDeviceFactory
{
    // A volume's names have no '/'.
    private const char Separator = '!';

    private readonly Lock gate = new();
    private readonly Dictionary<string, (DaxFile File, int Users)> open = [];

    public DaxFile Open(string name)
    {
        lock (gate)
        {
            (DaxFile file, int users) = open.TryGetValue(name, out (DaxFile, int) known) ? known : (volume.OpenOrCreate(name), 0);
            open[name] = (file, users + 1);
            return file;
        }
    }

    public void Close(DaxFile file)
    {
        lock (gate)
        {
            if (file.Name is not { } name || !open.TryGetValue(name, out (DaxFile File, int Users) known) || known.File != file)
            {
                return; // disposed before
            }

            if (known.Users > 1)
            {
                open[name] = (file, known.Users - 1);
                return;
            }

            open.Remove(name);
            file.Dispose();
        }
    }

    public void Initialize(string baseName)
    {
    }

    public IDevice Get(FileDescriptor fileInfo) => new DaxDevice(this, NameOf(fileInfo.directoryName, fileInfo.fileName));

    public IEnumerable<FileDescriptor> ListContents(string path)
    {
        string folder = NameOf(path, string.Empty);
        return volume.FileNames
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
            .Select(name => name[folder.Length..])
            .Select(rest => rest.Split(Separator) is [{ } directory, _, ..] ? new FileDescriptor(directory, string.Empty) : new FileDescriptor(string.Empty, rest))
            .DistinctBy(f => (f.directoryName, f.fileName));
    }

    public void Delete(FileDescriptor fileInfo)
    {
        string prefix = NameOf(fileInfo.directoryName, fileInfo.fileName);
        foreach (string name in volume.FileNames.Where(n => fileInfo.fileName is { Length: > 0 } ? n == prefix : n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            volume.Delete(name);
        }
    }

    private static string NameOf(string? directory, string? file)
    {
        string folder = string.Join(Separator, (directory ?? string.Empty).Split('/', StringSplitOptions.RemoveEmptyEntries));
        return folder.Length == 0 ? file ?? string.Empty : $"{folder}{Separator}{file}";
    }
}
