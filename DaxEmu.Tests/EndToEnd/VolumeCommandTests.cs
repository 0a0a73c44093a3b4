using System.Text.Json;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary><c>daxemu volume</c>: what it makes, shows and refuses.</summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VolumeCommandTests : IDisposable
{
    private const int LabelByte = 75;

    private readonly ScratchDirectory scratch = new();
    private readonly string file;

    public VolumeCommandTests()
    {
        file = scratch["volume"];
        Assert.That(Volume("format", file, "--size", "8m", "--label", "books").Code, Is.Zero);
    }

    public void Dispose() => scratch.Dispose();

    [Test]
    public void WhatIsPutIsListedAndGotAgain()
    {
        byte[] content = Content(3_000_000);
        File.WriteAllBytes(scratch["in"], content);
        Assert.That(Volume("mkdir", file, "/letters").Code, Is.Zero);
        Assert.That(Volume("put", file, scratch["in"], "/letters/a").Code, Is.Zero);
        Assert.That(Volume("put", file, scratch["in"], "b").Code, Is.Zero);
        CommandResult list = Volume("ls", file);
        Assert.That(list.Output.Split('\n'), Has.Length.EqualTo(3));
        Assert.That(list.Output, Does.Match("^-rw-r--r-- 1 3000000 \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ b\ndrwxr-xr-x 1       0 [^\n]*Z letters\n$"));
        Assert.That(Volume("ls", file, "letters/a").Output, Does.StartWith("-rw").And.EndWith(" a\n"));
        Assert.That(Volume("get", file, "/letters/a", "-o", scratch["out"]).Output, Is.Empty);
        Assert.That(File.ReadAllBytes(scratch["out"]), Is.EqualTo(content));
        CommandResult again = Volume("get", file, "/letters/a", "-o", scratch["out"], "--output-format=json");
        Assert.That(JsonOf(again).GetProperty("size").GetInt64(), Is.EqualTo(content.Length));
    }

    [Test]
    public void StandardInputAndOutputCarryBytesAsTheyAre()
    {
        byte[] content = Content(300_000);
        File.WriteAllBytes(scratch["in"], content);
        CommandResult result = Command.RunInShell($"$DAXEMU volume put {file} - a <{scratch["in"]} && $DAXEMU volume get {file} a >{scratch["out"]}");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(File.ReadAllBytes(scratch["out"]), Is.EqualTo(content));
        CommandResult full = Command.RunInShell($"$DAXEMU volume get {file} a >/dev/full");
        Assert.That(full.Code, Is.EqualTo(3));
        Assert.That(full.ErrorLines.Single(), Does.Contain("standard output"));
    }

    [Test]
    public void APutReplacesAFileOnlyWhenItIsComplete()
    {
        File.WriteAllText(scratch["in"], "first");
        Volume("put", file, scratch["in"], "a");
        using (var device = PmemDevice.Open(file))
        using (var volume = DaxVolume.Mount(device))
        {
            volume.SetMode("a", 0x1C0);
        }

        File.WriteAllBytes(scratch["in"], Content(9 << 20));
        CommandResult full = Volume("put", file, scratch["in"], "a");
        Assert.That(full.Code, Is.EqualTo(3));
        Assert.That(full.ErrorLines.Single(), Does.Contain("No block is left"));
        Assert.That(Volume("ls", file).Output, Does.StartWith("-rwx------ 1 5 ").And.EndWith("Z a\n"));
        File.WriteAllText(scratch["in"], "second");
        Assert.That(Volume("put", file, scratch["in"], "a").Code, Is.Zero);
        Assert.That(Volume("ls", file).Output, Does.StartWith("-rwx------ 1 6 ").And.EndWith("Z a\n"));
    }

    [Test]
    public void AnUnfinishedPutIsRemovedByTheNextOne()
    {
        using (var device = PmemDevice.Open(file))
        using (var volume = DaxVolume.Mount(device))
        {
            volume.Create(".daxemu-put-unfinished", 5).Dispose();
        }

        File.WriteAllText(scratch["in"], "x");
        Volume("put", file, scratch["in"], "a");
        Assert.That(Names(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void NamesAreMovedAndRemoved()
    {
        foreach (string directory in (string[])["d", "d/e", "d/e/f"])
        {
            Volume("mkdir", file, directory);
        }

        File.WriteAllText(scratch["in"], "x");
        Volume("put", file, scratch["in"], "d/e/a");
        Assert.That(Volume("mv", file, "d/e/a", "b").Code, Is.Zero);
        Assert.That(Names(), Is.EqualTo(new[] { "b", "d" }));
        CommandResult refused = Volume("rm", file, "d");
        Assert.That((refused.Code, refused.ErrorLines.Single()), Is.EqualTo((3, "daxemu: 'd' is a directory. Give -r to remove it with all that it holds.")));
        Assert.That(JsonOf(Volume("rm", file, "d", "-r", "--output-format=json")).GetProperty("removed").GetInt32(), Is.EqualTo(3));
        Assert.That(Volume("rm", file, "b").Code, Is.Zero);
        Assert.That(Names(), Is.Empty);
        Assert.That(Volume("rm", file, "/", "-r").Code, Is.EqualTo(2));
    }

    [Test]
    public void FormatDoesNotOverwriteUnasked()
    {
        File.WriteAllText(scratch["in"], "x");
        Volume("put", file, scratch["in"], "a");
        CommandResult refused = Volume("format", file);
        Assert.That(refused.Code, Is.EqualTo(3));
        Assert.That(refused.ErrorLines.Single(), Does.Contain("1 files (label 'books')").And.Contain("--force"));
        Assert.That(Names(), Is.EqualTo(new[] { "a" }));
        Damage(LabelByte);
        Assert.That(Volume("format", file).ErrorLines.Single(), Does.Contain("damaged").And.Contain("--force"));
        Assert.That(Volume("format", file, "--force").Code, Is.Zero);
        Assert.That(Names(), Is.Empty);
        File.WriteAllBytes(scratch["other"], [.. new byte[5000], 1, .. new byte[(4 << 20) - 5001]]);
        Assert.That(Volume("format", scratch["other"]).ErrorLines.Single(), Does.Contain("holds data"));
        File.WriteAllBytes(scratch["empty"], new byte[4 << 20]);
        Assert.That(Volume("format", scratch["empty"], "--size", "6m").Code, Is.EqualTo(3));
        Assert.That(Volume("format", scratch["empty"]).Code, Is.Zero);
    }

    [Test]
    public void OtherVerbsSeeThatAVolumeHoldsSomething()
    {
        CommandResult refused = Command.RunHere("bench", "--filename", file, "--runtime", "1ms");
        Assert.That(refused.Code, Is.EqualTo(3));
        Assert.That(refused.Error, Does.Contain("daxemu volume").And.Contain("--force"));
    }

    [Test]
    public void DamageIsReportedAndRepaired()
    {
        Assert.That(Volume("check", file).Output, Does.Contain("sound"));
        Damage(LabelByte);
        CommandResult check = Volume("check", file);
        Assert.That((check.Code, check.Output), Is.EqualTo((1, "DamagedCopy: copy 0 of the superblock fails its checksum\n")));
        Assert.That(Volume("info", file).Code, Is.EqualTo(1));
        CommandResult list = Volume("ls", file);
        Assert.That(list.Code, Is.EqualTo(1));
        Assert.That(list.ErrorLines.Single(), Does.Contain("checksum").And.Contain("repair"));
        CommandResult repair = Volume("repair", file, "--output-format=json");
        Assert.That(repair.Code, Is.Zero, "nothing was lost");
        Assert.That(JsonOf(repair).GetProperty("repairs").GetArrayLength(), Is.EqualTo(1));
        Assert.That(JsonOf(repair).GetProperty("problems")[0].GetProperty("kind").GetString(), Is.EqualTo("DamagedCopy"));
        Assert.That(Volume("check", file).Code, Is.Zero);
        Assert.That(Volume("repair", file).Output, Does.Contain("nothing to repair"));
    }

    [Test]
    public void ARepairThatLosesSomethingEndsWithOne()
    {
        File.WriteAllText(scratch["in"], "x");
        Volume("put", file, scratch["in"], "a");
        byte[] bytes = File.ReadAllBytes(file);
        for (int at = bytes.AsSpan().IndexOf("unfinished"u8); at >= 0;)
        {
            bytes[at] ^= 1;
            int next = bytes.AsSpan(at + 1).IndexOf("unfinished"u8);
            at = next < 0 ? -1 : at + 1 + next;
        }

        File.WriteAllBytes(file, bytes);
        CommandResult repair = Volume("repair", file);
        Assert.That(repair.Code, Is.EqualTo(1));
        Assert.That(repair.Output, Does.Contain("LostMetadata").And.Contain("repaired: "));
        Assert.That(Volume("check", file).Code, Is.Zero);
    }

    [TestCase("info")]
    [TestCase("check")]
    [TestCase("repair")]
    [TestCase("ls")]
    public void WhereThereIsNoVolumeItEndsWithThree(string verb)
    {
        scratch.SparseFile("empty", 4 << 20);
        CommandResult none = Volume(verb, scratch["empty"]);
        Assert.That((none.Code, none.Output), Is.EqualTo((3, "")));
        Assert.That(none.ErrorLines.Single(), Does.Contain("no volume").And.Contain("Format it"));
        Assert.That(Volume(verb, scratch["missing"]).Code, Is.EqualTo(3));
        using var device = PmemDevice.Open(file);
        Assert.That(Volume(verb, file).ErrorLines.Single(), Does.Contain("another opener"));
    }

    [Test]
    public void AVolumeGrowsWithItsFile()
    {
        long free = JsonOf(Volume("info", file, "--output-format=json")).GetProperty("free").GetInt64();
        Assert.That(Volume("grow", file, "--size", "4m").Code, Is.EqualTo(3));
        Assert.That(Volume("grow", file, "--size", "17000001").Code, Is.EqualTo(2));
        Assert.That(new FileInfo(file).Length, Is.EqualTo(8 << 20));
        JsonElement grown = JsonOf(Volume("grow", file, "--size", "16m", "--output-format=json"));
        Assert.That(grown.GetProperty("free").GetInt64(), Is.EqualTo(free + (8 << 20)));
        using (FileStream longer = new(file, FileMode.Open))
        {
            longer.SetLength(20 << 20);
        }

        Assert.That(Volume("grow", file).Output, Does.Contain("20971520"));
        Assert.That(Volume("check", file).Code, Is.Zero);
        using (FileStream shorter = new(file, FileMode.Open))
        {
            shorter.SetLength(16 << 20);
        }

        Assert.That(Volume("ls", file).ErrorLines.Single(), Does.Contain("cut"));
        Assert.That(Volume("check", file).Code, Is.EqualTo(3));
    }

    [Test]
    public void InfoSaysWhatAVolumeIs()
    {
        JsonElement info = JsonOf(Volume("info", file, "--output-format=json"));
        Assert.That(info.GetProperty("label").GetString(), Is.EqualTo("books"));
        Assert.That(info.GetProperty("size").GetInt64(), Is.EqualTo(8 << 20));
        Assert.That(info.GetProperty("sound").GetBoolean(), Is.True);
        Assert.That(Volume("info", file).Output, Does.Match("label +books\n").And.Match("directories +1\n"));
    }

    [Test]
    public void ATargetThatCannotBeIsRefused()
    {
        File.WriteAllText(scratch["in"], "x");
        Volume("put", file, scratch["in"], "a");
        Assert.That(Volume("put", file, scratch["in"], "/").ErrorLines.Single(), Does.Contain("is a directory"));
        Assert.That(Volume("put", file, scratch["in"], "no/a").ErrorLines.Single(), Does.Contain("no directory 'no'"));
        Assert.That(Volume("put", file, scratch["missing"], "b").Code, Is.EqualTo(3));
        Assert.That(Volume("get", file, "a", "-o", file).ErrorLines.Single(), Does.Contain("device itself"));
        Assert.That(Volume("get", file, "missing", "-o", scratch["out"]).Code, Is.EqualTo(3));
        Assert.That(Volume("get", file, "a", "--output-format=json").Code, Is.EqualTo(2));
        Assert.That(Volume("mkdir", file, "a").ErrorLines.Single(), Does.Contain("already"));
        Assert.That(Volume("mkdir", file, "x//y").Code, Is.EqualTo(2));
        Assert.That(File.Exists(scratch["out"]), Is.False);
        Assert.That(Names(), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void ControlCharactersOfANameAreShownAndNotSent()
    {
        Volume("mkdir", file, "\u001b[31mred");
        Assert.That(Volume("ls", file).Output, Does.EndWith(" \\x1b[31mred\n"));
    }

    private static CommandResult Volume(params string[] arguments) => Command.RunHere(["volume", .. arguments]);

    private static JsonElement JsonOf(CommandResult result)
    {
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    private static byte[] Content(int length)
    {
        byte[] bytes = new byte[length];
        new Random(3).NextBytes(bytes);
        return bytes;
    }

    private string[] Names() => [.. JsonOf(Volume("ls", file, "--output-format=json")).EnumerateArray().Select(e => e.GetProperty("name").GetString()!)];

    private void Damage(int at)
    {
        using FileStream stream = new(file, FileMode.Open);
        stream.Position = at;
        int old = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(old ^ 0x10));
    }
}
