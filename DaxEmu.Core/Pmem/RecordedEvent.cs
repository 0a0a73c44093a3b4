namespace DaxEmu.Core.Pmem;

/// <summary>Something that a thread did to a device while it was recorded.</summary>
/// <param name="Kind">What.</param>
/// <param name="Thread">Which thread, counted from 0 in the order of their first events.</param>
/// <param name="Offset">First byte of a store or flush; the number of a step.</param>
/// <param name="Length">Bytes of a flush.</param>
/// <param name="FirstWord">Of a store: its first <see cref="StoredWord"/>.</param>
/// <param name="WordCount">How many it has.</param>
internal readonly record struct RecordedEvent(RecordedEventKind Kind, int Thread, long Offset, long Length, int FirstWord, int WordCount)
{
    /// <summary>Whether it changes what is visible.</summary>
    public bool IsStore => Kind is RecordedEventKind.Store or RecordedEventKind.RawStore or RecordedEventKind.NonTemporal;
}
