using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>The pages below docs/api are those of the code. With <c>DAXEMU_WRITE_DOCS=1</c> this test writes them.</summary>
public sealed class ApiReferenceTests
{
    private static readonly string Folder = Path.Combine(Solution.Root, "docs", "api");

    [Test]
    public void ThePagesAreThoseOfTheCode()
    {
        IReadOnlyDictionary<string, string> pages = ApiReference.Pages();
        if (Environment.GetEnvironmentVariable("DAXEMU_WRITE_DOCS") == "1")
        {
            Write(pages);
        }

        Dictionary<string, string> there = Directory.Exists(Folder) ? Directory.GetFiles(Folder).ToDictionary(f => Path.GetFileName(f), File.ReadAllText) : [];
        Assert.Multiple(() =>
        {
            const string Remedy = "write them: DAXEMU_WRITE_DOCS=1 dotnet test -c Release DaxEmu.Tests --filter FullyQualifiedName~ApiReferenceTests";
            Assert.That(there.Keys, Is.EquivalentTo(pages.Keys), Remedy);
            Assert.That(pages.Where(p => there.TryGetValue(p.Key, out string? text) && text != p.Value).Select(p => p.Key), Is.Empty, Remedy);
        });
    }

    [Test]
    public void APageHasTheSignatureTheWordsAndTheErrors()
    {
        string page = ApiReference.Pages()["DaxEmu.Core.PagePin.md"];
        Assert.That(page, Does.Contain("public ReadOnlySequence<byte> Bytes { get; }").And.Contain("| throws `ObjectDisposedException` | The pin was disposed. |")
            .And.Contain("[`PagePin.Dispose`](DaxEmu.Core.PagePin.md)"));
    }

    private static void Write(IReadOnlyDictionary<string, string> pages)
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }

        Directory.CreateDirectory(Folder);
        foreach ((string name, string text) in pages)
        {
            File.WriteAllText(Path.Combine(Folder, name), text);
        }
    }
}
