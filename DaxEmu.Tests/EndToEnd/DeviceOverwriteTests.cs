using System.Text;
using DaxEmu.Bench.Devices;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>What a verb overwrites, and what it makes.</summary>
[NonParallelizable]
public sealed class DeviceOverwriteTests
{
    private static readonly string[] Quick = ["--engine", "emu", "--bs", "4k", "--numjobs", "1", "--runtime", "5ms", "--ramp-time", "1ms"];

    private static readonly (string Name, long Offset, byte[] Bytes)[] Signatures =
    [
        ("ext4", 1080, [0x53, 0xef]),
        ("XFS", 0, "XFSB"u8.ToArray()),
        ("Btrfs", 65600, "_BHRfS_M"u8.ToArray()),
        ("F2FS", 1024, [0x10, 0x20, 0xf5, 0xf2]),
        ("daxemu volume", 0, "DaxEmuFS"u8.ToArray()),
        ("swap", 4086, "SWAPSPACE2"u8.ToArray()),
        ("LUKS", 0, [.. "LUKS"u8, 0xba, 0xbe]),
        ("LVM", 512, "LABELONE"u8.ToArray()),
        ("GPT", 512, "EFI PART"u8.ToArray()),
        ("FAT", 82, "FAT32"u8.ToArray()),
        ("partition table", 510, [0x55, 0xaa]),
        ("data", (4 << 20) - 1, [1]),
    ];

    [TestCaseSource(nameof(Names))]
    public void WhatHoldsSomethingIsNotOverwrittenUnasked(string name)
    {
        (_, long offset, byte[] bytes) = Signatures.Single(s => s.Name == name);
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        byte[] content = new byte[4 << 20];
        bytes.CopyTo(content, offset);
        File.WriteAllBytes(path, content);
        CommandResult refused = Bench(path);
        Assert.That(refused.Code, Is.EqualTo(3), refused.Error);
        Assert.That(refused.Error, Does.Contain(name).And.Contain("--force").And.Contain(path));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(content), "not a byte of it has changed");
    }

    [Test]
    public void WithForceItIsOverwritten()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        File.WriteAllBytes(path, [.. "XFSB"u8, .. new byte[(4 << 20) - 4]]);
        Assert.That(Bench(path, "--force").Code, Is.Zero);
    }

    [Test]
    public void ASoakAsksBeforeItOverwrites()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        File.WriteAllBytes(path, [.. "hello"u8, .. new byte[(16 << 20) - 5]]);
        CommandResult refused = Command.RunHere("soak", "--filename", path, "--duration", "1s");
        Assert.That(refused.Code, Is.EqualTo(3), refused.Error);
        Assert.That(refused.Error, Does.Contain("data").And.Contain("--force"));
        Assert.That(Encoding.ASCII.GetString(File.ReadAllBytes(path), 0, 5), Is.EqualTo("hello"));
    }

    [Test]
    public void AnEmptyFileIsUsedAndTheNextRunNeedNotAsk()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        using (FileStream file = File.Create(path))
        {
            file.SetLength(4 << 20);
        }

        Assert.That(Command.RunHere("bench", "--filename", path, "--engine", "kernel", "--bs", "4k", "--numjobs", "1", "--runtime", "5ms", "--ramp-time", "1ms").Code, Is.Zero);
        Assert.That(File.ReadAllBytes(path).Count(b => b == 1), Is.GreaterThanOrEqualTo(1024), "the host's faults have stored to it");
        Assert.That(Bench(path).Code, Is.Zero, "its mark says that it may go");
    }

    [Test]
    public void AMarkDoesNotCoverAFileSystemThatWasMadeOverIt()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        byte[] content = new byte[4 << 20];
        StorageContent.Mark.CopyTo(content.AsSpan(StorageContent.MarkOffset));
        (content[1080], content[1081]) = (0x53, 0xef);
        File.WriteAllBytes(path, content);
        Assert.That(Bench(path).Code, Is.EqualTo(3));
    }

    [Test]
    public void ANameThatIsTakenMeanwhileIsNotRemoved()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        using (ScratchDevice device = ScratchDevice.Open(path, 4 << 20, new(), isForced: false))
        {
            Assert.That(scratch.Names, Is.Empty, "what is made has no name: not even a kill leaves it behind");
            File.WriteAllText(path, "another's");
        }

        Assert.That(File.ReadAllText(path), Is.EqualTo("another's"));
    }

    [Test]
    public void ADeviceThatIsNotThereIsNotMadeInDev()
    {
        CommandResult result = Bench("/dev/dax0.0-not-there");
        Assert.That(result.Code, Is.EqualTo(3), result.Error);
        Assert.That(result.Error, Does.Contain("/dev/dax0.0-not-there"));
        Assert.That(File.Exists("/dev/dax0.0-not-there"), Is.False);
    }

    [TestCase("--hgrm", "")]
    [TestCase("--plot", ".svg")]
    public void AReportIsNotWrittenOverTheDevice(string option, string extension)
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        File.WriteAllBytes(path, new byte[4 << 20]);
        string link = scratch["link" + extension];
        File.CreateSymbolicLink(link, path);
        CommandResult result = Bench(path, option, link);
        Assert.That(result.Code, Is.EqualTo(3), result.Error);
        Assert.That(result.Error, Does.Contain("device itself"));
        Assert.That(new FileInfo(path).Length, Is.EqualTo(4 << 20));
    }

    [TestCase("--hgrm", "/proc/nowhere/h")]
    [TestCase("--plot", "/sys/p.svg")]
    [TestCase("--plot", "/dev/null/p.svg")]
    public void AReportThatCannotBeWrittenIsToldBeforeAnythingIsMeasured(string option, string path)
    {
        CommandResult result = Command.RunHere("bench", "--runtime", "10m", option, path);
        Assert.That(result.Code, Is.EqualTo(3), result.Error);
        Assert.That(result.Error, Does.Contain(path));
    }

    private static IEnumerable<string> Names() => Signatures.Select(s => s.Name);

    private static CommandResult Bench(string path, params string[] more) => Command.RunHere(["bench", "--filename", path, .. Quick, .. more]);
}
