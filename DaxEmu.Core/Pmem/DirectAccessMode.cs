namespace DaxEmu.Core;

/// <summary>For what the memory is asked (the kernel's <c>enum dax_access_mode</c>).</summary>
public enum DirectAccessMode
{
    /// <summary>Loads and stores: poisoned pages are refused.</summary>
    Access,

    /// <summary>Writing whole pages, which clears their poison: poisoned pages are given.</summary>
    RecoveryWrite,
}
