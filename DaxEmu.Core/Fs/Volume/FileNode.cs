namespace DaxEmu.Core.Fs.Volume;

/// <summary>What a file that is in use and its volume both know of it.</summary>
internal sealed class FileNode(long number, string? name)
{
    private volatile string? name = name;
    private volatile bool isModified;
    private volatile bool isUnobserved;
    private long observedTicks;

    /// <summary>Its inode's number.</summary>
    public long Number => number;

    /// <summary>The path by which it was opened or renamed last; null without a name.</summary>
    public string? Name
    {
        get => name;
        set => name = value;
    }

    /// <summary>Whether its content was changed since the last commit.</summary>
    public bool IsModified
    {
        get => isModified;
        set
        {
            // Only what changes is stored: writers of one file that do not take turns share this line.
            if (value && !isUnobserved)
            {
                isUnobserved = true;
            }

            if (isModified != value)
            {
                isModified = value;
            }
        }
    }

    /// <summary>
    /// When its content was changed, if that is not committed yet: of changes since the last look, now. What one look reports the next one
    /// does, too, and the commit keeps it.
    /// </summary>
    public long? ObserveModified(long nowTicks)
    {
        lock (ChangeGate)
        {
            if (!isModified)
            {
                return null;
            }

            if (isUnobserved)
            {
                isUnobserved = false;
                observedTicks = nowTicks;
            }

            return observedTicks;
        }
    }

    /// <summary>Held while blocks and size change in one step.</summary>
    public Lock ChangeGate { get; } = new();
}
