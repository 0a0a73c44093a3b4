using System.Buffers.Binary;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Running;

/// <summary>The file of the program that is to run.</summary>
internal static class ProgramFile
{
    private const int HeaderBytes = 64;
    private const int MachineX64 = 62;
    private const int SegmentInterpreter = 3;

    /// <summary>Refuses a program that does not ask for a loader: no library can be loaded into it.</summary>
    /// <exception cref="DaxEnvironmentException">It is linked statically, or for another machine.</exception>
    public static void RefuseStatic(string name)
    {
        if (Locate(name) is not { } path)
        {
            return; // starting it says what is wrong
        }

        switch (Examine(path))
        {
            case false:
                throw new DaxEnvironmentException(
                    $"'{path}' is linked statically, or for another machine: the library cannot be loaded into it", "Use a dynamically linked build for x86-64.", Errno.Einval, path);
            default:
                return;
        }
    }

    /// <summary>Whether an ELF program for x86-64 asks for a loader; null for anything else, as a script, and for what cannot be read.</summary>
    public static bool? Examine(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> header = stackalloc byte[HeaderBytes];
            if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.StartsWith("\u007fELF"u8))
            {
                return null;
            }

            if (header[4] != 2 || BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != MachineX64)
            {
                return false;
            }

            long at = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
            int count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
            Span<byte> segment = stackalloc byte[sizeof(int)];
            for (int i = 0; i < count; i++)
            {
                file.Position = at + ((long)i * size);
                file.ReadExactly(segment);
                if (BinaryPrimitives.ReadInt32LittleEndian(segment) == SegmentInterpreter)
                {
                    return true;
                }
            }

            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Locate(string name) => name.Contains('/', StringComparison.Ordinal)
        ? (File.Exists(name) ? name : null)
        : (Environment.GetEnvironmentVariable("PATH") ?? "/bin:/usr/bin").Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
