using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>How the documents are written and read: names in snake case, and nothing that is required may be missing or null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BenchDocument))]
[JsonSerializable(typeof(RealMemoryDocument))]
[JsonSerializable(typeof(ConflictDocument))]
[JsonSerializable(typeof(SoakDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(CheckReplayDocument))]
[JsonSerializable(typeof(IReadOnlyList<HistoricBugDocument>))]
[JsonSerializable(typeof(CrashDocument))]
[JsonSerializable(typeof(CrashComparisonDocument))]
[JsonSerializable(typeof(CrashReplayDocument))]
[JsonSerializable(typeof(CrashListDocument))]
[JsonSerializable(typeof(IReadOnlyList<PolicyDocument>))]
[JsonSerializable(typeof(ReplayDocument))]
[JsonSerializable(typeof(IReadOnlyList<TraceDocument>))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(VolumeDocument))]
[JsonSerializable(typeof(IReadOnlyList<VolumeEntryDocument>))]
[JsonSerializable(typeof(VolumeDoneDocument))]
[JsonSerializable(typeof(InfoDocument))]
internal sealed partial class DocumentJson : JsonSerializerContext;
