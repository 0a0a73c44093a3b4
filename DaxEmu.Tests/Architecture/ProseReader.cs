using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DaxEmu.Tests.Architecture;

/// <summary>A piece of English in a source: an XML doc comment without its tags and names, or a string.</summary>
/// <param name="Text">The text; a line break is a space.</param>
/// <param name="Starts">Where each line's part begins, with its line number.</param>
internal sealed record Prose(string Text, IReadOnlyList<(int Start, int Line)> Starts)
{
    /// <summary>The line of a character.</summary>
    public int LineOf(int index) => Starts.Last(s => s.Start <= index).Line;
}

/// <summary>Reads what a source says to people.</summary>
internal static class ProseReader
{
    /// <summary>Its XML doc comments and strings.</summary>
    public static IEnumerable<Prose> Read(SyntaxTree tree)
    {
        SyntaxNode root = tree.GetRoot();
        IEnumerable<Prose> comments = root.DescendantTrivia(descendIntoTrivia: false)
            .Where(t => t.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia))
            .Select(t => Join(t.GetStructure()!.DescendantTokens().Where(k => k.IsKind(SyntaxKind.XmlTextLiteralToken)), tree));
        IEnumerable<Prose> strings = root.DescendantTokens().Where(IsText).Select(t => Join([t], tree));
        return comments.Concat(strings);
    }

    private static bool IsText(SyntaxToken token) => token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken
        or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken or SyntaxKind.Utf8StringLiteralToken;

    private static Prose Join(IEnumerable<SyntaxToken> tokens, SyntaxTree tree)
    {
        var text = new StringBuilder();
        var starts = new List<(int, int)>();
        foreach (SyntaxToken token in tokens)
        {
            starts.Add((text.Length, tree.GetLineSpan(token.Span).StartLinePosition.Line + 1));
            text.Append(token.IsKind(SyntaxKind.XmlTextLiteralToken) ? token.Text : token.ValueText).Append(' ');
        }

        return new Prose(text.ToString(), starts);
    }
}
