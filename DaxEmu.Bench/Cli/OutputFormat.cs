namespace DaxEmu.Bench.Cli;

/// <summary>For whom a verb writes its results.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Normal,

    /// <summary>For programs: JSON, alone on standard output.</summary>
    Json,

    /// <summary>The same with every bin of the latencies, as fio has it.</summary>
    JsonPlus,
}
