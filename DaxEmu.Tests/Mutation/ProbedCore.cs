using System.Reflection;
using System.Runtime.Loader;
using DaxEmu.Tests.Failures;

namespace DaxEmu.Tests.Mutation;

/// <summary>A copy of the core with statics of its own, beside the one that the tests use.</summary>
internal sealed class ProbedCore : IDisposable
{
    private readonly AssemblyLoadContext context;
    private readonly MethodInfo search;
    private readonly MethodInfo sweep;

    /// <param name="image">The assembly.</param>
    /// <param name="name">For debuggers.</param>
    public ProbedCore(Stream image, string name)
    {
        context = new AssemblyLoadContext(name, isCollectible: true);
        Assembly core = context.LoadFromStream(image);
        search = core.GetType(typeof(Probe).FullName!)!.GetMethod(nameof(Probe.Search))!;
        sweep = core.GetType(typeof(FailureSweep).FullName!)!.GetMethod(nameof(FailureSweep.Run))!;
    }

    /// <summary>Searches a mutant's scenario (<see cref="Probe.Search"/>).</summary>
    /// <returns>How it failed; null if it did not.</returns>
    public string? Search(Mutant mutant, int preemptions) =>
        (string?)search.Invoke(null, [mutant.Scenario, mutant.Profile, mutant.BuffersStores, preemptions]);

    /// <summary>Lets each step of an operation fail (<see cref="FailureSweep.Run"/>).</summary>
    /// <returns>What went wrong.</returns>
    public IReadOnlyList<string> Sweep(string operation) => (IReadOnlyList<string>)sweep.Invoke(null, [operation])!;

    public void Dispose() => context.Unload();
}
