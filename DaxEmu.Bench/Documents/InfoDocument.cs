using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>info --output-format=json</c> writes.</summary>
[Description("daxemu info")]
internal sealed record InfoDocument
{
    public required string Path { get; init; }

    [Description("file, block device or device-DAX device")]
    public required string Kind { get; init; }

    public required string FileSystem { get; init; }

    public required long Size { get; init; }

    public string? SizeProblem { get; init; }

    public required long Align { get; init; }

    public long? Available { get; init; }

    public required bool InUse { get; init; }

    public required string PersistenceDomain { get; init; }

    public string? PersistenceReason { get; init; }

    public required bool MapSync { get; init; }

    public string? MapSyncReason { get; init; }

    public required bool HugePages { get; init; }

    public string? HugePagesReason { get; init; }

    public required IReadOnlyList<long> PageSizes { get; init; }

    public required bool StoreTracking { get; init; }

    public string? StoreTrackingReason { get; init; }

    [Description("How a device there flushes")]
    public required string Flush { get; init; }

    [Description("The NUMA node that the device is nearest to")]
    public int? NumaNode { get; init; }

    [Description("The NUMA node that the memory of a device-DAX device would have online")]
    public int? TargetNode { get; init; }

    [Description("Bytes of a block device that cannot be read")]
    public required long BadBytes { get; init; }

    [Description("The pages that a mapping of some megabytes got just now; null where nothing could be mapped")]
    public InfoMapped? Mapped { get; init; }

    [Description("Why nothing could be mapped")]
    public string? MappedReason { get; init; }

    public required InfoSwitches Switches { get; init; }

    public required InfoCpu Cpu { get; init; }

    public required InfoUserfaultfd Userfaultfd { get; init; }

    public required InfoClock Clock { get; init; }
}

/// <summary>The pages that a mapping got.</summary>
internal sealed record InfoMapped
{
    public required long Bytes { get; init; }

    [Description("KernelPageSize of /proc/self/smaps")]
    public required long KernelPage { get; init; }

    [Description("How much of it 2 MiB translations cover")]
    public required long HugeBytes { get; init; }
}

/// <summary>What decides over huge pages.</summary>
internal sealed record InfoSwitches
{
    public string? ThpEnabled { get; init; }

    public string? ThpShmemEnabled { get; init; }

    [Description("The mount option of tmpfs; null for another file system, or if it is not set")]
    public string? MountHuge { get; init; }

    [Description("Pages of 2 MiB in the pool of hugetlbfs")]
    public long? Hugepages { get; init; }

    public long? HugepagesFree { get; init; }
}

/// <summary>The processors that the process may use.</summary>
internal sealed record InfoCpu
{
    public string? Model { get; init; }

    public required string Allowed { get; init; }

    public required int Count { get; init; }

    public int? Cores { get; init; }

    public int? Sockets { get; init; }

    public string? NumaNodes { get; init; }

    public string? LastLevelCache { get; init; }

    public required IReadOnlyList<string> FlushInstructions { get; init; }

    [Description("Whether the caches are flushed on loss of power; null if nothing says")]
    public bool? Eadr { get; init; }
}

/// <summary>What userfaultfd offers to the process.</summary>
internal sealed record InfoUserfaultfd
{
    public required bool Usable { get; init; }

    public string? Reason { get; init; }

    public required IReadOnlyList<string> Features { get; init; }
}

/// <summary>The clock that latencies are measured by.</summary>
internal sealed record InfoClock
{
    public string? Source { get; init; }

    [Description("What a reading costs")]
    public required double CostNs { get; init; }
}
