namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Cases of <c>replay</c>, and of the others that read recordings: files, folders and standard input.</summary>
internal static class ReplayInput
{
    public static FuzzInput Make(FuzzKind kind, FuzzRandom random)
    {
        (string extension, byte[] content) = kind switch
        {
            FuzzKind.Recording => (".jsonl", Recording(random)),
            FuzzKind.Trace => (".trace", Trace(random)),
            _ => Containers.Make(() => Inside(random), random),
        };
        if (kind != FuzzKind.Container && random.OneIn(20))
        {
            extension = random.Pick((string[])[".jsonl", ".trace", ".gz", ".zip", "", ".jsonl.gz", ".txt"]);
        }

        string name = random.OneIn(25) ? random.Pick((string[])["-x", "a b", "\u001b[31mr", "\u202er", "r\nr", "'", "@r", "r=1", "[red]r"]) + extension : "r" + extension;
        List<(string, byte[])> files = [(name, content)];
        string path = random.OneIn(2) ? Path.Combine(FuzzInput.FolderMark, name) : "./" + name;
        List<string> arguments = ["replay", path];
        byte[]? standardInput = null;
        switch (random.Below(24))
        {
            case 0:
                (arguments[1], standardInput, files) = (random.OneIn(2) ? "-" : "/dev/stdin", content, []);
                break;
            case 1:
                arguments[1] = random.OneIn(2) ? "." : FuzzInput.FolderMark;
                break;
            case 2:
                files.Add(("s" + extension, random.OneIn(2) ? content : Inside(random)));
                arguments.Add("s" + extension);
                break;
            case 3 when kind == FuzzKind.Trace:
                arguments = ["policies", "--trace", path, "--runtime", "5ms", "--rounds", "1", "--numjobs", "2"];
                break;
        }

        if (arguments[0] == "replay" && random.OneIn(kind == FuzzKind.Trace ? 3 : 12))
        {
            arguments.AddRange(["--threads", random.Pick((string[])["1", "0", "2", "8", "1,0", "3,3", "64", "4", "0,2", random.OneIn(4) ? random.Pick((string[])["-1", "x", "", "1025"]) : "3"])]);
        }

        if (random.OneIn(2))
        {
            arguments.Add("--output-format=json");
        }

        return new FuzzInput(arguments, files) { StandardInput = standardInput };
    }

    private static byte[] Inside(FuzzRandom random) => random.OneIn(3)
        ? Latin1.Bytes(string.Join('\n', Corpus.Recording(random)) + "\n")
        : random.OneIn(3) ? Trace(random) : Recording(random);

    private static byte[] Recording(FuzzRandom random) => Text(Corpus.Recording(random), Corpus.Recording(random), RecordingMutator.Mutate, random);

    private static byte[] Trace(FuzzRandom random) => Text(Corpus.Trace(random), Corpus.Trace(random), TraceMutator.Mutate, random);

    private static byte[] Text(List<string> lines, List<string> other, Action<List<string>, IReadOnlyList<string>, FuzzRandom> mutate, FuzzRandom random)
    {
        bool knowsForm = !random.OneIn(6);
        if (knowsForm)
        {
            mutate(lines, other, random);
        }

        byte[] content = Latin1.Bytes(string.Join('\n', lines) + (random.OneIn(8) ? string.Empty : "\n"));
        return knowsForm && !random.OneIn(10) ? content : ByteMutator.Mutate(content, random);
    }
}
