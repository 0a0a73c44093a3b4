using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Benchmark.RealMemory;

/// <summary>The C program of this benchmark (<c>real-memory.c</c>): a client of the native library, with its floors; compiled where it is run.</summary>
internal sealed class MeasuredProgram : IDisposable
{
    private const string Source = "real-memory.c";
    private const string Measured = "measured";
    private static readonly string[] Compilers = ["gcc", "clang"];

    private readonly DirectoryInfo folder;
    private readonly CancellationToken cancellation;

    private MeasuredProgram(DirectoryInfo folder, CancellationToken cancellation)
    {
        this.folder = folder;
        this.cancellation = cancellation;
    }

    /// <summary>Its file.</summary>
    public string Path => System.IO.Path.Combine(folder.FullName, "real-memory");

    /// <summary>Compiles it against the library.</summary>
    /// <param name="library">The folder of <c>libdaxemu.so</c> and <c>daxemu.h</c>.</param>
    /// <param name="cancellation">Ends what is run of it.</param>
    /// <exception cref="DaxEnvironmentException">There is no compiler, or it does not take the program.</exception>
    public static MeasuredProgram Compile(string library, CancellationToken cancellation)
    {
        var program = new MeasuredProgram(Directory.CreateTempSubdirectory("daxemu-"), cancellation);
        try
        {
            string source = System.IO.Path.Combine(program.folder.FullName, Source);
            using (Stream text = typeof(MeasuredProgram).Assembly.GetManifestResourceStream(Source)!)
            using (FileStream file = File.Create(source))
            {
                text.CopyTo(file);
            }

            string compiler = Array.Find(Compilers, IsOnPath) ?? throw new DaxEnvironmentException(
                "there is no C compiler, which the floors are compiled by", "Install gcc (apt-get install gcc).", Errno.Enoent);
            program.Output(compiler,
            [
                "-O2", $"-I{library}", "-o", program.Path, source, System.IO.Path.Combine(library, "libdaxemu.so"), $"-Wl,-rpath,{library}",
            ]);
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>Runs it, and gives its figures by case, without those before it was warm.</summary>
    /// <exception cref="DaxEnvironmentException">It failed.</exception>
    public Dictionary<string, List<double>> Run(params string[] arguments) => Read(Output(Path, arguments));

    /// <summary>As <see cref="Run"/>, by another program that starts it.</summary>
    public Dictionary<string, List<double>> RunBy(string starter, params string[] arguments) => Read(Output(starter, arguments));

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="DaxEnvironmentException">It failed.</exception>
    public string Output(string program, string[] arguments) =>
        ProgramOutput.Of(program, arguments, $"'{program} {string.Join(' ', arguments)}'", "Set --size lower if memory is short.", cancellation);

    /// <inheritdoc/>
    public void Dispose() => folder.Delete(recursive: true);

    private static Dictionary<string, List<double>> Read(string output)
    {
        var figures = new Dictionary<string, List<double>>();
        foreach (string[] words in output[output.IndexOf(Measured, StringComparison.Ordinal)..].Split('\n').Select(line => line.Split(' ')).Where(words => words.Length == 2))
        {
            if (!figures.TryGetValue(words[0], out List<double>? samples))
            {
                figures.Add(words[0], samples = []);
            }

            samples.Add(double.Parse(words[1], CultureInfo.InvariantCulture));
        }

        return figures;
    }

    private static bool IsOnPath(string name) => ProgramOutput.Find(name, Environment.GetEnvironmentVariable("PATH")) is not null;
}
