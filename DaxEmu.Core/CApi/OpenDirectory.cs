namespace DaxEmu.Core.CApi;

/// <summary>What a directory held when it was opened, and how much of it was read.</summary>
internal sealed class OpenDirectory(IReadOnlyList<VolumeEntry> entries) : IHandled
{
    private readonly Lock gate = new();
    private int next;

    public static string Kind => "directory";

    /// <summary>The next entry; null at the end.</summary>
    public VolumeEntry? Next()
    {
        lock (gate)
        {
            return next < entries.Count ? entries[next++] : null;
        }
    }
}
