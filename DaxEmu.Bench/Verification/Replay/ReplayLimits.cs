namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// What a recording may ask for. Each number is far above what kernels recorded, and all of them together keep a replay below 500 MB:
/// what lies above is damaged or hostile.
/// </summary>
internal static class ReplayLimits
{
    /// <summary>Bytes of white space before the first line.</summary>
    public const int LeadingWhiteBytes = 1 << 16;

    /// <summary>Bytes of a zip: it is read into memory, since its directory stands at its end.</summary>
    public const int ZipBytes = 64 << 20;

    /// <summary>Files in a zip.</summary>
    public const int ZipEntries = 1 << 16;

    /// <summary>Decompressed bytes that may come out of any number of compressed ones.</summary>
    public const long FreeInflatedBytes = 64 << 20;

    /// <summary>Above <see cref="FreeInflatedBytes"/>: decompressed bytes for each compressed one. Trace text has about 23.</summary>
    public const int InflationRatio = 200;

    /// <summary>Bytes of a line of a recording; the longest recorded one has 1,600.</summary>
    public const int LineBytes = 4 << 20;

    /// <summary>Bytes of all lines of a scenario.</summary>
    public const int ScenarioBytes = 8 << 20;

    /// <summary>Ops of a scenario; the longest recorded one has 81.</summary>
    public const int ScenarioOps = 1 << 14;

    /// <summary>Rows of a list of one line, and events; the most recorded ones are 23.</summary>
    public const int Rows = 1 << 14;

    /// <summary>Characters of a name or an op.</summary>
    public const int TextLength = 256;

    /// <summary>How deep the JSON of a line is nested; recorded is 4.</summary>
    public const int JsonDepth = 8;

    /// <summary>Pages of a file, and of its device: 4 GiB each. Recorded are files of 5,120 pages on devices of 41,471.</summary>
    public const long Pages = 1 << 20;

    /// <summary>Bytes of a file.</summary>
    public const long FileBytes = Pages << 12;

    /// <summary>The largest page number in an event: the end of all files, counted in bytes, is the kernel's largest number.</summary>
    public const long EventPages = 1L << 52;

    /// <summary>Pages of the device and of private copies that a scenario stores to: 300 MiB. Recorded are 4,613.</summary>
    public const int StoredPages = 76_800;

    /// <summary>Work of a scenario in steps of a nanosecond or less. The recorded ones have up to 30 million.</summary>
    public const long WorkSteps = 1_000_000_000;

    /// <summary>Mismatches that are kept to be shown; all are counted.</summary>
    public const int ShownMismatches = 1000;

    /// <summary>Characters of a line of a mismatch.</summary>
    public const int MismatchLength = 1000;

    /// <summary>Threads that replay a trace.</summary>
    public const int Threads = 1024;

    /// <summary>Threads that a trace may have recorded.</summary>
    public const int RecordedThreads = 1 << 16;

    /// <summary>Faults of a trace: 28 bytes each.</summary>
    public const int Faults = 1 << 21;

    /// <summary>VMAs of a trace.</summary>
    public const int Areas = 1 << 16;

    /// <summary>Pages of a VMA of a trace, of a file, and of all files together: 1 TiB. Only addresses are taken for them.</summary>
    public const long TracePages = 1L << 28;

    /// <summary>Pages of all VMAs of a trace: 16 TiB.</summary>
    public const long TraceAreaPages = 1L << 32;

    /// <summary>Pages of 4 KiB that tables and private copies of a trace take: 256 MiB.</summary>
    public const int TraceTablePages = 1 << 16;
}
