using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>What a file that is in use and its volume both know of it.</summary>
internal sealed class FileNode(long number, string? name)
{
    private Published<string?> path = new(name);
    private PublishedFlag modified;
    private PublishedFlag unobserved;
    private long observedTicks;

    /// <summary>Its inode's number.</summary>
    public long Number => number;

    /// <summary>The path by which it was opened or renamed last; null without a name.</summary>
    public string? Name
    {
        get => path.Read(this, "name");
        set => path.Write(this, "name", value);
    }

    /// <summary>Whether its content was changed since the last commit.</summary>
    public bool IsModified
    {
        get => modified.Read(this, "mark of changed content");
        set
        {
            // Only what changes is stored: writers of one file that do not take turns share this line.
            if (value && !IsUnobserved)
            {
                IsUnobserved = true;
            }

            if (IsModified != value)
            {
                modified.Write(this, "mark of changed content", value);
            }
        }
    }

    /// <summary>
    /// When its content was changed, if that is not committed yet: of changes since the last look, now. What one look reports the next one
    /// does, too, and the commit keeps it.
    /// </summary>
    public long? ObserveModified(long nowTicks)
    {
        using (ChangeGate.Enter())
        {
            if (!IsModified)
            {
                return null;
            }

            if (IsUnobserved)
            {
                IsUnobserved = false;
                observedTicks = nowTicks;
            }

            return observedTicks;
        }
    }

    /// <summary>Held while blocks and size change in one step.</summary>
    public PlainLock ChangeGate { get; } = new("lock of blocks and size");

    private bool IsUnobserved
    {
        get => unobserved.Read(this, "mark of changed content");
        set => unobserved.Write(this, "mark of changed content", value);
    }
}
