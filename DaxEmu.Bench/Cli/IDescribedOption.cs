namespace DaxEmu.Bench.Cli;

/// <summary>What help, manual pages and completion say of an option beside its description.</summary>
internal interface IDescribedOption
{
    /// <summary>The value that holds if the option is not given, as it can be typed; null where there is none.</summary>
    string? DefaultText { get; }
}
