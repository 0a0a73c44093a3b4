namespace DaxEmu.Bench.Cli;

/// <summary>When progress is shown.</summary>
internal enum EtaKind
{
    /// <summary>On a terminal.</summary>
    Auto,

    /// <summary>Wherever standard error goes.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}
