using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>A file of a soak of real memory: its views, and what each page of it must show.</summary>
internal sealed class HostSoakFile : IDisposable
{
    /// <summary>Bits of a stamp's page number that are the page's; the rest are the file's, so that a foreign page is known.</summary>
    public const int PageBits = 24;

    /// <summary>The page whose lines have an owner each. It is never moved, and no stamp is written to it.</summary>
    public const int LinePage = 0;

    public HostSoakFile(HostVolume volume, int number, long pageCount)
    {
        Number = number;
        PageCount = pageCount;
        Pages = new StampedPages(pageCount, 0);
        File = volume.Open($"soak-{number}");
        File.SetLength(pageCount * DaxConstants.PageSize);
        MapMode[] modes = [MapMode.Shared, MapMode.Shared | MapMode.NoHugePage, MapMode.Shared | MapMode.Sync];
        Shared = [.. modes.Select(mode => File.Map(0, pageCount * DaxConstants.PageSize, mode))];
        Private = File.Map(0, pageCount * DaxConstants.PageSize, MapMode.Private);
    }

    public int Number { get; }

    public long PageCount { get; }

    public HostFile File { get; }

    public StampedPages Pages { get; }

    /// <summary>Views that show the file.</summary>
    public IReadOnlyList<HostView> Shared { get; }

    /// <summary>A view whose stores go to copies.</summary>
    public HostView Private { get; }

    /// <summary>A stamp that no page of any file ever held, for a page that the caller has taken.</summary>
    public PageStamp Next(long page, int job) => new(Pages.Next(page, job).Word | ((ulong)Number << PageBits));

    /// <summary>A page for people, with the number that its stamps have.</summary>
    public string NameOf(long page) => $"page {page} of file {Number} ({((long)Number << PageBits) | page} in its stamps)";

    /// <summary>What a page shows on each side now, without faulting in what is not mapped by the side.</summary>
    public string Evidence(long page)
    {
        byte[] bytes = new byte[DaxConstants.PageSize];
        IEnumerable<string> sides =
        [
            "read(2): " + Seen(() => File.Read(bytes, page * DaxConstants.PageSize)),
            .. Shared.Append(Private).Select(view => $"view {view.Mode}: " + Seen(() => view.Read(bytes, page * DaxConstants.PageSize))),
        ];
        return $"  must show {Pages.Shown(PageSide.File, page)}, by private views {Pages.Shown(PageSide.Private, page)}\n  " + string.Join("\n  ", sides);

        string Seen(Func<int> read)
        {
            try
            {
                int length = read();
                ReadOnlySpan<ulong> words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes);
                return length < bytes.Length ? $"{length} bytes" : words[0] == words[^1] ? new PageStamp(words[0]).ToString() : $"{new PageStamp(words[0])} ... {new PageStamp(words[^1])}";
            }
            catch (IOException problem)
            {
                return problem.Message;
            }
        }
    }

    /// <summary>Unmaps the views and closes the file.</summary>
    public void Dispose()
    {
        foreach (HostView view in Shared.Append(Private))
        {
            view.Dispose();
        }

        File.Dispose();
    }
}
