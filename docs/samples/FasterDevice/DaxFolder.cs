using DaxEmu.Core;
using FASTER.core;

namespace Samples.FasterDevice;

/// <summary>A directory of a volume as FASTER's checkpoints know it: it makes, lists and deletes their files.</summary>
internal sealed class DaxFolder(DaxFiles files) : INamedDeviceFactory
{
    private readonly DaxVolume volume = files.Volume;
    private string folder = string.Empty;

    public void Initialize(string baseName) => folder = baseName;

    public IDevice Get(FileDescriptor fileInfo)
    {
        string directory = PathOf(fileInfo.directoryName);
        MakeDirectories(directory);
        return new DaxDevice(files, $"{directory}/{fileInfo.fileName}");
    }

    /// <summary>The newest first: a recovery tries them in this order.</summary>
    public IEnumerable<FileDescriptor> ListContents(string path)
    {
        string directory = PathOf(path);
        return volume.Exists(directory)
            ? volume.GetEntries(directory)
                .OrderByDescending(entry => entry.ModifiedUtc)
                .Select(entry => entry.IsDirectory ? new FileDescriptor(entry.Name, string.Empty) : new FileDescriptor(string.Empty, entry.Name))
            : [];
    }

    public void Delete(FileDescriptor fileInfo)
    {
        string directory = PathOf(fileInfo.directoryName);
        if (!string.IsNullOrEmpty(fileInfo.fileName))
        {
            volume.Delete($"{directory}/{fileInfo.fileName}");
        }
        else if (volume.Exists(directory))
        {
            DeleteAll(directory);
        }
    }

    private string PathOf(string? path) =>
        "/" + string.Join('/', $"{folder}/{path}".Split('/', StringSplitOptions.RemoveEmptyEntries));

    private void MakeDirectories(string directory)
    {
        for (int end = directory.IndexOf('/', 1); ; end = directory.IndexOf('/', end + 1))
        {
            string part = end < 0 ? directory : directory[..end];
            if (!volume.Exists(part))
            {
                volume.CreateDirectory(part);
            }

            if (end < 0)
            {
                return;
            }
        }
    }

    private void DeleteAll(string directory)
    {
        foreach (VolumeEntry entry in volume.GetEntries(directory))
        {
            string path = $"{directory}/{entry.Name}";
            if (entry.IsDirectory)
            {
                DeleteAll(path);
            }
            else
            {
                volume.Delete(path);
            }
        }

        volume.DeleteDirectory(directory);
    }
}
