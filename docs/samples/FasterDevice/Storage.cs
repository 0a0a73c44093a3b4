using DaxEmu.Core;
using FASTER.core;

namespace Samples.FasterDevice;

/// <summary>Where a store keeps its log and its checkpoints. What is opened of it is gone when it is disposed; what was written is there at the next opening.</summary>
internal abstract class Storage : IDisposable
{
    public abstract IDevice Log { get; }

    public abstract INamedDeviceFactory Factory { get; }

    public abstract string Checkpoints { get; }

    public virtual void Dispose() => Log.Dispose();

    /// <summary>Files of a volume, which is mounted for this.</summary>
    public sealed class OfVolume : Storage
    {
        private readonly DaxVolume volume;

        public OfVolume(PmemDevice device)
        {
            volume = DaxVolume.Mount(device);
            var files = new DaxFiles(volume);
            Log = new DaxDevice(files, "/log");
            Factory = new DaxFolder(files);
        }

        public override IDevice Log { get; }

        public override INamedDeviceFactory Factory { get; }

        public override string Checkpoints => "checkpoints";

        public override void Dispose()
        {
            base.Dispose();
            volume.Dispose();
        }
    }

    /// <summary>FASTER's own devices, on files of a directory.</summary>
    public sealed class OfDirectory(string folder) : Storage
    {
        public override IDevice Log { get; } = Devices.CreateLogDevice(Path.Combine(folder, "log"));

        public override INamedDeviceFactory Factory { get; } = new LocalStorageNamedDeviceFactory();

        public override string Checkpoints => Path.Combine(folder, "checkpoints");
    }
}
