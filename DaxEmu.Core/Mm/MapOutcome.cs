namespace DaxEmu.Core.Mm;

/// <summary>What came of showing a page.</summary>
internal enum MapOutcome
{
    /// <summary>The access can go through.</summary>
    Shown,

    /// <summary>The translation is gone, or does not allow the access any more: fault again.</summary>
    Changed,

    /// <summary>The page is mapped no longer, or without the right that the access needs.</summary>
    NotAllowed,

    /// <summary>The process has as many mappings as the kernel allows (<c>vm.max_map_count</c>).</summary>
    TooManyMappings,
}
