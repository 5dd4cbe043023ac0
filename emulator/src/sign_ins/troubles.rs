//! Trouble with signing in, to order.

use std::collections::VecDeque;

/// One piece of trouble that a person who signs in is to meet.
///
/// Source of errors and numbers: *Microsoft identity platform and OAuth 2.0 authorization code flow*, *... device
/// authorization grant* and *Microsoft Entra authentication and authorization error codes*. `slow_down` is RFC 8628's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SignInTrouble {
    /// The person at the sign-in page says no: `access_denied` in a browser, `authorization_declined` for a device code.
    Declined,
    /// Conditional Access forbids it: `access_denied` with AADSTS53003 when the browser comes back, and
    /// `interaction_required` with AADSTS53003 for a device code. An application by itself gets `invalid_grant` with
    /// AADSTS53003, of which the name is a guess.
    BlockedByConditionalAccess,
    /// The tenant is in the other cloud: `invalid_request` with AADSTS900439.
    OtherCloud,
    /// The browser comes back with the `state` of another sign-in.
    ForeignState,
    /// The browser comes back with the code of another sign-in, which another verifier belongs to.
    ForeignCode,
    /// The device code's next poll is answered with `slow_down`.
    SlowDown,
    /// The device code's next poll is answered with `expired_token`.
    ExpiredCode,
    /// The token endpoint answers with a web page and status 200, as a proxy in between would.
    Garbage,
}

/// The troubles still to come.
#[derive(Debug, Default)]
pub(crate) struct SignInTroubles(VecDeque<SignInTrouble>);

impl SignInTroubles {
    pub(crate) fn push(&mut self, trouble: SignInTrouble) {
        self.0.push_back(trouble);
    }

    pub(crate) fn waiting(&self) -> Vec<SignInTrouble> {
        self.0.iter().copied().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first trouble, if it is one that this place can make.
    pub(crate) fn take(&mut self, possible: &[SignInTrouble]) -> Option<SignInTrouble> {
        let is_possible = self.0.front().is_some_and(|first| possible.contains(first));
        is_possible.then(|| self.0.pop_front()).flatten()
    }
}
