using DaxEmu.Core;

namespace Samples.FasterDevice;

/// <summary>The open files of a volume. One that several devices use is opened once, and closed with the last of them.</summary>
internal sealed class DaxFiles(DaxVolume volume)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (DaxFile File, int Users)> open = [];

    public DaxVolume Volume => volume;

    public DaxFile Open(string path)
    {
        lock (gate)
        {
            (DaxFile file, int users) = open.TryGetValue(path, out (DaxFile, int) known) ? known : (volume.OpenOrCreate(path), 0);
            open[path] = (file, users + 1);
            return file;
        }
    }

    public void Close(string path)
    {
        lock (gate)
        {
            (DaxFile file, int users) = open[path];
            if (users > 1)
            {
                open[path] = (file, users - 1);
                return;
            }

            open.Remove(path);
            file.Dispose();
        }
    }
}
