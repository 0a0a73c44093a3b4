using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;

namespace DaxEmu.Core.Pmem;

/// <summary>What a device gets from the place where it lies: decided once, when it is opened.</summary>
internal sealed record Placement(
    FeatureSupport MapSync,
    FeatureSupport HugePages,
    PersistenceDomain Domain,
    FlushMethod FlushMethod,
    FlushInstruction? FlushInstruction,
    bool IsTemporary)
{
    /// <summary>For a device on a file or a block device.</summary>
    /// <exception cref="DaxEnvironmentException">The CPU lacks the flush instruction that was asked for.</exception>
    public static Placement OnFile(DeviceFile file, PmemDeviceOptions options, bool isTemporary)
    {
        FeatureSupport mapSync = MapSyncProbe.Probe(file);
        FeatureSupport hugePages = options.PreferHugePages
            ? HugePageProbe.ForFile(file, mapSync.IsSupported)
            : NotAsked;
        PersistenceDomain domain = PersistenceDomains.OfFile(mapSync.IsSupported);
        FlushMethod automatic = Automatic(domain, file.FileSystem.Kind, isTemporary, InstructionFor(options));
        FlushMethod method = Choose(options.Flush, automatic, out FlushInstruction? instruction);
        return new Placement(mapSync, hugePages, domain, method, instruction, isTemporary);
    }

    /// <summary>For a device without a file.</summary>
    /// <exception cref="DaxEnvironmentException">The CPU lacks the flush instruction that was asked for.</exception>
    public static Placement InMemory(PmemDeviceOptions options)
    {
        FlushMethod automatic = Automatic(PersistenceDomain.None, FileSystemKind.None, isTemporary: true, InstructionFor(options));
        FlushMethod method = Choose(options.Flush, automatic, out FlushInstruction? instruction);
        return new Placement(
            new FeatureSupport(false, "there is no file"),
            options.PreferHugePages ? HugePageProbe.ForMemory() : NotAsked,
            PersistenceDomain.None,
            method,
            instruction,
            IsTemporary: false);
    }

    /// <summary>What <see cref="FlushMethod.Automatic"/> stands for: what makes stores durable there, and no more than that.</summary>
    /// <param name="domain">From where on a store survives.</param>
    /// <param name="fileSystem">The file system around the file; none for a block device.</param>
    /// <param name="isTemporary">Whether the file goes with the device, so that nothing of it is to outlive a loss of power.</param>
    /// <param name="instruction">The best instruction of the CPU; null if it has none.</param>
    internal static FlushMethod Automatic(
        PersistenceDomain domain, FileSystemKind fileSystem, bool isTemporary, FlushMethod? instruction)
    {
        // msync does nothing on a file system in memory, which a loss of power takes as a whole: there a persistent device is acted out.
        bool isVolatile = isTemporary || fileSystem is FileSystemKind.Tmpfs or FileSystemKind.Ramfs or FileSystemKind.Hugetlbfs;
        return domain switch
        {
            PersistenceDomain.Byte => FlushMethod.None,
            PersistenceDomain.CacheLine => instruction ?? FlushMethod.Msync,
            PersistenceDomain.Page when !isVolatile => FlushMethod.Msync,
            _ => instruction ?? FlushMethod.None,
        };
    }

    /// <summary>The method that a device with these wishes uses.</summary>
    /// <param name="wanted">The wish.</param>
    /// <param name="automatic">What holds if the wish is <see cref="FlushMethod.Automatic"/>.</param>
    /// <param name="instruction">The instruction, or null if the method is none.</param>
    /// <exception cref="DaxEnvironmentException">The CPU lacks the instruction that was asked for.</exception>
    internal static FlushMethod Choose(FlushMethod wanted, FlushMethod automatic, out FlushInstruction? instruction)
    {
        switch (wanted == FlushMethod.Automatic ? automatic : wanted)
        {
            case FlushMethod.Clwb or FlushMethod.ClflushOpt or FlushMethod.Clflush:
                FlushMethod method = wanted == FlushMethod.Automatic ? automatic : wanted;
                instruction = FlushInstruction.TryGet(method) ?? throw new DaxEnvironmentException(
                    $"this CPU has no instruction {method}, or the system forbids executable pages",
                    $"Use {nameof(FlushMethod)}.{nameof(FlushMethod.Automatic)}, which takes what is there.");
                return method;
            case FlushMethod.Msync:
                instruction = null;
                return FlushMethod.Msync;
            case FlushMethod.None:
                instruction = null;
                return FlushMethod.None;
            default:
                throw new ArgumentOutOfRangeException(nameof(wanted), $"There is no flush method {(int)wanted}.");
        }
    }

    // Where a persistent device is acted out, one with eADR needs no instruction. Where the storage is real, what it needs counts.
    private static FlushMethod? InstructionFor(PmemDeviceOptions options) =>
        options.Media is { HasEadr: true } ? null : FlushInstruction.Best?.Method;

    private static FeatureSupport NotAsked => new(false, "the options do not ask for them");
}
