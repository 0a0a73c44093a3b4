namespace DaxEmu.Core;

/// <summary>Why a store through a span was against the rules.</summary>
public enum RawStoreCause
{
    /// <summary>Its page was written back after the span was handed out: the span was good until then.</summary>
    WrittenBack,

    /// <summary>Its page was taken out of the file, or out of memory, after the span was handed out: by a truncate, a punch, a close.</summary>
    TakenAway,

    /// <summary>No view has mapped the page for writing since the device, or the file, was opened: the span was one for reading.</summary>
    ForReading,
}
