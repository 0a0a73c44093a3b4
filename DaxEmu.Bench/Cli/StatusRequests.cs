namespace DaxEmu.Bench.Cli;

/// <summary>Requests from outside to say how far the work is: the signal USR1.</summary>
internal static class StatusRequests
{
    /// <summary>USR1 on Linux x86-64.</summary>
    public const int Signal = 10;

    private static volatile Action? shown;

    /// <summary>What says it; null where nothing is running that could.</summary>
    public static Action? Shown
    {
        get => shown;
        set => shown = value;
    }

    /// <summary>Says it.</summary>
    public static void Raise()
    {
        if (shown is { } show)
        {
            show();
        }
        else
        {
            CommandFrame.Report("there is no state to show now.");
        }
    }
}
