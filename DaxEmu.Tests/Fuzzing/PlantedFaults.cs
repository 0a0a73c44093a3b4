using System.Diagnostics;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>Stands in for the command and does, by number, each thing that a fuzzer must see, and one that is right.</summary>
internal static class PlantedFaults
{
    /// <summary>What each number does, and how it must be reported; null for nothing to report.</summary>
    public static IReadOnlyList<(string Name, ComplaintKind? Expected, Func<CancellationToken, int> Run)> All { get; } =
    [
        ("nothing", null, _ => 0),
        ("an abort", ComplaintKind.Died, _ => Abort()),
        ("an invalid access", ComplaintKind.Died, _ => ReadNowhere()),
        ("a kill", ComplaintKind.Killed, _ => Kill()),
        ("an exception on a thread of its own", ComplaintKind.Died, _ => ThrowElsewhere()),
        ("an end in the midst of it", ComplaintKind.Died, _ => Leave()),
        ("a hang", ComplaintKind.Hang, _ => Hang()),
        ("a late end", ComplaintKind.LateStop, stop => EndLate(stop)),
        ("150 MB", ComplaintKind.Memory, _ => Allocate(150)),
        ("memory without end", ComplaintKind.Memory, _ => Allocate(1 << 20)),
        ("an exception", ComplaintKind.Exception, _ => throw new InvalidOperationException("planted")),
        ("a stack trace", ComplaintKind.RuntimeText, _ => Print(3, error: "daxemu: it failed\n   at DaxEmu.Nowhere()\n")),
        ("a parameter's name", ComplaintKind.RuntimeText, _ => Print(2, error: "daxemu: wrong (Parameter 'x')\n")),
        ("an escape", ComplaintKind.ControlCharacter, _ => Print(0, output: "\u001b[31mred")),
        ("a mark that turns direction", ComplaintKind.ControlCharacter, _ => Print(2, error: "daxemu: \u202eabc\n")),
        ("an unknown code", ComplaintKind.ExitCode, _ => 134),
        ("a refusal without a word", ComplaintKind.ErrorLine, _ => 2),
        ("a refusal in two lines", ComplaintKind.ErrorLine, _ => Print(3, error: "daxemu: one\ndaxemu: two\n")),
        ("a refusal without the command's name", ComplaintKind.ErrorLine, _ => Print(2, error: "wrong\n")),
        ("a file that stays", ComplaintKind.LeftBehind, _ => Touch("left")),
        ("nothing more", null, _ => Print(2, error: "daxemu: wrong\n")),
    ];

    /// <summary>Runs the one that the first argument numbers.</summary>
    public static int Run(IReadOnlyList<string> arguments, CancellationToken stop) =>
        All[int.Parse(arguments[0], System.Globalization.CultureInfo.InvariantCulture) % All.Count].Run(stop);

    private static int Abort()
    {
        Environment.FailFast("planted");
        return 0;
    }

    // Beyond what the runtime takes for a null reference, and where nothing is ever mapped.
    private static unsafe int ReadNowhere() => *(int*)0x20000;

    private static int ThrowElsewhere()
    {
        var thread = new Thread(() => throw new InvalidOperationException("planted"));
        thread.Start();
        thread.Join();
        return 0;
    }

    private static int Kill()
    {
        Process.GetCurrentProcess().Kill();
        return 0;
    }

    private static int Leave()
    {
        Environment.Exit(0);
        return 0;
    }

    private static int Hang()
    {
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    private static int EndLate(CancellationToken stop)
    {
        stop.WaitHandle.WaitOne();
        Thread.Sleep(TimeSpan.FromMilliseconds(700));
        return 124;
    }

    private static int Allocate(int megabytes)
    {
        var blocks = new List<byte[]>();
        for (int i = 0; i < megabytes; i++)
        {
            byte[] block = GC.AllocateUninitializedArray<byte>(1 << 20);
            block.AsSpan().Fill(1);
            blocks.Add(block);
        }

        GC.KeepAlive(blocks);
        return 0;
    }

    private static int Touch(string name)
    {
        File.WriteAllText(name, string.Empty);
        return 0;
    }

    private static int Print(int code, string output = "", string error = "")
    {
        Console.Write(output);
        Console.Error.Write(error);
        return code;
    }
}
