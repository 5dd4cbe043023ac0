//! What another caller does beside a run, and what the directory does not tell.

use cmg_onboarding::error::RefusalReason;

/// What happens beside the run. A number says to how many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// A change of the server app or of a grant is answered with success, and another caller takes it back at once.
    TakenBack(usize),
    /// A change of the server app or of a grant is carried out, and another caller takes out what was there before.
    OthersLost,
    /// A change is carried out, and from then on apps and grants cannot be read.
    Unreadable,
    /// The same for the first look after the change alone.
    UnreadableOnce,
    /// A secret is added, and the answer leaves open whether it was.
    AddingUnanswered(usize),
    /// From this one on, adding a secret is refused.
    AddingRefusedFrom(usize),
    /// After a secret was added, its app is not to be seen for some looks.
    LateAfterAdding,
    /// Another run adds a secret right before this run adds one, which ends as many days earlier.
    AnotherAdds(i64),
    /// The second secret is added, and the answer leaves open whether it was.
    SecondUnanswered,
    /// A secret is added and never shows.
    AddedHidden(usize),
    /// Another run removes a secret first.
    RemovedByAnother,
    /// A secret is removed, and the answer leaves open whether it was.
    RemovingUnanswered,
    /// A secret cannot be removed, and stays.
    RemovingRefused(RefusalReason),
    /// Another run removes a deleted app for good first.
    PurgedByAnother,
    /// A deletion is answered with success and not carried out.
    DeletionIgnored,
    /// A service principal cannot be deleted, cannot be removed for good, or deleted ones cannot be listed.
    PrincipalStays(RefusalReason),
    PrincipalHeld(RefusalReason),
    PrincipalsUnlisted(RefusalReason),
    /// A deleted app is removed for good, and the answer is a refusal.
    PurgingRefused,
    /// A policy refuses the consents.
    ConsentsRefused,
    /// An app is created, and the answer leaves open whether it was.
    CreationUnanswered,
    /// Another run creates the app, and the answer to this run leaves open whether it has.
    CreatedByAnother,
    /// Another caller consents to this right before this run does.
    AnotherConsents(&'static str),
    /// Another caller assigns another role first, and the answer to this run leaves open whether it has assigned its own.
    AnotherAssigns,
    /// Once a secret was added, its app is not to be found any more.
    AppGone,
    /// A change of the server app is refused.
    ChangesRefused(RefusalReason),
    /// The token does not name its tenant.
    NamelessToken,
    /// The first change of the server app or of a grant is answered with success, and shows from this look after it on.
    ShownFrom(usize),
    /// After a change, the server app is not to be seen any more.
    GoneAfterChange,
    /// A change that proves that an app is there is refused.
    ProofRefused(RefusalReason),
    /// The answer to the creation of an app tells its ids and its secret alone.
    CreationTellsIds,
}
