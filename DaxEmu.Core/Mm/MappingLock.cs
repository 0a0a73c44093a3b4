namespace DaxEmu.Core.Mm;

/// <summary>The locks that each mapping has.</summary>
internal enum MappingLock
{
    /// <summary>Keeps faults and copies out of layout changes (<c>invalidate_lock</c>).</summary>
    Invalidate,

    /// <summary>Keeps VMAs and their page tables alive during a walk (<c>i_mmap_rwsem</c>).</summary>
    Areas,

    /// <summary>Keeps the mapping alive during an operation that no VMA keeps alive.</summary>
    Lifetime,
}
