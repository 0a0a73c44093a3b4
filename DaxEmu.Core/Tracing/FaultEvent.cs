namespace DaxEmu.Core.Tracing;

/// <summary>The fields of <c>dax_pmd_fault</c>, <c>dax_pte_fault</c> and their <c>_done</c> twins.</summary>
/// <param name="Ino">Inode number: the mapping's id.</param>
/// <param name="Shared">Whether the VMA is shared (else private).</param>
/// <param name="Flags">How the fault came about.</param>
/// <param name="Address">The faulting address, in bytes.</param>
/// <param name="VmStart">First byte of the VMA.</param>
/// <param name="VmEnd">The byte after the VMA.</param>
/// <param name="Index">The faulting page in the file (<c>pgoff</c>).</param>
/// <param name="MaxIndex">The first page past EOF (<c>max_pgoff</c>; 2 MiB faults only).</param>
public readonly record struct FaultEvent(
    long Ino, bool Shared, FaultFlags Flags, long Address, long VmStart, long VmEnd, PageIndex Index, PageIndex MaxIndex);
