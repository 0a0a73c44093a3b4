using DaxEmu.Core;

namespace DaxEmu.Tests.Fs.Damage;

/// <summary>Mounts, checks and repairs a damaged volume, and says what is wrong with how it went.</summary>
internal sealed class DamageTrial : IDisposable
{
    private const int FilesReadEvery = 20;

    private readonly PmemDevice device = PmemDevice.CreateInMemory(DamageSample.SizeBytes);

    /// <summary>How the cases ended.</summary>
    public Dictionary<string, int> Ends { get; } = [];

    /// <summary>Tries a case.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public string? Try(DamageCase damage)
    {
        try
        {
            return Mount(damage) ?? Repair(damage);
        }
#pragma warning disable CA1031 // Whatever it is, it is the result.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            return unexpected.ToString();
        }
    }

    public void Dispose() => device.Dispose();

    private string? Mount(DamageCase damage)
    {
        Load(damage);
        VolumeReport report = DaxVolume.Check(device);
        string? state = MountedState(damage, out string? refusal);
        if (state is null != !report.IsSound)
        {
            return $"the check finds {report.Problems.Count} problems, and the mount: {refusal ?? "none"}";
        }

        Count(state is null ? "refused" : state == damage.Sample.State ? "mounted" : "mounted in another state");
        if (state is null)
        {
            return null;
        }

        if (!IsAllowed(damage, state, damage.Sample.State))
        {
            return "the mount is silently wrong";
        }

        using (var volume = DaxVolume.Mount(device))
        {
            if (!IsAllowed(damage, DamageSample.StateOf(volume), damage.Sample.StateWithoutOrphans))
            {
                return "the mount for writing is silently wrong";
            }

            Use(volume);
        }

        return DaxVolume.Check(device).Problems is [var problem, ..] ? $"after use: {problem}" : null;
    }

    private string? Repair(DamageCase damage)
    {
        Load(damage);
        VolumeReport report;
        try
        {
            report = DaxVolume.Repair(device);
        }
        catch (Exception refusal) when (refusal is VolumeException or DaxException)
        {
            Count("not repaired");
            return damage.LeavesACopyOfEach && !damage.IsResealed ? $"one copy of each is whole, and it is not repaired: {refusal.Message}" : null;
        }

        if (DaxVolume.Check(device).Problems is [var problem, ..])
        {
            return $"after the repair: {problem}";
        }

        string? state = MountedState(damage, out string? mountRefusal);
        if (state is null)
        {
            return $"after the repair it is not mounted: {mountRefusal}";
        }

        Count(report.Problems.Count == 0 ? "sound" : state == damage.Sample.StateWithoutOrphans ? "restored" : "repaired with losses");
        bool saysSo = report.Problems.Any(p => p.Kind != VolumeProblemKind.DamagedCopy);
        bool isRight = report.Problems.Count == 0
            ? IsAllowed(damage, state, damage.Sample.State)
            : IsAllowed(damage, state, damage.Sample.StateWithoutOrphans) || (saysSo && !damage.LeavesACopyOfEach);
        if (!isRight)
        {
            return $"the repair loses something: {string.Join("; ", report.Problems)} | {string.Join("; ", report.Repairs)}";
        }

        using (var volume = DaxVolume.Mount(device))
        {
            Use(volume);
        }

        return DaxVolume.Check(device).Problems is [var later, ..] ? $"after repair and use: {later}" : null;
    }

    // An older state is one only where older copies stand in both places, or where the newest had one copy only.
    private static bool IsAllowed(DamageCase damage, string state, string expected) =>
        state == expected
        || damage.IsResealed
        || (damage.Sample.OlderStates.Contains(state) && ((damage.HasOlderCopies && !damage.LeavesACopyOfEach) || damage.HitsTheCopyAhead));

    private string? MountedState(DamageCase damage, out string? refusal)
    {
        refusal = null;
        try
        {
            using var volume = DaxVolume.Mount(device, new VolumeOptions { ReadOnly = true });
            Walk(volume, "/", readsFiles: damage.Seed % FilesReadEvery == 0);
            return DamageSample.StateOf(volume);
        }
        catch (VolumeException problem)
        {
            refusal = problem.Message;
            return null;
        }
    }

    // Everything that can be asked for.
    private static void Walk(DaxVolume volume, string directory, bool readsFiles)
    {
        foreach (VolumeEntry entry in volume.GetEntries(directory))
        {
            string path = $"{directory.TrimEnd('/')}/{entry.Name}";
            if (volume.GetEntry(path) != entry)
            {
                throw new InvalidOperationException($"'{path}' is {entry} and {volume.GetEntry(path)}");
            }

            if (entry.IsDirectory)
            {
                Walk(volume, path, readsFiles);
            }
            else if (readsFiles)
            {
                Read(volume, path);
            }
        }
    }

    private static void Read(DaxVolume volume, string path)
    {
        try
        {
            using DaxFile file = volume.Open(path, access: FileAccess.Read);
            _ = file.Read(new byte[1 << 17], 0);
        }
        catch (IOException tooLarge) when (tooLarge.Message.Contains(nameof(DaxFileOptions.MaximumSizeBytes), StringComparison.Ordinal))
        {
            // A size that a record has by damage.
        }
    }

    private static void Use(DaxVolume volume)
    {
        if (volume.ReadOnlyReason is not null)
        {
            return;
        }

        try
        {
            const string Name = "made after the damage";
            using (DaxFile file = volume.Create(Name))
            {
                file.Write(new byte[10_000], 0);
                file.Sync();
            }

            volume.Delete(Name);
        }
        catch (DaxException full) when (full.Error == IoError.NoSpace)
        {
            // The damage may say that all pages are in use.
        }
    }

    private void Load(DamageCase damage)
    {
        device.CopyPersist(0, damage.Image);
        device.PoisonList.Clear(new Pfn(0), device.PageCount);
        damage.Lost.ForEach(page => device.PoisonList.Mark(page));
    }

    private void Count(string end) => Ends[end] = Ends.GetValueOrDefault(end) + 1;
}
