namespace DaxEmu.Native.Memory;

/// <summary>What is meant by the address that a mapping is asked for at.</summary>
internal enum HostPlace
{
    /// <summary>A hint; 0 is none.</summary>
    Any,

    /// <summary>There, in place of what is mapped there now (<c>MAP_FIXED</c>).</summary>
    Fixed,

    /// <summary>There, unless something is mapped there (<c>MAP_FIXED_NOREPLACE</c>).</summary>
    FixedNoReplace,
}
