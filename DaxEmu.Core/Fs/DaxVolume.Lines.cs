using DaxEmu.Core.Atomics;
using DaxEmu.Core.Mm;

namespace DaxEmu.Core;

/// <content>What the words and locks of a volume and its files are called.</content>
public sealed partial class DaxVolume
{
    /// <summary>Names everything that threads share on this volume now: files that are opened later are not in it.</summary>
    internal void NameLines(LineNames names)
    {
        names.Add(this, "the volume");
        names.Add(gate, "files and names");
        store.NameLines(names);
        Allocator.NameLines(names);
        Device.NameLines(names);
        ReaderSlot.NameLines(names);
        SharedHold.NameLines(names);
        foreach (Opened opened in open)
        {
            opened.Core.NameLines(names, $"file {opened.Core.Node.Name}");
            opened.Core.InUseAlready?.Mapping.Locker.NameLines(names);
        }
    }
}
