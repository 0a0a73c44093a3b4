using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Files;

namespace DaxEmu.Bench.Volumes;

/// <summary>Copies files to a volume and from it, and removes trees. <c>-</c> is standard input or output.</summary>
internal static class VolumeCopy
{
    /// <summary>Standard input or output.</summary>
    public const string Standard = "-";

    // A put that was killed leaves this name in its directory; the next one there removes it.
    private const string Unfinished = ".daxemu-put-unfinished";
    private const int ChunkBytes = 1 << 20;

    /// <summary>Copies a file to a volume. What has that name is replaced when all of it is durable, and keeps its content until then.</summary>
    /// <returns>Bytes that were copied.</returns>
    public static long Put(DaxVolume volume, string source, string path, CancellationToken cancellation)
    {
        VolumeEntry? replaced = volume.Exists(path) ? volume.GetEntry(path) : null;
        if (replaced is { IsDirectory: true })
        {
            throw new IOException($"'{path}' is a directory. Give the name that the file is to have in it.");
        }

        using InputFile input = source == Standard ? InputFile.StandardInput("standard input", cancellation) : InputFile.Open(Path.GetFullPath(source), cancellation);
        string unfinished = path[..(path.LastIndexOf('/') + 1)] + Unfinished;
        RemoveFile(volume, unfinished);
        try
        {
            long length;
            using (DaxFile file = volume.Create(unfinished))
            using (DaxStream output = file.OpenStream())
            {
                length = Copy(input, output, cancellation);
                file.Sync(cancellation);
            }

            if (replaced is not null)
            {
                volume.SetMode(unfinished, replaced.Mode);
            }

            volume.Rename(unfinished, path);
            return length;
        }
        catch
        {
            RemoveFile(volume, unfinished);
            throw;
        }
    }

    /// <summary>Copies a file of a volume.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="path">Its path there.</param>
    /// <param name="destination">Where to: a file that is there is overwritten; one that is made is gone again if the copy fails.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Bytes that were copied.</returns>
    public static long Get(DaxVolume volume, string path, string destination, CancellationToken cancellation)
    {
        using DaxFile file = volume.Open(path, access: FileAccess.Read);
        using DaxStream input = file.OpenStream();
        if (destination == Standard)
        {
            using Stream output = Console.OpenStandardOutput();
            return Refusing("standard output", () => Copy(input, output, cancellation));
        }

        OutputFile.Check(destination, volume.Device.Path);
        bool isMade = !Path.Exists(destination);
        try
        {
            return Refusing($"'{destination}'", () =>
            {
                using FileStream output = new(destination, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
                return Copy(input, output, cancellation);
            });
        }
        catch when (isMade)
        {
            File.Delete(destination);
            throw;
        }
    }

    /// <summary>Removes a file, or a directory with all that it holds. Each name goes on its own: what is cut in between leaves a part of the tree.</summary>
    /// <returns>How many files and directories.</returns>
    public static int Remove(DaxVolume volume, string path, bool isRecursive, CancellationToken cancellation)
    {
        VolumeEntry entry = volume.GetEntry(path);
        if (!entry.IsDirectory)
        {
            volume.Delete(path);
            return 1;
        }

        if (entry.Name.Length == 0)
        {
            throw new ArgumentException("'/' is the root directory, which is always there. Name what is to be removed in it.");
        }

        if (!isRecursive)
        {
            throw new IOException($"'{path}' is a directory. Give -r to remove it with all that it holds.");
        }

        // A directory stands before those in it; backwards each is empty when it is removed.
        List<string> directories = [path];
        int count = 0;
        for (int i = 0; i < directories.Count; i++)
        {
            foreach (VolumeEntry child in volume.GetEntries(directories[i]))
            {
                cancellation.ThrowIfCancellationRequested();
                string name = $"{directories[i]}/{child.Name}";
                if (child.IsDirectory)
                {
                    directories.Add(name);
                }
                else
                {
                    volume.Delete(name);
                    count++;
                }
            }
        }

        for (int i = directories.Count - 1; i >= 0; i--)
        {
            volume.DeleteDirectory(directories[i]);
        }

        return count + directories.Count;
    }

    private static long Copy(Stream input, Stream output, CancellationToken cancellation)
    {
        byte[] chunk = new byte[ChunkBytes];
        long length = 0;
        for (int count; (count = input.Read(chunk)) > 0; length += count)
        {
            cancellation.ThrowIfCancellationRequested();
            output.Write(chunk, 0, count);
        }

        output.Flush();
        return length;
    }

    // The volume's own errors are told as they are; what is left is the destination's.
    private static long Refusing(string destination, Func<long> copy)
    {
        try
        {
            return copy();
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException or IOException and not (DaxException or DaxEnvironmentException))
        {
            throw new DaxEnvironmentException($"{destination} cannot be written to: {problem.Message} Free space there, or name another file.", problem);
        }
    }

    private static void RemoveFile(DaxVolume volume, string path)
    {
        if (volume.Exists(path))
        {
            volume.Delete(path);
        }
    }
}
