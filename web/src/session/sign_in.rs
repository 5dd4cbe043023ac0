//! Who is signed in, as a page shows it.

use cmg_onboarding::connection::Problem;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Session, phase::JobKind};
use crate::refusal::ServiceError;

/// The way of an account that the place signs in by itself.
pub(crate) const PROVIDED: &str = "provided";

/// Whether an account is signed in to the tenant. It never holds a token.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignIn {
    /// Whether.
    pub state: SignInState,
    /// The way that was chosen: `provided`, `browser`, `deviceCode` or `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// The page to sign in at, while a browser is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The code to type in, while it is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_code: Option<ShownDeviceCode>,
    /// The claims challenge of the directory, for the host's own sign-in: a token that answers it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// Why the last sign-in failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Whether an account is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SignInState {
    /// No.
    #[default]
    SignedOut,
    /// A person is asked to.
    Waiting,
    /// Yes.
    SignedIn,
    /// No: the last sign-in failed.
    Failed,
}

/// A device code, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownDeviceCode {
    /// What to type in.
    pub user_code: String,
    /// Where.
    pub address: String,
    /// The same in the words of the sign-in service.
    pub message: String,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_on: OffsetDateTime,
}

impl Session {
    /// Where the person who signs in has to go, or that the sign-in has come to its end.
    pub fn signing_in(&mut self, sign_in: SignIn, now: OffsetDateTime) {
        if sign_in.state != SignInState::Waiting && self.is_signing_in() {
            self.job = None;
        }
        self.sign_in = sign_in;
        self.changed(now);
    }

    /// The directory asks for more than the token has: the host's own sign-in has to answer this claims challenge.
    pub fn challenged(&mut self, claims: String, now: OffsetDateTime) {
        self.sign_in.state = SignInState::SignedOut;
        self.sign_in.claims = Some(claims);
        self.changed(now);
    }

    /// Whether no account is signed in, as every page shows it: a sign-in that begins ends the one before.
    #[cfg_attr(
        not(feature = "server"),
        allow(dead_code, reason = "the router keeps tokens, the session does not")
    )]
    pub(crate) fn is_signed_out(&self) -> bool {
        match self.sign_in.state {
            SignInState::SignedOut | SignInState::Failed => true,
            SignInState::Waiting => self.is_signing_in(),
            SignInState::SignedIn => false,
        }
    }

    /// Whether the person who is signed in is asked again, beside everything else.
    pub(crate) fn is_asked_again(&self) -> bool {
        self.sign_in.state == SignInState::Waiting && !self.is_signing_in()
    }

    fn is_signing_in(&self) -> bool {
        self.job.is_some_and(|job| job.kind == JobKind::SignIn)
    }

    /// The account is signed out.
    ///
    /// # Errors
    ///
    /// If a job is under way.
    pub fn signed_out(&mut self, now: OffsetDateTime) -> Result<(), ServiceError> {
        if self.job.is_some() {
            return Err(ServiceError::Busy);
        }
        self.sign_in = SignIn::default();
        self.changed(now);
        Ok(())
    }
}
