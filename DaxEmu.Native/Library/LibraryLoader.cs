using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Library;

/// <summary>Finds and loads libdaxemu.so, once for the process.</summary>
internal static class LibraryLoader
{
    /// <summary>The file's name.</summary>
    public const string FileName = "libdaxemu.so";

    /// <summary>A variable of the environment with the library's path.</summary>
    public const string Variable = "DAXEMU_LIBRARY";

    private const string Command = "dotnet publish DaxEmu.Core -c Release -r linux-x64 -p:BuildsLibrary=true -o DIR";

    private static readonly Lock Gate = new();
    private static nint loaded;
    private static bool isResolved;
    private static string? loadedPath;

    /// <summary>Where it was loaded from; null if it was not.</summary>
    public static string? LoadedPath
    {
        get
        {
            lock (Gate)
            {
                return loadedPath;
            }
        }
    }

    /// <summary>Where the library would be loaded from, if it is there: a path that is given, the variable's, or beside the program.</summary>
    public static string? Find(string? path = null)
    {
        string? wanted = path ?? Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(wanted))
        {
            string full = Path.GetFullPath(Directory.Exists(wanted) ? Path.Combine(wanted, FileName) : wanted);
            return File.Exists(full) ? full : null;
        }

        string beside = Path.Combine(AppContext.BaseDirectory, FileName);
        return File.Exists(beside) ? beside : null;
    }

    /// <summary>Loads it; again does nothing.</summary>
    /// <param name="path">The library, or its folder; null to look for it.</param>
    /// <returns>Where it was loaded from.</returns>
    /// <exception cref="DaxEnvironmentException">It is not there, cannot be loaded, is of another version, or another one is loaded already.</exception>
    public static string Load(string? path = null)
    {
        lock (Gate)
        {
            string? found = Find(path);
            if (loadedPath is { } before && (path is null || found == before))
            {
                return before;
            }

            if (found is null)
            {
                string where = path ?? Environment.GetEnvironmentVariable(Variable) ?? Path.Combine(AppContext.BaseDirectory, FileName);
                throw new DaxEnvironmentException(
                    $"there is no {FileName} at '{where}'",
                    $"Build it with '{Command}', which needs gcc or clang (Debian: 'apt-get install gcc'), and set {Variable} to DIR, or copy the library beside the program.",
                    Errno.Enoent,
                    where);
            }

            if (loadedPath is not null)
            {
                throw new DaxEnvironmentException($"cannot load '{found}': '{loadedPath}' is loaded already", "Use one library in a process.", path: found);
            }

            LoadFrom(found);
            loadedPath = found;
            return found;
        }
    }

    private static void LoadFrom(string path)
    {
        try
        {
            loaded = NativeLibrary.Load(path);
        }
        catch (Exception problem) when (problem is DllNotFoundException or BadImageFormatException)
        {
            throw new DaxEnvironmentException($"cannot load '{path}': {problem.Message.Split('\n')[0]}", $"Build it anew with '{Command}'.", path: path);
        }

        if (!isResolved)
        {
            // Once an assembly; a library of a wrong version may have been tried before.
            NativeLibrary.SetDllImportResolver(typeof(LibraryCalls).Assembly, (name, _, _) => name == LibraryCalls.Name ? loaded : 0);
            isResolved = true;
        }

        int version = LibraryCalls.GetVersion();
        if (version >> 16 != LibraryCalls.Version >> 16 || version < LibraryCalls.Version)
        {
            throw new DaxEnvironmentException(
                $"'{path}' has version {version >> 16}.{version & 0xFFFF} of the interface, and {LibraryCalls.Version >> 16}.{LibraryCalls.Version & 0xFFFF} is needed",
                $"Build it anew with '{Command}'.",
                path: path);
        }
    }
}
