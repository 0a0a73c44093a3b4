using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;

namespace DaxEmu.Core.Device;

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
        FlushMethod method = Choose(options.Flush, FlushMethod.Msync, out FlushInstruction? instruction);
        return new Placement(mapSync, hugePages, PersistenceDomains.OfFile(mapSync.IsSupported), method, instruction, isTemporary);
    }

    /// <summary>For a device without a file.</summary>
    /// <exception cref="DaxEnvironmentException">The CPU lacks the flush instruction that was asked for.</exception>
    public static Placement InMemory(PmemDeviceOptions options)
    {
        FlushMethod method = Choose(options.Flush, FlushMethod.None, out FlushInstruction? instruction);
        return new Placement(
            new FeatureSupport(false, "there is no file"),
            options.PreferHugePages ? HugePageProbe.ForMemory() : NotAsked,
            PersistenceDomain.None,
            method,
            instruction,
            IsTemporary: false);
    }

    /// <summary>The method that a device with these wishes uses.</summary>
    /// <param name="wanted">The wish.</param>
    /// <param name="withoutInstruction">What holds if the CPU has no instruction.</param>
    /// <param name="instruction">The instruction, or null if the method is none.</param>
    internal static FlushMethod Choose(FlushMethod wanted, FlushMethod withoutInstruction, out FlushInstruction? instruction)
    {
        switch (wanted)
        {
            case FlushMethod.Automatic:
                instruction = FlushInstruction.Best;
                return instruction?.Method ?? withoutInstruction;
            case FlushMethod.Clwb or FlushMethod.ClflushOpt or FlushMethod.Clflush:
                instruction = FlushInstruction.TryGet(wanted) ?? throw new DaxEnvironmentException(
                    $"this CPU has no instruction {wanted}, or the system forbids executable pages",
                    $"Use {nameof(FlushMethod)}.{nameof(FlushMethod.Automatic)}, which takes what is there.");
                return wanted;
            case FlushMethod.Msync or FlushMethod.None:
                instruction = null;
                return wanted;
            default:
                throw new ArgumentOutOfRangeException(nameof(wanted), $"There is no flush method {(int)wanted}.");
        }
    }

    private static FeatureSupport NotAsked => new(false, "the options do not ask for them");
}
