using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu schema NAME</c>: the JSON schema of what a verb writes.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        string[] names = [.. DocumentKind.All.Select(k => k.Name)];
        var name = new Argument<DocumentKind>("NAME")
        {
            Description = string.Join(", ", names),
            CustomParser = argument =>
            {
                try
                {
                    string chosen = CommandOptions.Choice(argument.Tokens[0].Value, names);
                    return DocumentKind.All.First(k => k.Name == chosen);
                }
                catch (FormatException e)
                {
                    argument.AddError(e.Message);
                    return DocumentKind.All[0];
                }
            },
        };
        var command = new Command("schema", "Prints the JSON schema of what a verb writes with --output-format=json.\n\nExample:\n  daxemu schema bench") { name };
        CommandFrame.SetAction(command, (parsed, _) =>
        {
            Console.WriteLine(JsonText.Of(parsed.GetRequiredValue(name).Schema()));
            return ExitCode.Success;
        });
        return command;
    }
}
