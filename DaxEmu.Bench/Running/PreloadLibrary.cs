using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Running;

/// <summary>The library that programs are started with.</summary>
internal static class PreloadLibrary
{
    private const string Name = "libdaxemu-preload.so";

    /// <summary>Finds it beside the command.</summary>
    /// <exception cref="DaxEnvironmentException">It was not built.</exception>
    public static string Find() => Find(AppContext.BaseDirectory);

    /// <summary>Finds it in a directory.</summary>
    /// <exception cref="DaxEnvironmentException">It is not there.</exception>
    public static string Find(string directory)
    {
        string path = Path.Combine(directory, Name);
        if (!File.Exists(path) || !File.Exists(Path.Combine(directory, "libdaxemu.so")))
        {
            throw new DaxEnvironmentException(
                $"'{path}' is missing: this daxemu was built on a machine without a linker",
                "Install gcc or clang (apt-get install gcc) and build DaxEmu again; the build then makes the library.",
                Errno.Enoent,
                path);
        }

        // The loader takes spaces and colons in LD_PRELOAD for ends of a name.
        return path.AsSpan().IndexOfAny(' ', ':') < 0
            ? path
            : throw new DaxEnvironmentException($"'{path}' has a space or colon in it, at which the loader cuts names", "Move daxemu to another folder.", Errno.Einval, path);
    }
}
