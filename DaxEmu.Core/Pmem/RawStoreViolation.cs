namespace DaxEmu.Core;

/// <summary>A store through a span that the rules forbid, as <see cref="StoreTracking.Strict"/> finds it.</summary>
/// <param name="Page">The device page that was stored to.</param>
/// <param name="File">The name of the file that the page belongs to, or belonged to when the store became illegal.</param>
/// <param name="OffsetBytes">The first byte of the page in that file.</param>
/// <param name="Cause">Why the store was illegal.</param>
/// <param name="Operation">The operation that made it so, as in "sync 3 of file 'log'".</param>
public sealed record RawStoreViolation(Pfn Page, string File, long OffsetBytes, RawStoreCause Cause, string Operation)
{
    /// <summary>One sentence, without a full stop.</summary>
    public override string ToString() =>
        $"the page at byte {OffsetBytes} of {File} (device page {Page}) was stored to through a span {Explain()}";

    private string Explain() => Cause switch
    {
        RawStoreCause.WrittenBack => $"that was handed out before {Operation} wrote the page back",
        RawStoreCause.TakenAway => $"that was handed out before {Operation} took the page away",
        _ => $"for reading: {Operation}",
    };
}
