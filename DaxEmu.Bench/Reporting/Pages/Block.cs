namespace DaxEmu.Bench.Reporting.Pages;

/// <summary>A part of a page.</summary>
internal abstract record Block;

/// <summary>A heading.</summary>
/// <param name="Level">From 1.</param>
/// <param name="Text">Plain text.</param>
internal sealed record Heading(int Level, string Text) : Block;

/// <summary>A paragraph of plain text.</summary>
internal sealed record Paragraph(string Text) : Block;

/// <summary>A paragraph that must not be missed.</summary>
internal sealed record Warning(string Text) : Block;

/// <summary>A list.</summary>
internal sealed record Bullets(IReadOnlyList<string> Items) : Block;

/// <summary>Text that keeps its lines.</summary>
internal sealed record Listing(string Text) : Block;

/// <summary>A table. Its first columns, as many as are said, are text; the others are numbers.</summary>
/// <param name="TextColumns">Columns of text.</param>
/// <param name="Header">A cell for each column.</param>
/// <param name="Rows">Cells.</param>
internal sealed record DataTable(int TextColumns, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows) : Block;

/// <summary>A plot. Pages of text leave it out: its figures stand in a table.</summary>
/// <param name="Caption">What it shows, with its units.</param>
/// <param name="Draw">Draws it as SVG, for a dark background or a light one.</param>
internal sealed record Figure(string Caption, Func<bool, string> Draw) : Block;
