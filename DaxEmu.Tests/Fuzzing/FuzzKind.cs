namespace DaxEmu.Tests.Fuzzing;

/// <summary>What a case feeds to the command.</summary>
internal enum FuzzKind
{
    /// <summary>A recorded scenario, plain.</summary>
    Recording,

    /// <summary>The kernel's trace text, plain.</summary>
    Trace,

    /// <summary>A gzip or a zip of either.</summary>
    Container,

    /// <summary>A schedule for <c>check --replay</c>.</summary>
    Schedule,

    /// <summary>A command line of any verb.</summary>
    Command,

    /// <summary>A fault planted in place of the command, to see that the fuzzer sees it.</summary>
    Planted,
}
