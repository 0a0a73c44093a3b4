using System.CommandLine;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu info PATH</c>: what a path offers to a device.</summary>
internal static class InfoCommand
{

    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "a file on tmpfs or a DAX file system, or a block device such as /dev/pmem0" };
        Option<OutputFormat> format = CommandOptions.Format();
        var command = new Command("info", "What a path offers to a device: kind of file system, size, MAP_SYNC and why not, page sizes, flush instruction.\n\nExample:\n  daxemu info /dev/shm/device")
        {
            path,
            format,
        };
        CommandFrame.SetAction(command, (parsed, _) => Run(parsed.GetRequiredValue(path), parsed.GetValue(format) == OutputFormat.Json));
        return command;
    }

    private static ExitCode Run(string path, bool isJson)
    {
        DeviceFacts facts = DeviceProbe.Probe(path);
        DeviceCapabilities offers = facts.Capabilities;
        (string Name, JsonNode? Value)[] rows =
        [
            ("path", facts.Path),
            ("kind", offers.IsBlockDevice ? "block device" : "file"),
            ("file_system", offers.FileSystem.ToString()),
            ("size", facts.SizeBytes),
            ("size_problem", facts.SizeProblem),
            ("align", facts.AlignmentBytes),
            ("available", facts.AvailableBytes),
            ("in_use", facts.IsInUse),
            ("persistence_domain", facts.Domain.ToString()),
            ("persistence_reason", PersistenceDomains.ReasonFor(facts.Domain, offers.MapSync)),
            ("map_sync", offers.MapSync.IsSupported),
            ("map_sync_reason", offers.MapSync.Reason),
            ("huge_pages", offers.HugePages.IsSupported),
            ("huge_pages_reason", offers.HugePages.Reason),
            ("page_sizes", new JsonArray([.. offers.PageSizesBytes.Select(b => (JsonNode)b)])),
            ("store_tracking", offers.StoreTracking.IsSupported),
            ("store_tracking_reason", offers.StoreTracking.Reason),
            ("flush", offers.Flush.ToString()),
        ];
        if (isJson)
        {
            Console.WriteLine(JsonText.Of(new JsonObject(rows.Select(r => KeyValuePair.Create(r.Name, r.Value)))));
            return ExitCode.Success;
        }

        foreach ((string name, JsonNode? value) in rows.Where(r => r.Value is not null))
        {
            Console.WriteLine($"{name.Replace('_', ' '),-20} {value}");
        }

        return ExitCode.Success;
    }
}
