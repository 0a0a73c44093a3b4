using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>The modules use each other as the two diagrams in docs/architecture.md draw it.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ArchitectureTests
{
    [TestCase("DaxEmu.Core")]
    [TestCase("DaxEmu.Bench")]
    public void ModulesUseWhatIsDrawnBelowThem(string project)
    {
        ModuleUses uses = UsesOf(project);
        Diagram diagram = Diagram.Of(project);
        Assert.That(
            uses.All.Where(u => !diagram.Reaches(u.Key.From, u.Key.To)).Select(u => $"{u.Key.From} uses {u.Key.To}: {u.Value}"), Is.Empty);
    }

    [TestCase("DaxEmu.Core")]
    [TestCase("DaxEmu.Bench")]
    public void EachArrowThatIsDrawnIsUsedAndNoCycleIsDrawn(string project)
    {
        ModuleUses uses = UsesOf(project);
        Diagram diagram = Diagram.Of(project);
        Assert.Multiple(() =>
        {
            Assert.That(diagram.Arrows.Where(a => !uses.All.ContainsKey(a)), Is.Empty, "arrows that nobody uses");
            Assert.That(diagram.Modules.Where(m => diagram.Reaches(m, m)), Is.Empty, "modules in a cycle");
            Assert.That(diagram.Modules, Is.EquivalentTo(uses.Modules), "the modules drawn");
        });
    }

    [Test]
    public void ANameCountsHoweverItIsWritten()
    {
        var uses = new ModuleUses("DaxEmu.Core", path => path.EndsWith("DaxFile.cs", StringComparison.Ordinal) ? "one file" : "the rest");
        Assert.That(uses.All.Keys, Does.Contain(("one file", "the rest")).And.Contain(("the rest", "one file")));
    }

    private static ModuleUses UsesOf(string project) => new(project, ModuleOf);

    // A folder of the top; inside Dax, Benchmark and Verification the folder below it.
    private static string ModuleOf(string path) => path.Split('/') switch
    {
        ["Dax" or "Benchmark" or "Verification", string part, _, ..] => part,
        [string top, _, ..] => top,
        _ => "Program",
    };
}
