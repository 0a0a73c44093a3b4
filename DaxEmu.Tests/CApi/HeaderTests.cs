using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using DaxEmu.Core;
using DaxEmu.Core.CApi;
using DaxEmu.Native.Library;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi;

/// <summary>daxemu.h says of each function, struct and constant what the library has.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class HeaderTests
{
    private const BindingFlags Declared = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private static readonly CHeader Header = CHeader.Current;

    private static readonly Dictionary<string, MethodInfo> Exports = typeof(CInterface).GetMethods(Declared)
        .Where(m => m.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()?.EntryPoint is not null)
        .ToDictionary(m => m.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()!.EntryPoint!);

    private static readonly Type[] Structs = [.. typeof(LibraryCalls).Assembly.GetTypes().Where(t => t.IsValueType && t.Name.StartsWith("Daxemu", StringComparison.Ordinal))];

    [Test]
    public void EachExportIsInTheHeaderAndEachFunctionThereIsExported() =>
        Assert.That(Header.Functions.Keys, Is.EquivalentTo(Exports.Keys));

    [Test]
    public void EachFunctionHasTheTypesOfItsExport() => Assert.That(
        from export in Exports
        where Header.Functions.TryGetValue(export.Key, out _)
        let declared = Header.Functions[export.Key]
        let parameters = export.Value.GetParameters()
        where !Fits(declared.Result, export.Value.ReturnType) || declared.Parameters.Count != parameters.Length
            || declared.Parameters.Zip(parameters).Any(p => !Fits(p.First, p.Second.ParameterType))
        select $"{export.Key}: {declared} is not {export.Value}",
        Is.Empty);

    [Test]
    public void EachFunctionThatTheWrapperImportsHasTheTypesOfItsExport()
    {
        // The attribute is not kept, but the method that was generated for it names its entry.
        Dictionary<string, MethodInfo> imports = Imports();
        Assert.That(imports, Has.Count.GreaterThan(40));
        Assert.That(
            from import in imports
            let export = Exports.GetValueOrDefault(import.Key)
            where export is null || Shape(import.Value) != Shape(export)
            select $"{import.Key}: {Shape(import.Value)} is not {(export is null ? "exported" : Shape(export))}",
            Is.Empty);
    }

    [Test]
    public void EachStructHasTheFieldsOfTheCodeInTheSameOrder() => Assert.That(
        Header.Structs.ToDictionary(s => s.Key, s => string.Join(' ', s.Value)),
        Is.EquivalentTo(Structs.ToDictionary(t => SnakeCase(t.Name), t => string.Join(' ', FieldsOf(t).Select(f => SnakeCase(f.Name))))));

    [Test]
    public void TheVersionIsTheOneOfTheCodeAndOfTheWrapper() => Assert.Multiple(() =>
    {
        Assert.That(Header.Constants["DAXEMU_API_VERSION"], Is.EqualTo(CInterface.Version));
        Assert.That(LibraryCalls.Version, Is.EqualTo(CInterface.Version));
    });

    [Test]
    public void ConstantsThatStandForEnumsHaveTheirValues() => Assert.Multiple(() =>
    {
        Check("DAXEMU_FLUSH_", Enum.GetValues<DaxEmu.Native.Cpu.FlushMethod>());
        Check("DAXEMU_DOMAIN_", Enum.GetValues<PersistenceDomain>());
        Check("DAXEMU_EXTENT_", Enum.GetValues<ExtentKind>().Where(kind => kind != ExtentKind.Hole));
        Check("DAXEMU_FAULT_", Enum.GetValues<DaxEmu.Core.Dax.Faults.HostFaultPolicy>());
        Assert.That(Enum.GetValues<FallbackReason>().Max(r => (int)r), Is.LessThan(DaxemuCounters.FallbackCapacity));

        static void Check<T>(string prefix, IEnumerable<T> values)
            where T : struct, Enum
        {
            foreach (T value in values)
            {
                string name = prefix + (value.ToString() == "ClflushOpt" ? "CLFLUSHOPT" : SnakeCase(value.ToString()).ToUpperInvariant());
                Assert.That(Header.Constants.GetValueOrDefault(name, -1), Is.EqualTo(Convert.ToInt64(value, null)), name);
            }
        }
    });

    [Test]
    public void ConstantsOfTheCodeStandInTheHeaderWithTheirValues()
    {
        // Each private constant of the interface that is a flag or a mode, under its name in the header.
        (string Field, string Constant)[] pairs =
        [
            ("DeviceSparse", "DEVICE_SPARSE"), ("DeviceKeepPath", "DEVICE_KEEP_PATH"), ("DeviceSmallPages", "DEVICE_SMALL_PAGES"),
            ("DeviceIsBlock", "DEVICE_IS_BLOCK"), ("DeviceHasMapSync", "DEVICE_HAS_MAP_SYNC"), ("DeviceHasHugePages", "DEVICE_HAS_HUGE_PAGES"),
            ("DeviceIsMounted", "DEVICE_IS_MOUNTED"), ("MountReadOnly", "MOUNT_READ_ONLY"), ("MountScratch", "MOUNT_SCRATCH"),
            ("VolumeIsReadOnly", "VOLUME_IS_READ_ONLY"), ("VolumeIsScratch", "VOLUME_IS_SCRATCH"), ("OpenReadWrite", "RDWR"),
            ("OpenCreate", "CREAT"), ("OpenExclusive", "EXCL"), ("OpenTruncate", "TRUNC"), ("OpenTemporary", "TMPFILE"),
            ("FallocateKeepSize", "ALLOCATE_KEEP_SIZE"), ("FallocateCollapse", "COLLAPSE_RANGE"), ("FallocateZero", "ZERO_RANGE"),
            ("FallocateInsert", "INSERT_RANGE"), ("FallocateUnshare", "UNSHARE_RANGE"), ("ExtentIsShared", "EXTENT_IS_SHARED"),
            ("ProtectRead", "PROT_READ"), ("ProtectWrite", "PROT_WRITE"), ("MapShared", "MAP_SHARED"), ("MapPrivate", "MAP_PRIVATE"),
            ("MapFixed", "MAP_FIXED"), ("MapPopulate", "MAP_POPULATE"), ("MapSync", "MAP_SYNC"), ("MapFixedNoReplace", "MAP_FIXED_NOREPLACE"),
            ("MapSmallPages", "MAP_SMALL_PAGES"), ("AdviceDontNeed", "MADV_DONTNEED"), ("AdvicePopulateRead", "MADV_POPULATE_READ"),
            ("AdvicePopulateWrite", "MADV_POPULATE_WRITE"), ("MappingIsShared", "MAPPING_IS_SHARED"), ("MappingIsSync", "MAPPING_IS_SYNC"),
        ];
        Assert.That(
            pairs.Select(p => (p.Constant, Convert.ToInt64(typeof(CInterface).GetField(p.Field, Declared)!.GetRawConstantValue(), null))),
            Is.EqualTo(pairs.Select(p => (p.Constant, Header.Constants["DAXEMU_" + p.Constant]))));
    }

    [TestCase("gcc", "-std=c99")]
    [TestCase("g++", "-std=c++11")]
    public void TheHeaderCompilesWithoutAWarning(string compiler, string standard)
    {
        CCompiler.Require(compiler, compiler);
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["a.c"], "#include \"daxemu.h\"\n#include \"daxemu.h\"\nint main(void) { return daxemu_version(); }\n");
        CCompiler.Compile(compiler, "-x", compiler == "gcc" ? "c" : "c++", standard, $"-I{Path.GetDirectoryName(CHeader.FilePath)}", "-c", scratch["a.c"], "-o", scratch["a.o"]);
    }

    [Test]
    public void TheCompilerPlacesEachFieldWhereTheCodeHasIt()
    {
        CCompiler.Require("gcc", "gcc");
        using var scratch = new ScratchDirectory();
        IEnumerable<string> prints = Structs.SelectMany(t => FieldsOf(t).Select(f =>
            $"printf(\"{t.Name}.{f.Name} %zu\\n\", offsetof({SnakeCase(t.Name)}, {SnakeCase(f.Name)}));").Append(
            $"printf(\"{t.Name} %zu\\n\", sizeof({SnakeCase(t.Name)}));"));
        File.WriteAllText(scratch["a.c"], $"#include \"daxemu.h\"\n#include <stdio.h>\nint main(void) {{ {string.Join('\n', prints)} return 0; }}\n");
        CCompiler.Compile("gcc", "-std=c99", $"-I{Path.GetDirectoryName(CHeader.FilePath)}", scratch["a.c"], "-o", scratch["a"]);
        CommandResult result = CCompiler.Run(scratch["a"]);
        Assert.That(
            result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Is.EqualTo(Structs.SelectMany(t => FieldsOf(t).Select(f => $"{t.Name}.{f.Name} {Marshal.OffsetOf(t, f.Name)}").Append($"{t.Name} {Marshal.SizeOf(t)}"))));
    }

    [TestCase("int daxemu_a(const char *path, daxemu_file **file);", "int (const char *, daxemu_file **)")]
    [TestCase("const char *daxemu_a(void);", "const char * ()")]
    [TestCase("int64_t daxemu_a(daxemu_device *device, int64_t first,\n    size_t size);", "int64_t (daxemu_device *, int64_t, size_t)")]
    public void AFunctionIsReadWithItsTypes(string text, string expected) =>
        Assert.That(CHeader.Of(text).Functions["daxemu_a"].ToString(), Is.EqualTo(expected));

    private static Dictionary<string, MethodInfo> Imports()
    {
        // P/Invokes inside the generated stubs are local functions, whose names the compiler mangles; their metadata has the entry.
        using var file = new PEReader(File.OpenRead(typeof(LibraryCalls).Assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();
        var found = new Dictionary<string, MethodInfo>();
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            MethodDefinition definition = metadata.GetMethodDefinition(handle);
            MethodImport import = definition.GetImport();
            if (!import.Module.IsNil && metadata.GetString(metadata.GetModuleReference(import.Module).Name) == LibraryCalls.Name)
            {
                found[metadata.GetString(import.Name)] = (MethodInfo)typeof(LibraryCalls).Module.ResolveMethod(MetadataTokenOf(handle))!;
            }
        }

        return found;
    }

    private static int MetadataTokenOf(MethodDefinitionHandle handle) => System.Reflection.Metadata.Ecma335.MetadataTokens.GetToken(handle);

    // As the calling convention sees it: pointers are alike.
    private static string Shape(MethodInfo method) =>
        string.Join(' ', method.GetParameters().Select(p => p.ParameterType).Prepend(method.ReturnType).Select(Shape));

    private static string Shape(Type type) => type.IsPointer || type.IsByRef || type == typeof(nint) || type == typeof(string) ? "pointer" : type.Name;

    private static bool Fits(string declared, Type type) => declared switch
    {
        "int" => type == typeof(int),
        "int64_t" => type == typeof(long),
        "size_t" => type == typeof(nuint),
        "const char *" or "char *" => type == typeof(byte*),
        "void *" or "const void *" => type == typeof(void*),
        "void **" => type == typeof(void**),
        "int64_t *" => type == typeof(long*),
        _ when declared.EndsWith(" **", StringComparison.Ordinal) => type == typeof(nint*) && !IsStruct(declared),
        _ when IsStruct(declared) => type.IsPointer && SnakeCase(type.GetElementType()!.Name) == NameIn(declared),
        _ when declared.EndsWith(" *", StringComparison.Ordinal) => type == typeof(nint),
        _ => false,
    };

    private static bool IsStruct(string declared) => Header.Structs.ContainsKey(NameIn(declared));

    private static string NameIn(string declared) => declared.Replace("const ", string.Empty, StringComparison.Ordinal).TrimEnd(' ', '*');

    private static IEnumerable<FieldInfo> FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(f => f.MetadataToken);

    // FaultP50Ns is fault_p50_ns.
    private static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
