using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A mounted volume and the files that a sequence of operations has opened.</summary>
internal sealed class VolumeSession(DaxVolume volume) : IDisposable
{
    private static readonly DaxFileOptions Options = DaxFileOptions.Default with { MaximumSizeBytes = 1 << 20 };
    private readonly Dictionary<long, DaxFile> open = [];
    private readonly Dictionary<DaxFile, DaxView> views = [];

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

    /// <summary>A view of a file's first page, which stays mapped.</summary>
    public DaxView ViewOf(string path)
    {
        DaxFile file = Open(path);
        if (!views.TryGetValue(file, out DaxView? view))
        {
            view = file.Map(0, DaxConstants.PageSize);
            views.Add(file, view);
        }

        return view;
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
