using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using DaxEmu.Tests.Architecture;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>The packages: what is in them, and that a new user can work with nothing else.</summary>
[NonParallelizable]
public sealed class PackageTests
{
    private const long MostBytesOfTheTool = 40 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
    private static readonly string[] Libraries = ["DaxEmu.Core", "DaxEmu.Native"];
    private static readonly string[] WholeLibrary = ["libdaxemu.so", "libdaxemu-preload.so", "daxemu.h", "daxemu.pc"];

    /// <summary>What the runtime is told to look up, which is what 'dotnet pack' takes: nothing for other platforms, and little enough.</summary>
    [Test]
    public void WhatTheToolIsPackedFromIsForThisPlatformAlone()
    {
        using var dependencies = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "daxemu.deps.json")));
        JsonProperty[] assets = [.. dependencies.RootElement.GetProperty("targets").EnumerateObject().Single().Value.EnumerateObject()
            .Select(l => l.Value.TryGetProperty("runtimeTargets", out JsonElement files) ? files : default)
            .Where(f => f.ValueKind == JsonValueKind.Object)
            .SelectMany(f => f.EnumerateObject())];
        Assert.That(assets.Select(a => a.Value.GetProperty("rid").GetString()), Is.Not.Empty.And.All.EqualTo("linux-x64"));
        Assert.That(assets.Sum(a => new FileInfo(Path.Combine(AppContext.BaseDirectory, a.Name)).Length), Is.LessThan(MostBytesOfTheTool), "bytes before they are compressed");
    }

    /// <summary>The packages are made, the tool is installed from them, and the program of the README is built against them and run, in folders without anything else.</summary>
    [Test]
    public void ANewUserGetsFromThePackagesToThePlotAndToTheDurableFile()
    {
        if (!Effort.IsThorough)
        {
            Assert.Ignore("It packs, installs and builds for a quarter of a minute: DAXEMU_THOROUGH=1 runs it.");
        }

        using var scratch = new ScratchDirectory(Path.GetTempPath());
        string feed = scratch["packages"];
        Run(scratch, Solution.Root, "dotnet", "pack", "-c", Configuration, "--no-build", "-nodeReuse:false", "-o", feed, "DaxEmu.sln");
        CheckContents(feed);

        // Only the local folder has packages of this name: a cache of this machine that is older never counts.
        File.WriteAllText(scratch["nuget.config"], new XElement(
            "configuration",
            new XElement("config", Add("globalPackagesFolder", scratch["cache"])),
            new XElement("packageSources", new XElement("clear"), Add("local", feed), Add("machine", MachineCache)),
            new XElement(
                "packageSourceMapping",
                new XElement("clear"),
                new XElement("packageSource", new XAttribute("key", "local"), new XElement("package", new XAttribute("pattern", "DaxEmu*"))),
                new XElement("packageSource", new XAttribute("key", "machine"), new XElement("package", new XAttribute("pattern", "*"))))).ToString());

        Run(scratch, scratch.Directory, "dotnet", "tool", "install", "DaxEmu.Tool", "--tool-path", scratch["tools"], "--configfile", scratch["nuget.config"]);
        string tool = Path.Combine(scratch["tools"], "daxemu");
        Assert.That(Run(scratch, scratch.Directory, tool, "--version").Trim(), Is.EqualTo(VersionOf(feed)));
        Run(scratch, scratch.Directory, tool, "bench", "--size", "4m", "--runtime", "20ms", "--ramp-time", "1ms", "--numjobs", "1", "--engine", "emu,kernel", "--plot", "faults.png");
        Assert.That(File.ReadAllBytes(scratch["faults.png"]).AsSpan(1, 3).SequenceEqual("PNG"u8));

        Directory.CreateDirectory(scratch["first"]);
        Run(scratch, scratch["first"], "dotnet", "new", "console", "--no-restore");
        Run(scratch, scratch["first"], "dotnet", "add", "package", "DaxEmu");
        File.WriteAllText(Path.Combine(scratch["first"], "Program.cs"), FirstProgram().Replace("/dev/shm/", scratch.Directory + "/", StringComparison.Ordinal));
        Assert.That(Run(scratch, scratch["first"], "dotnet", "run", "-p:UseSharedCompilation=false"), Does.EndWith("run 1\n"));
        Assert.That(Run(scratch, scratch["first"], "dotnet", "run", "--no-build"), Does.EndWith("run 2\n"), "the file is there when the program comes again");
    }

    [Test]
    public void TheProgramOfTheReadmeHasFifteenLinesAndItsFileIsThereNextTime()
    {
        string program = FirstProgram();
        Assert.That(program.TrimEnd('\n').Split('\n'), Has.Length.AtMost(15));
        using var scratch = new ScratchDirectory();
        string moved = program.Replace("/dev/shm/", scratch.Directory + "/", StringComparison.Ordinal);
        Assert.That((Example.Run(moved), Example.Run(moved)), Is.EqualTo(("run 1\n", "run 2\n")));
    }

    private static string MachineCache => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string FirstProgram() => DocPage.All.Single(p => p.Name == "README.md").Blocks.Single(b => b.Program == "the-first-program").Text + "\n";

    private static void CheckContents(string feed)
    {
        string version = VersionOf(feed);
        foreach (string library in Libraries)
        {
            using ZipArchive package = Open(feed, $"{library}.{version}.nupkg");
            string[] names = [.. package.Entries.Select(e => e.FullName)];
            Assert.That(names, Is.SupersetOf(new[] { "README.md", $"lib/net10.0/{library}.dll", $"lib/net10.0/{library}.xml" }));
            XElement metadata = Metadata(package);
            Assert.That(Value(metadata, "license"), Is.EqualTo("MIT"));
            Assert.That(Value(metadata, "description"), Is.Not.Empty);
            Assert.That(Value(metadata, "tags"), Does.Contain("dax"));
            Assert.That(Value(metadata, "readme"), Is.EqualTo("README.md"));
            Assert.That(metadata.Elements().Single(e => e.Name.LocalName == "repository").Attribute("type")!.Value, Is.EqualTo("git"));
            using ZipArchive symbols = Open(feed, $"{library}.{version}.snupkg");
            Assert.That(symbols.Entries.Select(e => e.FullName), Does.Contain($"lib/net10.0/{library}.pdb"));
        }

        using ZipArchive leading = Open(feed, $"DaxEmu.{version}.nupkg");
        Assert.That(Metadata(leading).Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => e.Attribute("id")!.Value), Is.EqualTo(new[] { "DaxEmu.Core" }));

        string tool = Path.Combine(feed, $"DaxEmu.Tool.{version}.nupkg");
        Assert.That(new FileInfo(tool).Length, Is.LessThan(MostBytesOfTheTool));
        using ZipArchive contents = ZipFile.OpenRead(tool);
        string[] files = [.. contents.Entries.Select(e => e.Name)];
        if (WholeLibrary.All(f => File.Exists(Path.Combine(Solution.Root, "DaxEmu.Bench", "obj", "library", f))))
        {
            Assert.That(files, Is.SupersetOf(WholeLibrary), "what 'daxemu run' starts programs with");
        }
        else
        {
            TestContext.Out.WriteLine("libdaxemu.so was not built here: that the tool has it was not checked.");
        }
    }

    private static ZipArchive Open(string feed, string name) => ZipFile.OpenRead(Path.Combine(feed, name));

    private static XElement Metadata(ZipArchive package)
    {
        using Stream nuspec = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(nuspec).Root!.Elements().Single();
    }

    private static string Value(XElement metadata, string name) => metadata.Elements().Single(e => e.Name.LocalName == name).Value;

    private static string VersionOf(string feed) => Path.GetFileName(Directory.GetFiles(feed, "DaxEmu.Core.*.nupkg").Single())["DaxEmu.Core.".Length..^".nupkg".Length];

    private static XElement Add(string key, string value) => new("add", new XAttribute("key", key), new XAttribute("value", value));

    // What it prints; the test fails if it fails.
    private static string Run(ScratchDirectory scratch, string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NUGET_PACKAGES"] = folder == Solution.Root ? MachineCache : scratch["cache"];
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{output.Result}\n{error.Result}");
        return output.Result;
    }
}
