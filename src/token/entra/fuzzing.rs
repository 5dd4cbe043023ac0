//! What comes back from signing in, for the fuzz targets.

use serde_json::Value;
use time::OffsetDateTime;

pub(crate) use super::browser::fuzzing::redirect;
use super::{device_code::try_answer, exchange::TokenAnswer};
use crate::error::SignInRefusal;

/// Answers of the token and the device code endpoint: a token can be sent, and no answer's own text is in `Debug`.
pub(crate) fn sign_in_answer(input: &[u8]) -> bool {
    let token = serde_json::from_slice::<TokenAnswer>(input).ok();
    let token = token.and_then(|answer| answer.token(OffsetDateTime::UNIX_EPOCH).ok());
    if let Some(token) = &token {
        assert!(!token.expose().trim().is_empty());
        assert!(token.expose().len() < 12 || !format!("{token:?}").contains(token.expose()));
    }
    let is_code = try_answer(input);
    let refusal = serde_json::from_slice::<Value>(input)
        .ok()
        .and_then(|answer| SignInRefusal::read(&answer));
    token.is_some() || is_code || refusal.is_some()
}
