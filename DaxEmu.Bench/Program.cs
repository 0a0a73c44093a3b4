using DaxEmu.Bench.Replay;
namespace DaxEmu.Bench;
internal static class Program
{
    private static int Main(string[] args)
    {
        int ops = 0, own = 0, adopted = 0, wrong = 0, shown = 0;
        foreach (string a in args)
        {
            var s = GoldenReader.ReadFile(a);
            ReplayReport r;
            try { r = GoldenReplayer.Run(s); } catch (Exception e) { Console.WriteLine($"{a}: EXC {e}"); wrong++; continue; }
            ops += r.OpCount; own += r.FileSystemOpCount; adopted += r.AdoptedCount; wrong += r.WrongCount;
            foreach (var m in r.Mismatches) if (shown++ < 12) Console.WriteLine(a + " " + m);
        }
        Console.WriteLine($"ops {ops} own {own} adopted {adopted} wrong {wrong}");
        return wrong > 0 ? 1 : 0;
    }
}
