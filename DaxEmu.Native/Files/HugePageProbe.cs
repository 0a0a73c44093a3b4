namespace DaxEmu.Native.Files;

/// <summary>Whether the kernel may map memory with 2 MiB pages, read from the switches that decide it.</summary>
internal static class HugePageProbe
{
    private const string Switches = "/sys/kernel/mm/transparent_hugepage";

    /// <summary>For a mapping of <paramref name="file"/>.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="isMapSync">Whether MAP_SYNC was granted, that is, whether the file is in DAX mode.</param>
    public static FeatureSupport ForFile(DeviceFile file, bool isMapSync)
    {
        if (file.IsDeviceDax)
        {
            return new FeatureSupport(
                file.Hardware.DaxAlignBytes > Environment.SystemPageSize,
                $"the device-DAX device is mapped in pieces of its alignment, {file.Hardware.DaxAlignBytes} bytes");
        }

        if (isMapSync)
        {
            return new FeatureSupport(true, "a DAX file maps 2 MiB at once where its extents are aligned to 2 MiB");
        }

        return file.FileSystem.Kind switch
        {
            FileSystemKind.Hugetlbfs => new FeatureSupport(true, "hugetlbfs has no smaller pages"),
            FileSystemKind.Tmpfs when !file.IsBlockDevice =>
                ForTmpfs(Selected(ReadSwitch("shmem_enabled")), MountOptions.Find(file.DeviceNumber, "huge")),
            _ => new FeatureSupport(false, "the page cache of this file system is mapped with 4 KiB pages"),
        };
    }

    /// <summary>For private anonymous memory that asked for them.</summary>
    public static FeatureSupport ForMemory() => Selected(ReadSwitch("enabled")) switch
    {
        "always" or "madvise" => new FeatureSupport(true, $"{Switches}/enabled allows them"),
        "" => new FeatureSupport(false, "the kernel has no transparent huge pages"),
        string mode => new FeatureSupport(false, $"{Switches}/enabled is '{mode}'; 'madvise' would allow them"),
    };

    /// <summary>The decision for tmpfs: the system's switch overrides the mount option only with deny and force.</summary>
    internal static FeatureSupport ForTmpfs(string systemSwitch, string? mountOption) => (systemSwitch, mountOption) switch
    {
        ("", _) => new FeatureSupport(false, "the kernel has no transparent huge pages for tmpfs"),
        ("deny", _) => new FeatureSupport(false, $"{Switches}/shmem_enabled is 'deny'"),
        ("force", _) => new FeatureSupport(true, $"{Switches}/shmem_enabled is 'force'"),
        (_, "always" or "within_size" or "advise") => new FeatureSupport(true, $"tmpfs is mounted with huge={mountOption}"),
        _ => new FeatureSupport(false, "tmpfs is mounted without the option huge=; 'mount -o remount,huge=advise' would allow them"),
    };

    /// <summary>The word in brackets, as in "always [madvise] never"; empty if there is none.</summary>
    internal static string Selected(string switchText)
    {
        int open = switchText.IndexOf('[', StringComparison.Ordinal);
        int close = switchText.IndexOf(']', StringComparison.Ordinal);
        return open >= 0 && close > open ? switchText[(open + 1)..close] : string.Empty;
    }

    private static string ReadSwitch(string name)
    {
        try
        {
            return File.ReadAllText($"{Switches}/{name}");
        }
        catch (IOException)
        {
            return string.Empty;
        }
        catch (UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
