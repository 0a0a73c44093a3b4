namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Flags of open(2) on x86-64 Linux.</summary>
internal static class OpenFlags
{
    public const int AccessMask = 3;
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Truncate = 0x200;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int DataSync = 0x1000;
    public const int Async = 0x2000;
    public const int Direct = 0x4000;
    public const int LargeFile = 0x8000;
    public const int Directory = 0x10000;
    public const int NoFollow = 0x20000;
    public const int NoAccessTime = 0x40000;
    public const int CloseOnExec = 0x80000;
    public const int Sync = 0x101000;
    public const int Path = 0x200000;
    public const int TemporaryBit = 0x400000;
    public const int Temporary = TemporaryBit | Directory;

    /// <summary>All that open(2) knows; it ignores others, which openat2(2) refuses.</summary>
    public const int Known = AccessMask | Create | Exclusive | 0x100 | Truncate | Append | NonBlocking | Sync | Async | Direct | LargeFile
        | Directory | NoFollow | NoAccessTime | CloseOnExec | Path | TemporaryBit;

    /// <summary>What the placeholder of an open file carries in the file's stead.</summary>
    public const int OfPlaceholder = AccessMask | Append | NonBlocking | Sync | Async | NoAccessTime | CloseOnExec | Path;
}
