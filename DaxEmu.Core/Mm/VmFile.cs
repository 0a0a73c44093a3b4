namespace DaxEmu.Core.Mm;

/// <summary>What a VMA needs of the file that it maps (<c>vma->vm_file</c>).</summary>
/// <param name="MappingId">The id of the file's mapping.</param>
/// <param name="DeviceBase">The first byte of the device's memory.</param>
/// <param name="InvalidateLock">Held for reading over faults, for writing over changes of the VMA.</param>
/// <param name="AreasLock">Held for reading over a walk of the file's VMAs.</param>
/// <param name="RestoresHugeWrites">Whether mprotect makes a dirty 2 MiB translation writable again.</param>
/// <param name="UsesHugeTables">Whether page tables may lie in 2 MiB pages.</param>
/// <param name="Remove">Forgets a VMA: returns when no fault and no walk works on it any more.</param>
internal sealed record VmFile(
    long MappingId,
    nint DeviceBase,
    AsymmetricLock InvalidateLock,
    AsymmetricLock AreasLock,
    bool RestoresHugeWrites,
    bool UsesHugeTables,
    Action<VmArea> Remove);
