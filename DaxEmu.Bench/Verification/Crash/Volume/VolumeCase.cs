using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A sequence of operations on a volume, and what must be there after a cut at each of its calls.</summary>
internal sealed class VolumeCase
{
    private readonly string name;
    private readonly VolumeFlaws flaws;
    private readonly VolumeScript script;
    private readonly int firstStep;
    private readonly ReadOnlyMemory<byte> start;

    /// <summary>A case.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="operations">The sequence; of the last one each call is cut.</param>
    /// <param name="start">What the device holds at first.</param>
    /// <param name="model">What that amounts to.</param>
    /// <param name="flaws">Bugs that are switched on.</param>
    public VolumeCase(string name, VolumeOperation[] operations, ReadOnlyMemory<byte> start, TreeModel model, VolumeFlaws flaws)
    {
        this.name = name;
        this.flaws = flaws;
        this.start = start;
        script = new VolumeScript(model);
        foreach (VolumeOperation operation in operations)
        {
            firstStep = script.Steps.Count + 1;
            operation.Add(script);
        }

        script.Unmount();
    }

    public PowerCutTest ToTest() => new PowerCutTest<RecoveredVolume>
    {
        Name = name,
        SizeBytes = VolumeStart.SizeBytes,
        Content = start,
        Workload = Work,
        Recover = image => RecoveredVolume.Mount(image, flaws),
        Verify = Verify,
        FirstStep = firstStep,
    };

    private void Work(PmemDevice device, CutProgress progress)
    {
        using var session = new VolumeSession(DaxVolume.Mount(device, VolumeStart.Options with { Flaws = flaws }));
        foreach (VolumeStep step in script.Steps)
        {
            progress.Step(step.Label, () => step.Act(session));
        }
    }

    private string? Verify(RecoveredVolume volume, PowerCut cut)
    {
        if (volume.Problem is not null)
        {
            return volume.Problem;
        }

        TreeModel before = script.States[cut.AcknowledgedSteps];
        TreeModel after = script.States[cut.BegunSteps];
        string? wrong = Compare(volume, before, before, after) is { } first && (before == after || Compare(volume, after, before, after) is not null) ? first : null;
        return wrong ?? volume.UseAgain();
    }

    private static string? Compare(RecoveredVolume volume, TreeModel names, TreeModel before, TreeModel after)
    {
        if (!volume.Names.Keys.SequenceEqual(names.Names.Keys))
        {
            return $"it has the names {string.Join(", ", volume.Names.Keys)}, not {string.Join(", ", names.Names.Keys)}";
        }

        var numbers = new Dictionary<int, long>();
        foreach ((string path, Inode inode) in volume.Names)
        {
            int number = names.Names[path];
            if (inode.IsDirectory != (number == TreeModel.Directory))
            {
                return $"'{path}' is {(inode.IsDirectory ? "a directory" : "a file")}";
            }

            if (inode.IsDirectory)
            {
                continue;
            }

            if (numbers.TryGetValue(number, out long known) ? known != inode.Number : !numbers.TryAdd(number, inode.Number))
            {
                return $"'{path}' is another file than its other name";
            }

            if (!Holds(volume, inode, before.FileOf(number), after.FileOf(number)))
            {
                return $"'{path}' has {inode.SizeBytes} bytes, mode {inode.Mode}, and not what it may hold: {Describe(before.FileOf(number))} before, {Describe(after.FileOf(number))} after";
            }
        }

        return null;
    }

    private static bool Holds(RecoveredVolume volume, Inode inode, FileModel? before, FileModel? after) =>
        (before is not null && volume.Holds(inode, before))
        || (after is not null && after != before && (volume.Holds(inode, after) || (after.Underway is { } underway && inode.Mode == after.Mode && volume.HoldsMix(inode, underway))));

    private static string Describe(FileModel? file) => file is null
        ? "nothing"
        : $"{(file.IsMixed ? "a mix" : "one")} of {string.Join(", ", file.Versions.Select(version => $"{version.Length} bytes"))}, mode {file.Mode}";
}
