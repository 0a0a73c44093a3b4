using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A mounted volume and the files that a sequence of operations has opened.</summary>
internal sealed class VolumeSession(DaxVolume volume) : IDisposable
{
    private static readonly DaxFileOptions Options = DaxFileOptions.Default with { MaximumSizeBytes = 1 << 20 };
    private readonly Dictionary<long, DaxFile> open = [];

    public DaxVolume Volume => volume;

    /// <summary>The file of a path, opened when it is first asked for.</summary>
    public DaxFile Open(string path)
    {
        long number = volume.GetEntry(path).Number;
        if (!open.TryGetValue(number, out DaxFile? file))
        {
            file = volume.Open(path, Options);
            open.Add(number, file);
        }

        return file;
    }

    /// <summary>Makes a file, which stays open.</summary>
    public DaxFile Create(string path)
    {
        DaxFile file = volume.Create(path, 0, Options);
        open.Add(volume.GetEntry(path).Number, file);
        return file;
    }

    /// <summary>Unmounts the volume.</summary>
    public void Dispose() => volume.Dispose();
}
