using System.Runtime.InteropServices;
using DaxEmu.Core.Library;
using DaxEmu.Native;
using DaxEmu.Native.Library;

namespace DaxEmu.Core;

/// <summary>A volume of <see cref="HostLibrary"/>, with its device. Safe for many threads.</summary>
public sealed unsafe class HostVolume : IDisposable
{
    private readonly Lock gate = new();
    private readonly nint device;
    private readonly nint volume;
    private bool isDisposed;

    private HostVolume(nint device, HostVolumeOptions options)
    {
        this.device = device;
        nint profile = Marshal.StringToCoTaskMemUTF8(options.Profile.Name);
        nint kernel = Marshal.StringToCoTaskMemUTF8(options.Behaviour.Name);
        nint fileSystem = Marshal.StringToCoTaskMemUTF8(options.FileSystem.Name);
        nint fault = Marshal.StringToCoTaskMemUTF8(options.PlantedFault);
        try
        {
            var given = new DaxemuMountOptions
            {
                StructSize = (uint)sizeof(DaxemuMountOptions),
                Flags = options.ReadOnly ? 1u : 0,
                Profile = (byte*)profile,
                Kernel = (byte*)kernel,
                FileSystem = (byte*)fileSystem,
                FaultAroundBytes = options.FaultAroundBytes,
                FaultHoldNs = options.FaultHold.Ticks * TimeSpan.NanosecondsPerTick,
                PlantedFault = (byte*)fault,
            };
            HostErrors.Check(LibraryCalls.VolumeMount(device, &given, out volume));
        }
        finally
        {
            Marshal.FreeCoTaskMem(profile);
            Marshal.FreeCoTaskMem(kernel);
            Marshal.FreeCoTaskMem(fileSystem);
            Marshal.FreeCoTaskMem(fault);
        }
    }

    /// <summary>Bytes that neither files nor metadata hold.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public long FreeBytes => Info().FreeBytes;

    /// <summary>Bytes of the device.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public long SizeBytes => Info().SizeBytes;

    internal nint Handle => volume;

    internal nint DeviceHandle => device;

    /// <summary>Mounts the volume of a device that is there.</summary>
    /// <param name="path">The device: a file or block device.</param>
    /// <param name="options">How; null for <see cref="HostVolumeOptions.Default"/>.</param>
    /// <exception cref="DaxEnvironmentException">The library cannot be loaded; the message says what would do.</exception>
    /// <exception cref="VolumeException">There is no volume, or it is damaged.</exception>
    /// <exception cref="IOException">The device cannot be opened, or is open elsewhere.</exception>
    public static HostVolume Open(string path, HostVolumeOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        HostLibrary.Load();
        HostErrors.Check(LibraryCalls.DeviceOpen(Path.GetFullPath(path), null, out nint device));
        return Mount(device, options, formats: false);
    }

    /// <summary>Makes a device on a new file, and a volume on it.</summary>
    /// <param name="path">A path that does not exist yet.</param>
    /// <param name="sizeBytes">A multiple of 2 MiB.</param>
    /// <param name="options">How; null for <see cref="HostVolumeOptions.Default"/>.</param>
    /// <exception cref="DaxEnvironmentException">The library cannot be loaded; the message says what would do.</exception>
    /// <exception cref="ArgumentException">The size is no multiple of 2 MiB.</exception>
    /// <exception cref="IOException">The path is taken, or its file system is full.</exception>
    public static HostVolume Create(string path, long sizeBytes, HostVolumeOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        HostLibrary.Load();
        HostErrors.Check(LibraryCalls.DeviceCreate(Path.GetFullPath(path), sizeBytes, null, out nint device));
        return Mount(device, options, formats: true);
    }

    /// <summary>Makes a volume on a file of its own, on tmpfs where there is one, that goes when it is disposed.</summary>
    /// <param name="sizeBytes">A multiple of 2 MiB.</param>
    /// <param name="options">How; null for <see cref="HostVolumeOptions.Default"/>.</param>
    /// <exception cref="DaxEnvironmentException">The library cannot be loaded; the message says what would do.</exception>
    /// <exception cref="ArgumentException">The size is no multiple of 2 MiB.</exception>
    /// <exception cref="IOException">No directory for temporary files has the space.</exception>
    public static HostVolume CreateTemporary(long sizeBytes, HostVolumeOptions? options = null)
    {
        HostLibrary.Load();
        HostErrors.Check(LibraryCalls.DeviceCreateTemporary(sizeBytes, null, out nint device));
        return Mount(device, options, formats: true);
    }

    /// <summary>Opens a file, or makes it if there is none.</summary>
    /// <param name="path">Its path on the volume.</param>
    /// <param name="mode">Whether it must be there, or must not; <see cref="FileMode.Append"/> is none.</param>
    /// <param name="access">Whether it may be written.</param>
    /// <exception cref="ArgumentException">No file can have that name, or the mode is unknown.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">There is one and should not be, or it is a directory.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public HostFile Open(string path, FileMode mode = FileMode.OpenOrCreate, FileAccess access = FileAccess.ReadWrite)
    {
        const int ReadWrite = 2;
        const int Creates = 0x40;
        const int IsNew = 0x80;
        const int Cuts = 0x200;
        ArgumentNullException.ThrowIfNull(path);
        int flags = mode switch
        {
            FileMode.Open => 0,
            FileMode.OpenOrCreate => Creates,
            FileMode.CreateNew => Creates | IsNew,
            FileMode.Create => Creates | Cuts,
            FileMode.Truncate => Cuts,
            _ => throw new ArgumentException($"A file of a volume is not opened with '{mode}'. Use another mode, and write at its end.", nameof(mode)),
        };
        HostErrors.Check(LibraryCalls.FileOpen(volume, path, flags | (access == FileAccess.Read ? 0 : ReadWrite), out nint file));
        return new HostFile(this, path, file);
    }

    /// <summary>Deletes a name of a file (unlink).</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Delete(string path) => HostErrors.Check(LibraryCalls.Unlink(volume, path));

    /// <summary>Gives a file or directory another name; what has that name is replaced (rename).</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Rename(string path, string newPath) => HostErrors.Check(LibraryCalls.Rename(volume, path, newPath));

    /// <summary>Makes a directory (mkdir).</summary>
    /// <exception cref="IOException">The name is taken.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void CreateDirectory(string path) => HostErrors.Check(LibraryCalls.MakeDirectory(volume, path));

    /// <summary>Makes everything durable that was written or stored to its open files (syncfs).</summary>
    /// <exception cref="DaxException">Something could not be written back.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Sync() => HostErrors.Check(LibraryCalls.VolumeSync(volume));

    /// <summary>Writes the events of its files to a file from here on, in the kernel's trace text.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void StartTrace(string path) => HostErrors.Check(LibraryCalls.TraceStart(volume, Path.GetFullPath(path)));

    /// <summary>Ends the trace: all lines are in its file then.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void StopTrace() => HostErrors.Check(LibraryCalls.TraceStop(volume));

    /// <summary>What is wrong with the volume, a line for each problem; it stays mounted.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public IReadOnlyList<string> Check()
    {
        HostErrors.Check(LibraryCalls.VolumeCheck(device, out nint report));
        try
        {
            var info = new DaxemuReportInfo { StructSize = (uint)sizeof(DaxemuReportInfo) };
            HostErrors.Check(LibraryCalls.ReportGetInfo(report, &info));
            var problems = new List<string>();
            for (long number = 0; number < info.Problems; number++)
            {
                problems.Add(HostLibrary.TextOf((buffer, size) => LibraryCalls.ReportProblem(report, number, (byte*)buffer, size)));
            }

            return problems;
        }
        finally
        {
            HostErrors.Check(LibraryCalls.ReportFree(report));
        }
    }

    /// <summary>Unmounts it and closes the device. Again does nothing.</summary>
    /// <exception cref="IOException">Files of it are open or mapped (EBUSY): dispose them first.</exception>
    public void Dispose()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            HostErrors.Check(LibraryCalls.VolumeUnmount(volume));
            isDisposed = true;
            HostErrors.Check(LibraryCalls.DeviceClose(device));
        }
    }

    private static HostVolume Mount(nint device, HostVolumeOptions? options, bool formats)
    {
        options ??= HostVolumeOptions.Default;
        try
        {
            if (formats)
            {
                HostErrors.Check(LibraryCalls.VolumeFormat(device, options.Label));
            }

            return new HostVolume(device, options);
        }
        catch
        {
            _ = LibraryCalls.DeviceClose(device);
            throw;
        }
    }

    private DaxemuVolumeInfo Info()
    {
        var info = new DaxemuVolumeInfo { StructSize = (uint)sizeof(DaxemuVolumeInfo) };
        HostErrors.Check(LibraryCalls.VolumeGetInfo(volume, &info));
        return info;
    }
}
