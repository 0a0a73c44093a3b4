namespace DaxEmu.Core.Pmem;

/// <summary>What was recorded of a device: its content at the beginning, and every event since, in an order in which they became visible.</summary>
internal sealed class StoreLog(byte[] start)
{
    private readonly List<RecordedEvent> events = [];
    private readonly List<StoredWord> words = [];

    /// <summary>The content when the recording began; all of it durable.</summary>
    public byte[] Start { get; } = start;

    public IReadOnlyList<RecordedEvent> Events => events;

    /// <summary>The words of a store.</summary>
    public ReadOnlySpan<StoredWord> WordsOf(in RecordedEvent stored) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(words).Slice(stored.FirstWord, stored.WordCount);

    public void Add(RecordedEventKind kind, int thread, long offset, long length = 0) =>
        events.Add(new RecordedEvent(kind, thread, offset, length, 0, 0));

    public void AddStore(RecordedEventKind kind, int thread, long offset, ReadOnlySpan<StoredWord> stored)
    {
        events.Add(new RecordedEvent(kind, thread, offset, 0, words.Count, stored.Length));
        words.AddRange(stored);
    }

    public void AddStore(RecordedEventKind kind, int thread, in StoredWord stored) => AddStore(kind, thread, stored.Word * sizeof(ulong), [stored]);

    public void Clear()
    {
        events.Clear();
        words.Clear();
    }
}
