using System.Diagnostics.CodeAnalysis;

namespace DaxEmu.Core;

/// <summary>
/// Whether the atomic steps of this process can be put under a scheduler. Decided once, when the class is first used: the
/// just-in-time compiler then treats it as a constant and drops the hooks from every method that it compiles afterwards.
/// </summary>
/// <remarks>
/// Set the switch (<see cref="Name"/>) with <see cref="AppContext.SetSwitch"/> or in the runtime configuration before anything of
/// the core is touched. A thread that no scheduler owns passes through, so a process with the switch on works as any other.
/// </remarks>
public static class InterleavingSwitch
{
    /// <summary>The name under which <see cref="AppContext"/> knows the switch.</summary>
    public const string Name = "DaxEmu.Interleaving";

    /// <summary>Whether the hooks are compiled in.</summary>
    [FeatureSwitchDefinition(Name)]
    public static bool IsOn => On;

    internal static readonly bool On = AppContext.TryGetSwitch(Name, out bool on) && on;

    /// <summary>Runs the class's initialiser before the first hooked method is compiled: else the tests of the switch stay in it.</summary>
    internal static bool Touch() => On;
}
