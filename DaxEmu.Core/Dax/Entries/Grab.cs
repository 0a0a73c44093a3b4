namespace DaxEmu.Core.Dax.Entries;

/// <summary>The result of <see cref="EntryLocker.Grab"/>: named cases, never a coded pointer.</summary>
/// <param name="Outcome">Which case.</param>
/// <param name="Held">The entry, where one is locked.</param>
internal readonly record struct Grab(GrabOutcome Outcome, HeldEntry Held)
{
    public static Grab Conflict => new(GrabOutcome.Conflict, default);

    public static Grab Missing => new(GrabOutcome.Missing, default);
}
