namespace DaxEmu.Core.CApi.Interpose;

/// <summary>What mmap(2), mremap(2) and madvise(2) know on x86-64 Linux.</summary>
internal static class MapFlags
{
    public const int CanRead = 1;
    public const int CanWrite = 2;
    public const int CanExecute = 4;
    public const int Shared = 1;
    public const int Private = 2;
    public const int SharedValidate = 3;
    public const int TypeMask = 0xF;
    public const int Fixed = 0x10;
    public const int Anonymous = 0x20;
    public const int GrowsDown = 0x100;
    public const int Locked = 0x2000;
    public const int Populate = 0x8000;
    public const int NonBlocking = 0x10000;
    public const int HugePages = 0x40000;
    public const int Sync = 0x80000;
    public const int FixedNoReplace = 0x100000;

    /// <summary>What MAP_SHARED_VALIDATE accepts: MAP_32BIT, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_NORESERVE and MAP_STACK too, which do nothing here.</summary>
    public const int Known = TypeMask | Fixed | Anonymous | 0x40 | GrowsDown | 0x800 | 0x1000 | Locked | 0x4000 | Populate | NonBlocking | 0x20000 | Sync | FixedNoReplace;

    public const int MayMove = 1;
    public const int MoveFixed = 2;
    public const int KeepOld = 4;

    public const int SyncAsync = 1;
    public const int SyncInvalidate = 2;
    public const int SyncWait = 4;
}
