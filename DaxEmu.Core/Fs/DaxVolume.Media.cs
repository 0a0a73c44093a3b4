using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Core;

/// <content>Volumes on media: made, mounted, checked, repaired.</content>
public sealed partial class DaxVolume
{
    /// <summary>The volume's id; empty for a scratch volume.</summary>
    public Guid Id { get; private init; }

    /// <summary>Its name for people.</summary>
    public string Label { get; private init; } = "";

    /// <summary>Makes an empty volume on a device; whatever it held is gone.</summary>
    /// <param name="device">A device without a mounted volume.</param>
    /// <param name="options">Label and id; null for <see cref="VolumeOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">The label is too long.</exception>
    /// <exception cref="InvalidOperationException">A volume of the device is in use.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static void Format(PmemDevice device, VolumeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= VolumeOptions.Default;
        using (VolumesGate.Enter())
        {
            RequireUnused(device);
            VolumeWriter.Format(device, options);
            ClearReservedPoison(device);
        }
    }

    /// <summary>Mounts the volume of a device. Damage is not repaired: a volume that has any is refused.</summary>
    /// <param name="device">The device.</param>
    /// <param name="options">How; null for <see cref="VolumeOptions.Default"/>.</param>
    /// <exception cref="VolumeException">There is none, or it is damaged, too new, or larger than the device; the message says what is wrong.</exception>
    /// <exception cref="InvalidOperationException">A volume of the device is in use.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static DaxVolume Mount(PmemDevice device, VolumeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= VolumeOptions.Default;
        using (VolumesGate.Enter())
        {
            RequireUnused(device);
            VolumeReading reading = VolumeReader.Read(device, options.Flaws);
            if (reading.Problems is [VolumeProblem first, ..])
            {
                throw Refused(device, reading, first);
            }

            var volume = MountSound(device, reading, options);
            Volumes.AddOrUpdate(device, volume);
            return volume;
        }
    }

    /// <summary>Looks for everything that is wrong with the volume of a device. Nothing is changed; the volume may be mounted.</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static VolumeReport Check(PmemDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        using (VolumesGate.Enter())
        {
            DaxVolume? volume = LiveVolumeOf(device);
            return volume is { IsScratch: false }
                ? volume.store.Look(_ => VolumeWriter.Report(VolumeReader.Read(device), []))
                : VolumeWriter.Report(VolumeReader.Read(device), []);
        }
    }

    /// <summary>Makes a damaged volume mountable again: from what can be read, in either copy. What it cannot save is reported.</summary>
    /// <param name="device">A device without a mounted volume.</param>
    /// <returns>What was wrong, and what was done. A sound volume is not changed.</returns>
    /// <exception cref="VolumeException">So little can be read that there is nothing to repair; nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">A volume of the device is in use.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static VolumeReport Repair(PmemDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        using (VolumesGate.Enter())
        {
            RequireUnused(device);
            VolumeReading reading = VolumeReader.Read(device);
            if (reading.Problems.Count == 0)
            {
                return VolumeWriter.Report(reading, []);
            }

            if (reading.State?.Find(VolumeFormat.RootInode) is not { IsDirectory: true } || reading.LastTransaction == 0)
            {
                throw Refused(device, reading, reading.Problems[0]);
            }

            if (reading.Superblock!.ReadOnlyCompatible != 0)
            {
                reading.Reason = VolumeRefusal.Newer;
                throw Refused(device, reading, reading.Problems[0]);
            }

            List<string> repairs = VolumeRepair.Run(device, reading);
            ClearReservedPoison(device);

            return VolumeWriter.Report(reading, repairs);
        }
    }

    /// <summary>Makes everything durable that was written to open files, or stored through views of them (syncfs).</summary>
    /// <param name="cancellationToken">Ends it; what is left stays dirty.</param>
    /// <exception cref="DaxException">Something could not be written back; the other files are durable.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Sync(CancellationToken cancellationToken = default)
    {
        DaxFile[] files = WithGate<DaxFile[]>(() => [.. open.Select(opened => opened.File.TryGetTarget(out DaxFile? file) ? file : null).OfType<DaxFile>()]);
        DaxException? first = null;
        foreach (DaxFile file in files)
        {
            try
            {
                file.Sync(cancellationToken);
            }
            catch (ObjectDisposedException)
            {
                // Closed meanwhile, which makes it durable.
            }
            catch (DaxException problem)
            {
                first ??= problem;
            }
        }

        if (first is not null)
        {
            throw first;
        }
    }

    /// <summary>Makes the volume as large as its device is by now.</summary>
    /// <returns>Bytes that it has become larger.</returns>
    /// <exception cref="InvalidOperationException">It is a scratch volume, which is as large as its device anyway.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public long Grow() => WithGate(() =>
    {
        if (IsScratch)
        {
            throw new InvalidOperationException("A scratch volume is as large as its device already.");
        }

        long before = store.Look(state => state.PageCount);
        if (Device.PageCount > before)
        {
            store.Resize(Device.PageCount, () => Allocator.TakeBack(new PfnRange(new Pfn(before), Device.PageCount - before)));
        }

        return (Device.PageCount - before) << DaxConstants.PageShift;
    });

    // The superblocks' pages were written as a whole.
    private static void ClearReservedPoison(PmemDevice device)
    {
        foreach (PfnRange reserved in VolumeFormat.ReservedPages)
        {
            device.Poison.Clear(reserved.First, reserved.PageCount);
        }
    }

    private static void RequireUnused(PmemDevice device)
    {
        if (LiveVolumeOf(device) is { } volume)
        {
            throw new InvalidOperationException($"The {(volume.IsScratch ? "scratch volume" : "volume")} of {device.Name} is in use. Dispose it first.");
        }
    }

    private static VolumeException Refused(PmemDevice device, VolumeReading reading, VolumeProblem problem)
    {
        string more = reading.Problems.Count > 1 ? $" ({reading.Problems.Count} problems in all)" : "";
        string message = reading.Reason switch
        {
            VolumeRefusal.NoVolume => $"There is no volume on {device.Name}: {problem.Description}. Format it first.",
            VolumeRefusal.Newer => $"The volume on {device.Name} cannot be read here: {problem.Description}. Use a newer version.",
            VolumeRefusal.Truncated => $"The device {device.Name} was cut: {problem.Description}. Bring it back to its size.",
            _ => $"The volume on {device.Name} is damaged: {problem.Description}{more}. Check it, and repair it.",
        };
        return new VolumeException(reading.Reason, message);
    }

    private static DaxVolume MountSound(PmemDevice device, VolumeReading reading, VolumeOptions options)
    {
        var held = new HeldDevice(device);
        try
        {
            VolumeStore store = VolumeMounter.Open(held, reading, options, out BlockAllocator allocator);
            return new DaxVolume(device, allocator, store, options, held) { Id = reading.Superblock!.Id, Label = reading.Superblock.Label };
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }
}
