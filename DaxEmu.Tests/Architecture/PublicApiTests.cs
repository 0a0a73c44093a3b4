using System.Reflection;
using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>What an author sees of the core; the list itself is held by the analyzer (PublicAPI.*.txt).</summary>
public sealed partial class PublicApiTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Core = typeof(DaxEmu.Core.DaxVolume).Assembly;

    // One for everything that an emulated file system needs, one for events, one for the checker.
    private static readonly string[] Namespaces = ["DaxEmu.Core", "DaxEmu.Core.Tracing", "DaxEmu.Core.Checking"];

    [Test]
    public void AnAuthorNeedsAtMostTwoNamespaces() =>
        Assert.That(Core.GetExportedTypes().Select(t => t.Namespace).Distinct(), Is.EquivalentTo(Namespaces));

    [Test]
    public void EachPublicTypeHasAPublicMember() => Assert.That(
        Core.GetExportedTypes().Where(t => !typeof(Delegate).IsAssignableFrom(t) && !t.GetMembers(Declared).Any(m => m is not ConstructorInfo)).Select(t => t.FullName),
        Is.Empty);

    [Test]
    public void AFileHasAtMostOnePublicType() => Assert.That(
        from file in Solution.Sources("DaxEmu.Core")
        let types = PublicType().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value).Distinct().ToArray()
        where types.Length > 1
        select $"{Path.GetRelativePath(Solution.Root, file)}: {string.Join(", ", types)}",
        Is.Empty);

    [GeneratedRegex(@"^public [\w ]*?(?:class|struct|enum|interface|record(?: struct| class)?|delegate [\w<>?]+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicType();
}
