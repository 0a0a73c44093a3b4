namespace DaxEmu.Core.Dax.Faults;

/// <summary>What becomes of a page fault at a real address.</summary>
internal enum HostFaultVerdict
{
    /// <summary>The access can be repeated.</summary>
    Served,

    /// <summary>Not mapped there any more, or without the right: the fault is the program's own.</summary>
    Foreign,

    /// <summary>SIGBUS, for the error that comes with it.</summary>
    Bus,
}
