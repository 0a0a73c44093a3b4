namespace DaxEmu.Core;

/// <summary>What follows from an order.</summary>
public static class PageOrderExtensions
{
    /// <summary>Pages that the order covers: 1 or 512.</summary>
    public static int PageCount(this PageOrder order) => 1 << (int)order;

    /// <summary>Bytes that the order covers: 4096 or 2097152.</summary>
    public static int SizeBytes(this PageOrder order) => DaxConstants.PageSize << (int)order;
}
