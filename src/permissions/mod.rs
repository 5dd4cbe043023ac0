//! What each request of this job takes: permissions of Microsoft Graph and directory roles.
//!
//! This is the one table of the crate. From it come the scopes that a sign-in asks for
//! ([`sign_in_scopes`](crate::token::sign_in_scopes)), the permissions that a plan shows, what preflight compares a token
//! with, and what an error says about a permission that is missing. The whole table is in the chapter
//! [`manual::permissions`](crate::manual::permissions).
//!
//! ```
//! use cmg_onboarding::permissions::{PermissionType, Use, least};
//!
//! // What a nightly check asks for: nothing that may write.
//! let is_optional = |usage: &Use| matches!(usage, Use::ReadPolicy | Use::ReadConditionalAccess);
//! let reads: Vec<Use> = Use::ALL.into_iter().filter(|usage| !usage.is_write() && !is_optional(usage)).collect();
//! assert_eq!(least(&reads, PermissionType::Delegated), ["Directory.Read.All"]);
//! // Several permissions may do: this one and any above it.
//! assert!(Use::GrantPermission.is_covered_by(PermissionType::Application, &["Directory.ReadWrite.All"]));
//! ```

mod remedy;
mod role;
mod table;

pub use role::DirectoryRole;
pub use table::{Requirement, Use, WithoutRole};

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a permission is held. The two are granted apart, and one request may take different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PermissionType {
    /// A person is signed in: `scp` in the token. The person's directory roles limit it.
    Delegated,
    /// An application acts by itself: `roles` in the token. No directory role is needed.
    Application,
}

impl fmt::Display for PermissionType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Delegated => "delegated",
            Self::Application => "application",
        })
    }
}

/// The permissions of which one suffices, the least privileged first.
pub(crate) type AnyOf = &'static [&'static str];

impl Use {
    /// The permissions that it takes: one of each set. An empty set means that it cannot be done this way at all.
    #[must_use]
    pub const fn permissions(self, kind: PermissionType) -> &'static [AnyOf] {
        match kind {
            PermissionType::Delegated => self.requirement().delegated,
            PermissionType::Application => self.requirement().application,
        }
    }

    /// The directory roles of which a person needs one, the least privileged first.
    #[must_use]
    pub const fn roles(self) -> &'static [DirectoryRole] {
        self.requirement().roles
    }

    /// Whether these permissions suffice. Names are compared without regard to case, as Microsoft Entra does.
    #[must_use]
    pub fn is_covered_by<S: AsRef<str>>(self, kind: PermissionType, granted: &[S]) -> bool {
        self.permissions(kind).iter().all(|set| has_one_of(set, granted))
    }
}

/// The least permissions for several uses, each once: what to ask for, or to have consented to.
#[must_use]
pub fn least(uses: &[Use], kind: PermissionType) -> Vec<&'static str> {
    lacking::<&str>(uses, kind, &[])
}

/// The least permissions that have to be added to those granted, each once.
#[must_use]
pub(crate) fn lacking<S: AsRef<str>>(uses: &[Use], kind: PermissionType, granted: &[S]) -> Vec<&'static str> {
    let mut uses = uses.to_vec();
    // Writes come first: what may write may mostly read as well.
    uses.sort_unstable();
    uses.dedup();
    let sets = uses.iter().flat_map(|usage| usage.permissions(kind));
    let open: Vec<AnyOf> = sets.filter(|set| !has_one_of(set, granted)).copied().collect();
    let mut chosen: Vec<&'static str> = Vec::new();
    for set in &open {
        if let Some(first) = set.first().filter(|_| !has_one_of(set, &chosen)) {
            chosen.push(first);
        }
    }
    // A later choice may make an earlier one needless.
    for name in chosen.clone() {
        let others: Vec<&'static str> = chosen.iter().copied().filter(|other| *other != name).collect();
        if open.iter().all(|set| set.is_empty() || has_one_of(set, &others)) {
            chosen = others;
        }
    }
    chosen
}

fn has_one_of<S: AsRef<str>>(set: AnyOf, held: &[S]) -> bool {
    set.iter()
        .any(|name| held.iter().any(|held| held.as_ref().eq_ignore_ascii_case(name)))
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{PermissionType, Use};

    /// What the server app is given for discovery, which is no permission of the caller.
    const OF_SERVER_APP: &str = "Directory.Read.All";

    /// The words of a text that look like permissions of Microsoft Graph and are not in the table.
    pub(crate) fn unknown_permissions(text: &str) -> Vec<&str> {
        let is_known = |word: &str| {
            let types = [PermissionType::Delegated, PermissionType::Application];
            let mut sets = Use::ALL.into_iter().flat_map(|usage| types.map(|kind| usage.permissions(kind)));
            word == OF_SERVER_APP || sets.any(|sets| sets.iter().any(|set| set.contains(&word)))
        };
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.');
        let words = words.map(|word| word.trim_matches('.'));
        let words = words.filter(|word| word.ends_with(".All") || word.ends_with(".OwnedBy"));
        words.filter(|word| !is_known(word)).collect()
    }

    #[test]
    fn a_permission_that_the_table_does_not_have_is_found_in_a_text() {
        let text = "Ask for Policy.Read.All (or User.Manage.All), or Application.ReadWrite.OwnedBy. Not Group.Own.All.";
        assert_eq!(unknown_permissions(text), ["User.Manage.All", "Group.Own.All"]);
    }
}

#[cfg(test)]
mod tests;
