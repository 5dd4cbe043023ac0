//! The parsers that read bytes from the network, for the fuzz targets in `fuzz/`. Built under `--cfg fuzzing` alone.
//!
//! Each checks what must hold of whatever comes in; the same properties are tested in the suite, next to each parser.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{directory, http, site, spec::Schedule, token::TokenClaims};

/// Claims of an access token: read or not, never a panic, and no control characters later on a screen.
pub fn token_claims(text: &str) {
    let _ = TokenClaims::read(text);
}

/// The claims of a `WWW-Authenticate` header.
pub fn challenge(text: &str) {
    if let Some(claims) = http::claims_of(&[text.to_owned()]) {
        assert!(serde_json::from_str::<serde_json::Value>(&claims).is_ok_and(|claims| claims.is_object()));
    }
}

/// The wait that a `Retry-After` asks for.
pub fn retry_after(text: &str) -> Option<Duration> {
    http::wait_of(text, OffsetDateTime::UNIX_EPOCH)
}

/// The error body of Microsoft Graph.
pub fn error_envelope(bytes: &[u8]) {
    directory::fuzzing::error_envelope(bytes);
}

/// A link to the next page: followed to the same origin only, because a token travels along.
pub fn next_link(link: &str) {
    directory::fuzzing::next_link(link);
}

/// A schedule token of the product: what is read is written back, and read as the same again.
pub fn schedule_token(text: &str) {
    if let Ok(schedule) = text.parse::<Schedule>() {
        assert_eq!(schedule.to_string().parse::<Schedule>().as_ref(), Ok(&schedule));
    }
}

/// What a site tells, as JSON: what is read is written back the same.
pub fn site_answer(bytes: &[u8]) {
    if let Ok(snapshot) = serde_json::from_slice::<site::SiteSnapshot>(bytes) {
        let written = serde_json::to_vec(&snapshot).unwrap_or_default();
        assert_eq!(
            serde_json::from_slice::<site::SiteSnapshot>(&written).ok().as_ref(),
            Some(&snapshot)
        );
        for tenant in &snapshot.tenants {
            let _ = snapshot.connections_of(tenant.tenant_id).count();
        }
    }
    let _ = serde_json::from_slice::<site::SiteOnboarded>(bytes);
    let _ = serde_json::from_slice::<site::SiteRemoved>(bytes);
}
