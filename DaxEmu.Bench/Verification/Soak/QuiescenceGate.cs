namespace DaxEmu.Bench.Verification.Soak;

/// <summary>Lets threads work for a while and quiesces them, again and again.</summary>
internal sealed class QuiescenceGate
{
    private readonly object gate = new();
    private volatile bool isOpen;
    private bool isEnded;
    private int workingCount;

    /// <summary>Whether those inside may go on; asked before each step.</summary>
    public bool IsOpen => isOpen;

    /// <summary>Threads inside.</summary>
    public int WorkingCount => Volatile.Read(ref workingCount);

    /// <summary>Lets threads in.</summary>
    public void Open()
    {
        lock (gate)
        {
            isOpen = true;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Asks them to come out; all are out when no thread works.</summary>
    public void Close()
    {
        lock (gate)
        {
            isOpen = false;
        }
    }

    /// <summary>Lets no thread in any more.</summary>
    public void End()
    {
        lock (gate)
        {
            isEnded = true;
            isOpen = false;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Waits to be let in.</summary>
    /// <returns>False when it is over.</returns>
    public bool Enter()
    {
        lock (gate)
        {
            while (!isOpen && !isEnded)
            {
                Monitor.Wait(gate);
            }

            workingCount += isEnded ? 0 : 1;
            return !isEnded;
        }
    }

    /// <summary>Comes out.</summary>
    public void Leave()
    {
        lock (gate)
        {
            workingCount--;
        }
    }
}
