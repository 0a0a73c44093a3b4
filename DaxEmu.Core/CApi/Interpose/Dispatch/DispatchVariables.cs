namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>The environment variables by which <c>daxemu run</c> says how a program is shown a volume. Programs that it starts inherit them.</summary>
internal static class DispatchVariables
{
    /// <summary>The library that is loaded first.</summary>
    public const string Preload = "LD_PRELOAD";

    /// <summary>Settings of libc, separated by colons; the last one of a name counts.</summary>
    public const string Tunables = "GLIBC_TUNABLES";

    /// <summary>Stacks of ended threads stay mapped: in a child of fork those of the parent's threads are among them, and the C# runtime still looks there.</summary>
    public const string KeptStacks = "glibc.pthread.stack_cache_size=1099511627776";

    /// <summary>The file or block device of the volume; without it a program is left alone.</summary>
    public const string Volume = "DAXEMU_VOLUME";

    /// <summary>1 if the file is new: the first process that uses it makes an empty volume.</summary>
    public const string IsNew = "DAXEMU_NEW";

    /// <summary>The path under which the program sees the volume.</summary>
    public const string At = "DAXEMU_AT";

    /// <summary>The name of the profile of the entry locks.</summary>
    public const string Profile = "DAXEMU_PROFILE";

    /// <summary>How much longer an entry is locked in a fault, in ticks of 100 ns.</summary>
    public const string Hold = "DAXEMU_HOLD";

    /// <summary>The file to which trace text is appended.</summary>
    public const string Trace = "DAXEMU_TRACE";

    /// <summary>How long a thread may wait before that counts as a hang, in ticks of 100 ns; 0 for ever.</summary>
    public const string Watchdog = "DAXEMU_WATCHDOG";

    /// <summary>The file to which each process that used the volume appends a line of JSON.</summary>
    public const string Report = "DAXEMU_REPORT";

    /// <summary>Bytes around a fault that are mapped with it; 0 for none.</summary>
    public const string FaultAround = "DAXEMU_FAULT_AROUND";
}
