using System.Diagnostics;
using DaxEmu.Native;

namespace DaxEmu.Bench.Cli;

/// <summary>Runs another program for what it prints.</summary>
internal static class ProgramOutput
{
    /// <summary>The first program of a name in folders.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folders">Where to look, as <c>PATH</c> has it; null for nowhere.</param>
    /// <returns>Its path; null if there is none.</returns>
    public static string? Find(string name, string? folders) => (folders ?? string.Empty)
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs it to its end.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="name">What it is called if it fails.</param>
    /// <param name="remedy">What is said then.</param>
    /// <param name="cancellation">Kills it and what it started.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="DaxEnvironmentException">It ended with another code than 0; the message has its standard error.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static string Of(string program, IReadOnlyList<string> arguments, string name, string remedy, CancellationToken cancellation)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using CancellationTokenRegistration stop = cancellation.Register(() => process.Kill(entireProcessTree: true));
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? output : throw new DaxEnvironmentException($"{name} ended with {process.ExitCode}: {error.Result.Trim()}", remedy);
    }
}
