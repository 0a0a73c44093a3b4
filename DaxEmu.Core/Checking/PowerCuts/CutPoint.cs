namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>A place in a log where the power is cut.</summary>
/// <param name="Event">The cut comes before this event.</param>
/// <param name="Begun">Steps that were begun.</param>
/// <param name="Acknowledged">Steps that were acknowledged.</param>
internal readonly record struct CutPoint(int Event, int Begun, int Acknowledged);
