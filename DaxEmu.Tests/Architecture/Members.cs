using System.Reflection;

namespace DaxEmu.Tests.Architecture;

/// <summary>Names that documents give to code: <c>Type</c> or <c>Type.Member</c>, public or not.</summary>
internal static class Members
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Lazy<ILookup<string, Type>> Types = new(() => new[] { "DaxEmu.Core", "DaxEmu.Native", "daxemu" }
        .Select(Assembly.Load)
        .Append(typeof(Members).Assembly)
        .SelectMany(a => a.GetTypes())
        .ToLookup(t => t.Name.Split('`')[0]));

    /// <summary>Whether a type of the solution, or the member of one, has that name.</summary>
    public static bool Exist(string name) => name.Split('.') switch
    {
        [string type] => Types.Value.Contains(type),
        [string type, string member] => Types.Value[type].Any(t => t.GetMembers(All).Any(m => m.Name == member)),
        _ => false,
    };

    /// <summary>Whether a type of the tests has that name, or a test that member.</summary>
    public static bool AreTests(string name) => Exist(name) && Types.Value[name.Split('.')[0]].Any(t => t.Assembly == typeof(Members).Assembly);
}
