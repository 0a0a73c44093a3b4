using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Random operations on two files with three views each: every byte as in a plain array, at every step.</summary>
public sealed class FileModelTests
{
    [TestCase("xfs", "linux-6.12", 100)]
    [TestCase("xfs", "linux-6.1", 200)]
    [TestCase("ext4", "linux-6.12", 300)]
    [TestCase("ext4", "linux-6.1", 400)]
    public void EveryByteIsAsInAPlainArray(string fileSystem, string behaviour, int firstSeed)
    {
        FileSystemModel system = FileSystemModel.ByName(fileSystem);
        KernelBehaviour kernel = KernelBehaviour.ByName(behaviour);
        for (int seed = firstSeed; seed < firstSeed + 8; seed++)
        {
            IReadOnlyList<ModelOp> ops = FileModel.Generate(seed, count: 80);
            if (FileModel.Run(ops, system, kernel) is not { } wrong)
            {
                continue;
            }

            IReadOnlyList<ModelOp> shortest = FileModel.Shrink(ops, list => FileModel.Run(list, system, kernel) is not null);
            Assert.Fail(
                $"seed {seed}: {wrong}\nfewest steps: {FileModel.Run(shortest, system, kernel)}\n"
                + string.Join('\n', shortest.Select((op, i) => $"{i}: {op}")));
        }
    }

    [Test]
    public void ShrinkingLeavesOnlyTheStepsThatMatter()
    {
        IReadOnlyList<ModelOp> ops = FileModel.Generate(seed: 1, count: 50);
        ModelOp first = ops[7];
        ModelOp second = ops[31];
        IReadOnlyList<ModelOp> shortest = FileModel.Shrink(ops, list => list.Contains(first) && list.Contains(second));
        Assert.That(shortest, Is.EqualTo((ModelOp[])[first, second]));
    }
}
