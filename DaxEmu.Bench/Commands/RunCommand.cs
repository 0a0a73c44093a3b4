using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Running;
using DaxEmu.Core;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu run</c>: an unmodified program sees a volume's files under a prefix.</summary>
internal static class RunCommand
{
    /// <summary>The verb.</summary>
    public const string Name = "run";

    private static readonly Option<string?> Volume = CommandOptions.File("--volume", "the file or block device of the volume (not given: a fresh one on tmpfs, removed after)");
    private static readonly Option<long?> Size = CommandOptions.Of<long?>("--size", "bytes of a fresh volume, a multiple of 2m (not given: 1g)", text => SizeText.Parse(text), null);
    private static readonly Option<string> At = CommandOptions.Of("--at", "the path under which the program sees it", Prefix, "/dax");
    private static readonly Option<WaitProfile> Profile = CommandOptions.Profile();
    private static readonly Option<TimeSpan> Hold = CommandOptions.Of("--hold", "how much longer a fault keeps its entry locked, as in 50us", DurationText.Parse, TimeSpan.Zero);
    private static readonly Option<string?> Trace = CommandOptions.File("--trace", "a file for the kernel's trace text of all faults");
    private static readonly Option<TimeSpan> Watchdog = CommandOptions.Of("--watchdog", "a thread that waits for so long hangs: the wait graph is printed, and the program is ended", DurationText.Parse, TimeSpan.FromSeconds(10));
    private static readonly Option<long> FaultAround = CommandOptions.Of("--fault-around", "bytes around a fault that are mapped with it, a power of two (not given: none, as in the kernel)", Around, 0L);
    private static readonly Option<string?> Report = CommandOptions.File("--report", "a file for the report (not given: standard error)");
    private static readonly Option<OutputFormat> Format = CommandOptions.Words(
        "--output-format", "of the report: normal (for people) or json", OutputFormat.Normal, ("normal", OutputFormat.Normal), ("json", OutputFormat.Json));

    public static Command Create()
    {
        var program = new Argument<string[]>("PROGRAM") { Description = "the program, found by the PATH, and its arguments, after --", Arity = ArgumentArity.OneOrMore };
        var command = new Command(
            Name,
            "Runs an unmodified program on a volume, with page faults of DAX.\n"
            + "It is dynamically linked, and sees the files of the volume under a prefix; "
            + "so do the programs that it starts, one at a time.\n"
            + "Ends with the program's exit code, with 1 if a thread of it hangs in the emulator, with 3 where it cannot.\n\n"
            + "Examples:\n  daxemu run -- cp notes.txt /dax/notes.txt\n  daxemu run --profile v4.20 --hold 50us --watchdog 10s -- fio --name=j --directory=/dax --size=64m --ioengine=mmap --rw=randwrite --thread --numjobs=4\n"
            + "  daxemu run --volume /dev/shm/v --at /mnt/pmem -- sqlite3 /mnt/pmem/db 'PRAGMA integrity_check'")
        {
            Volume, Size, At, Profile, Hold, Trace, Watchdog, FaultAround, Report, Format, program,
        };
        CommandFrame.SetAction(command, (parsed, _) => RunSession.Run(new RunPlan
        {
            VolumePath = parsed.GetValue(Volume),
            SizeBytes = parsed.GetValue(Size),
            Prefix = parsed.GetRequiredValue(At),
            Profile = parsed.GetRequiredValue(Profile),
            Hold = parsed.GetValue(Hold),
            TracePath = parsed.GetValue(Trace),
            Watchdog = parsed.GetValue(Watchdog),
            FaultAroundBytes = parsed.GetValue(FaultAround),
            ReportPath = parsed.GetValue(Report),
            Format = parsed.GetValue(Format),
            Program = parsed.GetRequiredValue(program),
        }));
        return command;
    }

    private static string Prefix(string text) => text.StartsWith('/') && text.Trim('/').Length > 0 && !text.Split('/').Any(part => part is "." or "..")
        ? "/" + text.Trim('/')
        : throw new FormatException($"'{text}' is no prefix. Write an absolute path, as in /dax.");

    private static long Around(string text) => SizeText.Parse(text) is var bytes && bytes >= DaxConstants.PageSize && bytes <= DaxConstants.PmdSize && (bytes & (bytes - 1)) == 0
        ? bytes
        : throw new FormatException($"'{text}' is no size for fault-around. Write a power of two from 4k to 2m.");
}
