using System.Globalization;

namespace DaxEmu.Native.Files;

/// <summary>What sysfs says of a device.</summary>
internal sealed record HardwareFacts
{
    private const long UsualAlignBytes = 2 << 20;

    /// <summary>A device of which sysfs says nothing.</summary>
    public static HardwareFacts None { get; } = new();

    /// <summary>The name of a device-DAX device, as in <c>dax0.0</c>; null for everything else.</summary>
    public string? DaxName { get; init; }

    /// <summary>Bytes of a device-DAX device.</summary>
    public long DaxSizeBytes { get; init; }

    /// <summary>Bytes to which each mapping of a device-DAX device must be aligned.</summary>
    public long DaxAlignBytes { get; init; }

    /// <summary>The NUMA node that the memory of a device-DAX device would have online.</summary>
    public int? TargetNode { get; init; }

    /// <summary>The NUMA node that the device is nearest to.</summary>
    public int? NumaNode { get; init; }

    /// <summary>What cannot be read of a block device.</summary>
    public IReadOnlyList<BadBlocks> BadBlocks { get; init; } = [];

    /// <summary>A character device: a device-DAX device or, for all that sysfs says here, another one.</summary>
    public static HardwareFacts OfCharacterDevice(HostTree tree, ulong deviceNumber)
    {
        string folder = Folder("char", deviceNumber);
        if (tree.LinkName($"{folder}/subsystem") != "dax" || tree.Number($"{folder}/size") is not { } size)
        {
            return None;
        }

        return new HardwareFacts
        {
            DaxName = tree.LinkName(folder) ?? "dax",
            DaxSizeBytes = size,
            DaxAlignBytes = tree.Number($"{folder}/align") ?? UsualAlignBytes,
            TargetNode = Node(tree, $"{folder}/target_node"),
            NumaNode = Node(tree, $"{folder}/numa_node"),
        };
    }

    /// <summary>A block device. A partition has neither node nor list of its own; its disk has.</summary>
    public static HardwareFacts OfBlockDevice(HostTree tree, ulong deviceNumber)
    {
        string folder = Folder("block", deviceNumber);
        return new HardwareFacts
        {
            NumaNode = Node(tree, $"{folder}/device/numa_node") ?? (tree.ParentOfTarget(folder) is { } disk ? Node(tree, $"{disk}/device/numa_node") : null),
            BadBlocks = Files.BadBlocks.Parse(tree.Text($"{folder}/badblocks")),
        };
    }

    // The kernel writes -1 where there is none.
    private static int? Node(HostTree tree, string path) => tree.Number(path) is >= 0 and <= int.MaxValue and { } node ? (int)node : null;

    private static string Folder(string kind, ulong deviceNumber) => string.Create(
        CultureInfo.InvariantCulture, $"sys/dev/{kind}/{MountOptions.Major(deviceNumber)}:{MountOptions.Minor(deviceNumber)}");
}
