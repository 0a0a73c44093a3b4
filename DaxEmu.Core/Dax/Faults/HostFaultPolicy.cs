namespace DaxEmu.Core.Dax.Faults;

/// <summary>What the program gets for an access at a mapping that cannot be served.</summary>
internal enum HostFaultPolicy
{
    /// <summary>The signal that the kernel would send.</summary>
    Signal = 0,

    /// <summary>
    /// SIGBUS with an address in the first page, also for what the program may not do: CoreCLR makes a <see cref="NullReferenceException"/> of it where
    /// managed code accessed the memory, and ends the process for any other address.
    /// </summary>
    Null = 1,
}
