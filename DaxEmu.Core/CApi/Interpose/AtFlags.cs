namespace DaxEmu.Core.CApi.Interpose;

/// <summary>What calls that take a directory and a path (openat, newfstatat ...) know besides.</summary>
internal static class AtFlags
{
    public const int CurrentDirectory = -100;
    public const int NoFollow = 0x100;
    public const int EffectiveIds = 0x200;
    public const int RemoveDirectory = 0x200;
    public const int Follow = 0x400;
    public const int NoAutomount = 0x800;
    public const int EmptyPath = 0x1000;
    public const int StatSync = 0x6000;
}
