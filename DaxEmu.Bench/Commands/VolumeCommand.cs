using System.CommandLine;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Volumes;
using DaxEmu.Core;
using DaxEmu.Native;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu volume</c>: volumes on device files are made, looked into, filled, checked and repaired.</summary>
internal static class VolumeCommand
{
    private static readonly Option<long?> Size = CommandOptions.Of<long?>("--size", "bytes of the file, a multiple of 2m", text => SizeText.Parse(text), null);
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create() => new(
        "volume",
        "Makes, fills, reads, checks and repairs volumes on device files.\n"
        + "FILE is a file on tmpfs or a DAX file system, or a block device; "
        + "while one opener has it, every other one is refused. Paths on the volume have '/' between names.\n"
        + "Ends with 1 if the volume is damaged, with 3 if there is none, it cannot be opened, or it does not have what was named.\n\n"
        + "Examples:\n  daxemu volume format /dev/shm/v --size 1g --label books\n  daxemu volume put /dev/shm/v notes.txt /notes.txt\n"
        + "  daxemu volume ls /dev/shm/v\n  tar c src | daxemu volume put /dev/shm/v - /src.tar\n  daxemu volume get /dev/shm/v /src.tar | tar t\n  daxemu volume check /dev/shm/v")
    {
        CreateFormat(),
        OnVolume("info", "What a volume is: id, label, size, what is free, how much is on it.", "info /dev/shm/v", Info),
        OnVolume("check", "Looks for everything that is wrong with a volume, and changes nothing. Ends with 1 if there is anything.", "check /dev/shm/v", Check),
        OnVolume("repair", "Makes a damaged volume sound again, from either copy of its metadata. Ends with 1 if something was lost, or it cannot be repaired.", "repair /dev/shm/v", Repair),
        CreateGrow(),
        CreateList(),
        CreateGet(),
        CreatePut(),
        OnPath("mkdir", "Makes a directory.", "mkdir /dev/shm/v /letters", (volume, path, _) => volume.CreateDirectory(path)),
        CreateMove(),
        CreateRemove(),
    };

    private static Command CreateFormat()
    {
        Option<string> label = CommandOptions.Of("--label", "a name for people, of at most 64 bytes of UTF-8", text => text, "");
        Option<bool> force = CommandOptions.Flag("--force", "overwrite what FILE holds");
        return Verb(
            "format",
            "Makes an empty volume on a file that is made, or on a file or block device that is there and holds nothing (or with --force, whose content is lost).",
            "format /dev/shm/v --size 1g --label books",
            [Size, label, force],
            (file, parsed, cancellation) =>
            {
                using PmemDevice device = VolumeFile.OpenToFormat(file, parsed.GetValue(Size), parsed.GetValue(force), cancellation);
                DaxVolume.Format(device, new VolumeOptions { Label = parsed.GetRequiredValue(label) });
                return ShowFacts(device, parsed);
            });
    }

    private static Command CreateGrow() => Verb(
        "grow",
        "Makes a volume as large as its file or block device; with --size, the file first.",
        "grow /dev/shm/v --size 2g",
        [Size],
        (file, parsed, cancellation) =>
        {
            using (PmemDevice before = VolumeFile.Open(file))
            using (DaxVolume.Mount(before))
            {
                // What cannot be mounted is refused before its file is enlarged.
            }

            using PmemDevice device = VolumeFile.OpenEnlarged(file, parsed.GetValue(Size), cancellation);
            using (DaxVolume volume = DaxVolume.Mount(device))
            {
                _ = volume.Grow();
            }

            return ShowFacts(device, parsed);
        });

    private static Command CreateList()
    {
        var path = new Argument<string>("PATH") { Description = "a directory or file on the volume", DefaultValueFactory = _ => "/" };
        return Verb("ls", "Lists a directory: mode, names, bytes, when it was modified (UTC), name.", "ls /dev/shm/v /letters", [path], (file, parsed, _) =>
        {
            using PmemDevice device = VolumeFile.Open(file);
            using var volume = DaxVolume.Mount(device, new VolumeOptions { ReadOnly = true });
            string directory = parsed.GetRequiredValue(path);
            VolumeEntry entry = volume.GetEntry(directory);
            IReadOnlyList<VolumeEntry> entries = entry.IsDirectory ? volume.GetEntries(directory) : [entry];
            Console.Write(IsJson(parsed) ? JsonText.Of(VolumeText.ListingJson(entries)) + '\n' : VolumeText.Listing(entries));
            return ExitCode.Success;
        });
    }

    private static Command CreateGet()
    {
        Argument<string> path = PathArgument("PATH", "a file on the volume");
        ValueOption<string> output = CommandOptions.Of("--output", "where to; - is standard output", text => text, VolumeCopy.Standard, "-o").Called("FILE");
        return Verb("get", "Copies a file of a volume to standard output, or to another file.", "get /dev/shm/v /notes.txt -o notes.txt", [path, output], (file, parsed, cancellation) =>
        {
            string destination = parsed.GetRequiredValue(output);
            if (destination == VolumeCopy.Standard && IsJson(parsed))
            {
                throw new ArgumentException("JSON and the file cannot both go to standard output. Name a file with -o.");
            }

            using PmemDevice device = VolumeFile.Open(file);
            using var volume = DaxVolume.Mount(device, new VolumeOptions { ReadOnly = true });
            return Done(parsed, "size", VolumeCopy.Get(volume, parsed.GetRequiredValue(path), destination, cancellation));
        });
    }

    private static Command CreatePut()
    {
        var source = new Argument<string>("IN") { Description = "the file to be copied; - is standard input" };
        Argument<string> path = PathArgument("PATH", "its path on the volume; a file there is replaced once the copy is complete");
        return Verb("put", "Copies a file, or standard input, to a volume.", "put /dev/shm/v notes.txt /notes.txt", [source, path], (file, parsed, cancellation) =>
        {
            using PmemDevice device = VolumeFile.Open(file);
            using var volume = DaxVolume.Mount(device);
            return Done(parsed, "size", VolumeCopy.Put(volume, parsed.GetRequiredValue(source), parsed.GetRequiredValue(path), cancellation));
        });
    }

    private static Command CreateMove()
    {
        Argument<string> from = PathArgument("PATH", "a file or directory on the volume");
        Argument<string> to = PathArgument("NEWPATH", "its new path; a file there is replaced, and so is an empty directory by a directory");
        return Verb("mv", "Gives a file or directory another path.", "mv /dev/shm/v /draft.txt /letters/final.txt", [from, to], (file, parsed, _) =>
        {
            using PmemDevice device = VolumeFile.Open(file);
            using var volume = DaxVolume.Mount(device);
            volume.Rename(parsed.GetRequiredValue(from), parsed.GetRequiredValue(to));
            return Done(parsed, "renamed", 1);
        });
    }

    private static Command CreateRemove()
    {
        Argument<string> path = PathArgument("PATH", "a file or directory on the volume");
        Option<bool> recursive = CommandOptions.Flag("--recursive", "a directory with all that it holds", "-r");
        return Verb("rm", "Removes a file, or with -r a directory.", "rm /dev/shm/v /letters -r", [path, recursive], (file, parsed, cancellation) =>
        {
            using PmemDevice device = VolumeFile.Open(file);
            using var volume = DaxVolume.Mount(device);
            return Done(parsed, "removed", VolumeCopy.Remove(volume, parsed.GetRequiredValue(path), parsed.GetValue(recursive), cancellation));
        });
    }

    private static ExitCode Info(PmemDevice device, ParseResult parsed)
    {
        VolumeReport report = Look(device);
        Console.Write(IsJson(parsed) ? JsonText.Of(VolumeText.FactsJson(device, report)) + '\n' : VolumeText.Facts(device, report));
        return report.IsSound ? ExitCode.Success : ExitCode.Found;
    }

    private static ExitCode Check(PmemDevice device, ParseResult parsed)
    {
        VolumeReport report = Look(device);
        Show(device, report, parsed, "sound");
        return report.IsSound ? ExitCode.Success : ExitCode.Found;
    }

    private static ExitCode Repair(PmemDevice device, ParseResult parsed)
    {
        VolumeReport report = DaxVolume.Repair(device);
        Show(device, report, parsed, "sound; there is nothing to repair");
        return report.Problems.All(problem => problem.Kind == VolumeProblemKind.DamagedCopy) ? ExitCode.Success : ExitCode.Found;
    }

    // What a mount would say where there is nothing to check.
    private static VolumeReport Look(PmemDevice device)
    {
        VolumeReport report = DaxVolume.Check(device);
        if (report.Refusal is not (null or VolumeRefusal.Damaged))
        {
            using DaxVolume unexpected = DaxVolume.Mount(device, new VolumeOptions { ReadOnly = true }); // throws
        }

        return report;
    }

    private static void Show(PmemDevice device, VolumeReport report, ParseResult parsed, string whenSound) => Console.Write(
        IsJson(parsed) ? JsonText.Of(VolumeText.FactsJson(device, report)) + '\n'
        : report.IsSound ? $"The volume on {Printable.Of(device.Name)} is {whenSound}.\n"
        : VolumeText.Problems(report));

    private static ExitCode ShowFacts(PmemDevice device, ParseResult parsed)
    {
        VolumeReport report = DaxVolume.Check(device);
        Console.Write(IsJson(parsed) ? JsonText.Of(VolumeText.FactsJson(device, report)) + '\n' : VolumeText.Facts(device, report));
        return ExitCode.Success;
    }

    // A verb that has no result says nothing, except in JSON.
    private static ExitCode Done(ParseResult parsed, string what, long count)
    {
        if (IsJson(parsed))
        {
            Console.WriteLine(JsonText.Of(new JsonObject { [what] = count }));
        }

        return ExitCode.Success;
    }

    private static bool IsJson(ParseResult parsed) => parsed.GetValue(Format) == OutputFormat.Json;

    private static Argument<string> PathArgument(string name, string description) => new(name) { Description = description };

    private static Command OnVolume(string name, string description, string example, Func<PmemDevice, ParseResult, ExitCode> run) =>
        Verb(name, description, example, [], (file, parsed, _) =>
        {
            using PmemDevice device = VolumeFile.Open(file);
            return run(device, parsed);
        });

    private static Command OnPath(string name, string description, string example, Action<DaxVolume, string, CancellationToken> run)
    {
        Argument<string> path = PathArgument("PATH", "a path on the volume");
        return Verb(name, description, example, [path], (file, parsed, cancellation) =>
        {
            using PmemDevice device = VolumeFile.Open(file);
            using var volume = DaxVolume.Mount(device);
            run(volume, parsed.GetRequiredValue(path), cancellation);
            return Done(parsed, "made", 1);
        });
    }

    private static Command Verb(
        string name, string description, string example, IReadOnlyList<Symbol> symbols, Func<string, ParseResult, CancellationToken, ExitCode> run)
    {
        var file = new Argument<string>("FILE") { Description = "the volume's file, or a block device such as /dev/pmem0" };
        var command = new Command(name, $"{description}\n\nExample:\n  daxemu volume {example}") { file };
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Option option)
            {
                command.Add(option);
            }
            else
            {
                command.Add((Argument)symbol);
            }
        }

        command.Add(Format);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, (parsed, cancellation) =>
        {
            try
            {
                return TelemetryOptions.Around(parsed, () => run(parsed.GetRequiredValue(file), parsed, cancellation));
            }
            catch (IOException refusal) when (refusal is not DaxEnvironmentException)
            {
                CommandFrame.Report(refusal.Message);
                return refusal is VolumeException { Reason: VolumeRefusal.Damaged } ? ExitCode.Found : ExitCode.Inconclusive;
            }
        });
        return command;
    }
}
