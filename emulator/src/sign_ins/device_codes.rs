//! The codes that are shown on one screen and entered on another.

use std::collections::HashMap;

use time::OffsetDateTime;

/// The sign-ins that are under way, by device code.
#[derive(Debug, Default)]
pub(crate) struct SignIns(pub(crate) HashMap<String, SignIn>);

#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    pub(crate) user_code: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) claims: Option<String>,
    pub(crate) ends: OffsetDateTime,
    pub(crate) is_approved: bool,
    /// Who approved it; the first person of the tenant if no other was chosen.
    pub(crate) account: Option<String>,
}

impl SignIns {
    /// Keeps one more, and lets go of those that are over.
    pub(crate) fn keep(&mut self, device_code: String, sign_in: SignIn, now: OffsetDateTime) {
        self.0.retain(|_, other| other.ends > now);
        self.0.insert(device_code, sign_in);
    }

    /// Whether a sign-in with this user code was begun.
    pub(crate) fn awaits(&self, user_code: &str) -> bool {
        let code = user_code.trim().to_ascii_uppercase();
        self.0.values().any(|sign_in| sign_in.user_code == code)
    }

    /// Approves the sign-in with a user code. Tells whether it was waiting for it.
    pub(crate) fn approve(&mut self, user_code: &str, account: Option<&str>) -> bool {
        let code = user_code.trim().to_ascii_uppercase();
        let waiting = self
            .0
            .values_mut()
            .find(|sign_in| sign_in.user_code == code && !sign_in.is_approved);
        let Some(waiting) = waiting else { return false };
        waiting.is_approved = true;
        waiting.account = account.map(str::to_owned);
        true
    }
}
