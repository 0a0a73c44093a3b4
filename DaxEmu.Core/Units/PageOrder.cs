namespace DaxEmu.Core.Units;

/// <summary>log2 of the pages that an entry or a translation covers.</summary>
public enum PageOrder
{
    /// <summary>One 4 KiB page.</summary>
    Pte = 0,

    /// <summary>512 pages, 2 MiB.</summary>
    Pmd = DaxConstants.PmdOrder,
}

/// <summary>What follows from an order.</summary>
public static class PageOrderExtensions
{
    /// <summary>Pages that the order covers: 1 or 512.</summary>
    public static int PageCount(this PageOrder order) => 1 << (int)order;

    /// <summary>Bytes that the order covers: 4096 or 2097152.</summary>
    public static int SizeBytes(this PageOrder order) => DaxConstants.PageSize << (int)order;
}
