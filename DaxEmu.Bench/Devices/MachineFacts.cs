using System.Runtime.InteropServices;

namespace DaxEmu.Bench.Devices;

/// <summary>The machine that figures are of.</summary>
internal static class MachineFacts
{
    private const string CpuFile = "/proc/cpuinfo";
    private const string KernelFile = "/proc/sys/kernel/osrelease";
    private const string ModelField = "model name";

    /// <summary>The processor's model; null if the kernel does not name it.</summary>
    public static string? CpuModel { get; } = Read(CpuFile, lines => lines
        .Where(line => line.StartsWith(ModelField, StringComparison.Ordinal) && line.Contains(':', StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault());

    /// <summary>The kernel's version; null if it does not say.</summary>
    public static string? Kernel { get; } = Read(KernelFile, lines => lines.Select(line => line.Trim()).FirstOrDefault());

    /// <summary>The system's name and version.</summary>
    public static string System => RuntimeInformation.OSDescription;

    /// <summary>The .NET runtime.</summary>
    public static string Runtime => RuntimeInformation.FrameworkDescription;

    private static string? Read(string file, Func<IEnumerable<string>, string?> choose)
    {
        try
        {
            return choose(File.ReadLines(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
