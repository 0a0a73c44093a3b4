namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// No wake-up is passed on: the test in <c>put_unlocked_entry</c> was inverted (23c84eb78375; fixed by 61c30c98ef17). Smallest case: three
/// threads, six steps.
/// </summary>
internal sealed class NeverPassOn : IPassOnRule
{
    /// <inheritdoc/>
    public bool WakesWhenPut => false;

    /// <inheritdoc/>
    public PageIndex? KeyToWake(PageIndex waited, PageIndex? found, AbandonReason reason) => null;
}
