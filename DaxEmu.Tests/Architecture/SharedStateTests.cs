using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>
/// What threads share passes the layer of atomics, so that <c>daxemu bench --conflicts</c> sees it: no lock of the runtime, no field that is shared
/// without one, no store by a plain pointer goes around it, but for what stands here with its reason.
/// </summary>
public sealed class SharedStateTests
{
    private const string Project = "DaxEmu.Core";

    // By the start of a path. Each must be needed.
    private static readonly (string Path, string Reason)[] Exempt =
    [
        ("Atomics/PlainLock.cs", "is the layer"),
        ("Atomics/Published", "is the layer"),
        ("Atomics/RwSemaphore.cs", "for a checker: clears the thread's own line"),
        ("Atomics/ThreadSlots.cs", "once a thread, when it gets its number"),
        ("Atomics/WaitRegistry.cs", "a thread writes its own place, when it is about to sleep"),
        ("CApi/", "the doors for C and for programs; none is an operation of the matrix"),
        ("Checking/", "searches the emulator, and is no part of it"),
        ("Dax/AddressSpace.cs", "before the mapping is shown to a thread, and for a checker between two runs"),
        ("Dax/Entries/EntryLocker.Events.cs", "tallies in the thread's own line"),
        ("Dax/Entries/EntryTable.Verify.cs", "for a checker between two runs"),
        ("Dax/Entries/EntryTable.cs", "at the end, when no thread uses the table"),
        ("Dax/Faults/HostFaults.cs", "faults by signal, whose price is the host's"),
        ("Dax/Faults/HostMapping.cs", "faults by signal, whose price is the host's"),
        ("Dax/Faults/LastExtents.cs", "the thread's own line"),
        ("Dax/Waiting/WaitTable.cs", "the thread's own node and tallies; the links of a queue, under its lock"),
        ("Dax/WritebackErrors.cs", "before the opener is shown to a thread"),
        ("Fs/DaxFile.cs", "set once, at the end"),
        ("Fs/DaxVolume.cs", "set once, at the end"),
        ("Library/", "the doors for C and for programs; none is an operation of the matrix"),
        ("Mm/AsymmetricLock.cs", "by the lock's writer, in the line of its word, which it stores next"),
        ("Mm/HostMmu.cs", "faults by signal, whose price is the host's"),
        ("Pmem/DurableImage.cs", "only where stores are tracked, which by design take turns"),
        ("Pmem/PmemDevice.cs", "once for each 2 MiB, where huge pages are gathered"),
        ("Pmem/RecordingBuffers.cs", "only where stores are tracked, which by design take turns"),
        ("Pmem/ReferenceCounts.cs", "under the lock of the count"),
        ("Pmem/StoreRecorder.cs", "only where stores are tracked, which by design take turns"),
        ("Pmem/StoreTracker.cs", "only where stores are tracked, which by design take turns"),
        ("Tracing/", "observers, which a user gives"),
    ];

    private static readonly string[] Primitives =
    [
        "Barrier", "ConcurrentBag", "ConcurrentDictionary", "ConcurrentQueue", "ConcurrentStack", "DangerousAddRef", "DangerousRelease", "ManualResetEventSlim",
        "Monitor", "Mutex", "ReaderWriterLockSlim", "SemaphoreSlim", "SpinLock",
    ];

    [Test]
    public void NothingThatThreadsShareGoesAroundTheLayer()
    {
        (string Path, string What)[] found = [.. Solution.Sources(Project).SelectMany(In).Order()];
        Assert.Multiple(() =>
        {
            Assert.That(found.Where(f => !Exempt.Any(e => f.Path.StartsWith(e.Path, StringComparison.Ordinal))).Select(f => $"{f.Path}: {f.What}"), Is.Empty, () => string.Join("\n", found.Where(f => !Exempt.Any(e => f.Path.StartsWith(e.Path, StringComparison.Ordinal)))));
            Assert.That(Exempt.Where(e => !found.Any(f => f.Path.StartsWith(e.Path, StringComparison.Ordinal))).Select(e => e.Path), Is.Empty, "exempt without need");
        });
    }

    [TestCase("class C { readonly Lock gate = new(); }", "a field of type Lock")]
    [TestCase("class C { void M(object o) { lock (o) { } } }", "lock (o)")]
    [TestCase("class C { volatile int i; }", "volatile int i")]
    [TestCase("class C { void M() => Monitor.Enter(this); }", "Monitor")]
    [TestCase("class C { unsafe void M(ulong* p) => *p = 1; }", "*p = 1")]
    [TestCase("class C { unsafe void M(S* p) { p->Count++; } }", "p->Count++")]
    public void WhatGoesAroundItIsFound(string source, string what) => Assert.That(In(CSharpSyntaxTree.ParseText(source)), Is.EqualTo([what]));

    [TestCase("class C { readonly PlainLock gate = new(\"one\"); void M() { using (gate.Enter()) { } } }")]
    [TestCase("class C { unsafe void M(ulong* p) => Atomic.Store(ref *p, 1, Site.Other); }")]
    [TestCase("class C { unsafe ulong M(ulong* p) { ulong now = *p; return now; } }")]
    public void WhatPassesItIsNot(string source) => Assert.That(In(CSharpSyntaxTree.ParseText(source)), Is.Empty);

    private static IEnumerable<(string Path, string What)> In(string file)
    {
        string path = Path.GetRelativePath(Path.Combine(Solution.Root, Project), file);
        return In(CoreSources.Parse(file)).Select(what => (path, what));
    }

    private static IEnumerable<string> In(SyntaxTree tree)
    {
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
        {
            string? what = node switch
            {
                FieldDeclarationSyntax field when field.Modifiers.Any(SyntaxKind.VolatileKeyword) => $"volatile {field.Declaration}",
                VariableDeclarationSyntax { Type: IdentifierNameSyntax { Identifier.Text: "Lock" } } => "a field of type Lock",
                LockStatementSyntax statement => $"lock ({statement.Expression})",
                IdentifierNameSyntax name when Primitives.Contains(name.Identifier.Text) => name.Identifier.Text,
                GenericNameSyntax name when Primitives.Contains(name.Identifier.Text) => name.Identifier.Text,
                AssignmentExpressionSyntax assignment when IsByPointer(assignment.Left) => $"{assignment}",
                PostfixUnaryExpressionSyntax change when IsByPointer(change.Operand) => $"{change}",
                PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression or (int)SyntaxKind.PreDecrementExpression } change when IsByPointer(change.Operand) => $"{change}",
                _ => null,
            };
            if (what is not null)
            {
                yield return what.ReplaceLineEndings(" ");
            }
        }
    }

    private static bool IsByPointer(ExpressionSyntax target) => target switch
    {
        ParenthesizedExpressionSyntax inner => IsByPointer(inner.Expression),
        PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PointerIndirectionExpression } => true,
        MemberAccessExpressionSyntax { RawKind: (int)SyntaxKind.PointerMemberAccessExpression } => true,
        _ => false,
    };
}
