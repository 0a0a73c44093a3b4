namespace DaxEmu.Core;

/// <summary>Where versions of the kernel really differ, as seen from a file's users.</summary>
/// <param name="Name">The name by which it is chosen.</param>
/// <param name="ReadFaultsDirty">Whether a read fault makes the entry dirty, zero pages too (<c>dax_insert_entry</c> before 6.2).</param>
/// <param name="AsksHandlerForPrivateWriteToHuge">Whether a private write to a present 2 MiB translation asks the fault handler, who falls back, or splits without asking.</param>
/// <param name="RestoresHugeWrites">Whether mprotect makes a dirty 2 MiB translation writable again, as it does a 4 KiB one.</param>
public sealed record KernelBehaviour(string Name, bool ReadFaultsDirty, bool AsksHandlerForPrivateWriteToHuge, bool RestoresHugeWrites)
{
    /// <summary>Linux 6.1.</summary>
    public static KernelBehaviour Linux61 { get; } = new("linux-6.1", ReadFaultsDirty: true, AsksHandlerForPrivateWriteToHuge: true, RestoresHugeWrites: false);

    /// <summary>Linux 6.12: the default.</summary>
    public static KernelBehaviour Linux612 { get; } = new("linux-6.12", ReadFaultsDirty: false, AsksHandlerForPrivateWriteToHuge: false, RestoresHugeWrites: true);

    /// <summary>Every behaviour.</summary>
    public static IReadOnlyList<KernelBehaviour> All { get; } = [Linux61, Linux612];

    /// <summary>The behaviour of that name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists them.</exception>
    public static KernelBehaviour ByName(string name) =>
        All.FirstOrDefault(b => b.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"there is no kernel behaviour '{name}'. Choose one of: {string.Join(", ", All.Select(b => b.Name))}.", nameof(name));

    /// <inheritdoc/>
    public override string ToString() => Name;
}
