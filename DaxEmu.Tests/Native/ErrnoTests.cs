using DaxEmu.Native;
using DaxEmu.Native.Libc;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class ErrnoTests
{
    private static readonly int[] NamedNumbers =
    [
        Errno.Eperm, Errno.Enoent, Errno.Eintr, Errno.Eio, Errno.Enxio, Errno.Eagain, Errno.Enomem, Errno.Eacces, Errno.Ebusy, Errno.Eexist,
        Errno.Enodev, Errno.Enotdir, Errno.Eisdir, Errno.Einval, Errno.Enfile, Errno.Emfile, Errno.Enotty, Errno.Etxtbsy, Errno.Efbig, Errno.Enospc,
        Errno.Erofs, Errno.Enametoolong, Errno.Enosys, Errno.Eloop, Errno.Eopnotsupp, Errno.Edquot,
    ];

    [TestCaseSource(nameof(NamedNumbers))]
    public void ANamedErrorIsOneLineWithThePathWordsAndARemedy(int errno)
    {
        DaxEnvironmentException problem = Errno.Failure("cannot open", "/some/where", errno);

        Assert.That(problem.Message, Does.StartWith("cannot open '/some/where': ").And.EndsWith("."));
        Assert.That(problem.Message, Does.Not.Contain("\n").And.Not.Contain("errno"));
        Assert.That(problem.Remedy, Is.Not.Empty);
        Assert.That(problem.Errno, Is.EqualTo(errno));
        Assert.That(problem.Path, Is.EqualTo("/some/where"));
    }

    [Test]
    public void EveryNamedErrorHasWordsOfItsOwn() =>
        Assert.That(NamedNumbers.Select(Errno.Describe), Is.Unique);

    [Test]
    public void AnUnknownErrorShowsItsNumber() => Assert.That(Errno.Describe(131), Does.Contain("131"));

    [Test]
    public void TheCallersRemedyWins() =>
        Assert.That(Errno.Failure("cannot open", "/x", Errno.Enoent, "Do that.").Message, Does.EndWith("directory. Do that."));
}
