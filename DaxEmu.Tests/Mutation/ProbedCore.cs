using System.Reflection;
using System.Runtime.Loader;

namespace DaxEmu.Tests.Mutation;

/// <summary>A copy of the core with statics of its own, beside the one that the tests use.</summary>
internal sealed class ProbedCore : IDisposable
{
    private readonly AssemblyLoadContext context;
    private readonly MethodInfo search;

    /// <param name="image">The assembly.</param>
    /// <param name="name">For debuggers.</param>
    public ProbedCore(Stream image, string name)
    {
        context = new AssemblyLoadContext(name, isCollectible: true);
        search = context.LoadFromStream(image).GetType(typeof(Probe).FullName!)!.GetMethod(nameof(Probe.Search))!;
    }

    /// <summary>Searches a mutant's world (<see cref="Probe.Search"/>).</summary>
    /// <returns>How it failed; null if it did not.</returns>
    public string? Search(Mutant mutant) => (string?)search.Invoke(null, [mutant.World, mutant.Profile, mutant.StoresLinger]);

    public void Dispose() => context.Unload();
}
