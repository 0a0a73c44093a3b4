namespace DaxEmu.Core.Mm;

/// <summary>A fault to be planted, for those that show that a test finds it: pages whose translations are dropped stay shown.</summary>
internal sealed class StaleHostPages(IHostPages pages) : IHostPages
{
    public bool TryMap(VmaPage first, long count, Translation translation, bool isWritable) => pages.TryMap(first, count, translation, isWritable);

    public void Drop(VmaPage first, long count)
    {
    }

    public void WriteProtect(VmaPage first, long count) => pages.WriteProtect(first, count);

    public void Release(VmaPage first, long count) => pages.Release(first, count);
}
