namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Which descriptors of the process stand for open files of the volume.</summary>
/// <remarks>
/// Looked up without a lock. A descriptor is entered after the kernel has given it out and taken out before the kernel may give it out again, so a
/// number that is found here is the volume's; a call that races with a close gets what it would get from the kernel.
/// </remarks>
/// <param name="marks">A byte a descriptor, set while it is known here; null for none.</param>
/// <param name="markCount">How many of those.</param>
internal sealed unsafe class DescriptorTable(byte* marks, int markCount)
{
    private const int Most = 1 << 20;
    private volatile OpenDescription?[] slots = new OpenDescription?[256];

    /// <summary>Held while descriptors are made, duplicated and closed, and over the kernel's part of that.</summary>
    public Lock Gate { get; } = new();

    /// <summary>How many descriptors there are at most: no number at or past it is known.</summary>
    public int Limit => slots.Length;

    /// <summary>What a descriptor stands for; null if it is not the volume's.</summary>
    public OpenDescription? Find(int descriptor)
    {
        OpenDescription?[] now = slots;
        return (uint)descriptor < (uint)now.Length ? now[descriptor] : null;
    }

    /// <summary>Enters a descriptor, under the gate.</summary>
    public void Set(int descriptor, OpenDescription description)
    {
        if (descriptor is < 0 or >= Most)
        {
            throw new SystemCallException(Native.Libc.Errno.Emfile, $"Descriptor {descriptor} is too large for a file of the volume: at most {Most} descriptors are known.");
        }

        OpenDescription?[] now = slots;
        if (descriptor >= now.Length)
        {
            var larger = new OpenDescription?[Math.Min(Most, Math.Max(descriptor + 1, now.Length * 2))];
            now.CopyTo(larger, 0);
            now = larger;
        }

        now[descriptor] = description;
        slots = now;
        Mark(descriptor, 1);
        description.References++;
        if (description.Inode.Descriptor < 0)
        {
            description.Inode.Descriptor = descriptor;
        }
    }

    /// <summary>Takes a descriptor out, under the gate.</summary>
    /// <returns>The description, if that was its last descriptor; else null.</returns>
    public OpenDescription? Remove(int descriptor)
    {
        if (Find(descriptor) is not { } description)
        {
            return null;
        }

        Mark(descriptor, 0);
        slots[descriptor] = null;
        if (description.Inode.Descriptor == descriptor)
        {
            description.Inode.Descriptor = Array.FindIndex(slots, other => other?.Inode == description.Inode);
        }

        return --description.References == 0 ? description : null;
    }

    /// <summary>All descriptors and what they stand for, under the gate.</summary>
    public IEnumerable<(int Descriptor, OpenDescription Description)> All()
    {
        OpenDescription?[] now = slots;
        for (int i = 0; i < now.Length; i++)
        {
            if (now[i] is { } description)
            {
                yield return (i, description);
            }
        }
    }

    private void Mark(int descriptor, byte value)
    {
        if (descriptor < markCount)
        {
            marks[descriptor] = value;
        }
    }
}
