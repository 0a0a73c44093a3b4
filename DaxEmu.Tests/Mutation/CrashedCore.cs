using System.Reflection;
using System.Runtime.Loader;

namespace DaxEmu.Tests.Mutation;

/// <summary>A copy of the core, and of the crash workloads, with statics of its own.</summary>
internal sealed class CrashedCore : IDisposable
{
    private readonly AssemblyLoadContext context;
    private readonly MethodInfo search;

    private CrashedCore(Stream image, string name)
    {
        context = new AssemblyLoadContext(name, isCollectible: true);
        search = context.LoadFromStream(image).GetType(typeof(CrashProbe).FullName!)!.GetMethod(nameof(CrashProbe.Search))!;
    }

    /// <summary>Compiles sources with a mutant's line, or as they are.</summary>
    public static CrashedCore Of(CoreSources sources, VolumeMutationTests.VolumeMutant? mutant)
    {
        using MemoryStream image = mutant is null ? sources.Emit() : sources.Emit(new Mutant(mutant.Name, mutant.File, mutant.Line, mutant.Fault, Scenario: ""));
        return new CrashedCore(image, mutant?.Name ?? "no fault");
    }

    /// <summary>Cuts the power of some cases (<see cref="CrashProbe.Search"/>).</summary>
    /// <returns>How the first failed; null if none did.</returns>
    public string? Search(string[] cases) => (string?)search.Invoke(null, [cases]);

    public void Dispose() => context.Unload();
}
