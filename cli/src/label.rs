//! The lines in front of a sealed message, in plain text and without any secret: by them this program knows its own file
//! again, which it cannot open, and a person knows which app and which secret it is for.

use std::{fmt, str::FromStr};

use cmg_onboarding::{
    ApplicationId, ConnectionSpec, TenantId,
    hand_over::{Fingerprint, SealedHandOver},
    spec::ServerApp,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const TITLE: &str = "Sealed hand-over of cmg-onboard";
const TENANT: &str = "Tenant";
const SERVER_APP: &str = "Web app";
const APP_ID_URI: &str = "App ID URI";
const SECRET: &str = "Secret ID";
const UNTIL: &str = "Usable until";

/// What a file is for.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) tenant: TenantId,
    pub(crate) server_app: ApplicationId,
    pub(crate) app_id_uri: String,
    /// *Secret ID* of the secret inside.
    pub(crate) secret: String,
    pub(crate) usable_until: OffsetDateTime,
    pub(crate) fingerprint: Fingerprint,
}

impl Label {
    /// For a hand-over that may be used until then, or until its secret ends; `None` if it has no server app to import.
    pub(crate) fn of(spec: &ConnectionSpec, secret: String, until: OffsetDateTime, fingerprint: Fingerprint) -> Option<Self> {
        let ServerApp::Import(app) = spec.server_app() else {
            return None;
        };
        Some(Self {
            tenant: app.tenant_id(),
            server_app: app.client_id(),
            app_id_uri: app.app_id_uri().to_string(),
            secret,
            usable_until: until.min(app.secret_key_expiry()),
            fingerprint,
        })
    }

    /// Reads it from a file's text; `None` if this program has not written the file, or it was changed.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (front, _) = text.split_once("-----BEGIN")?;
        let mut lines = front.lines();
        lines.next().filter(|line| line.trim() == TITLE)?;
        let rows: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let value = |name: &str| rows.iter().find(|(row, _)| *row == name).map(|(_, value)| value.trim());
        Some(Self {
            tenant: parsed(value(TENANT)?)?,
            server_app: parsed(value(SERVER_APP)?)?,
            app_id_uri: value(APP_ID_URI)?.to_owned(),
            secret: value(SECRET)?.to_owned(),
            usable_until: OffsetDateTime::parse(value(UNTIL)?, &Rfc3339).ok()?,
            fingerprint: *SealedHandOver::from_text(text).ok()?.fingerprint(),
        })
    }

    pub(crate) fn to_text(&self) -> String {
        let until = self.usable_until.replace_nanosecond(0).unwrap_or(self.usable_until);
        format!(
            "{TITLE}\n{TENANT}: {}\n{SERVER_APP}: {}\n{APP_ID_URI}: {}\n{SECRET}: {}\n{UNTIL}: {}\n",
            self.tenant,
            self.server_app,
            self.app_id_uri,
            self.secret,
            until.format(&Rfc3339).unwrap_or_default(),
        )
    }
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "tenant {}, web app {}, Secret ID {}, usable until {}",
            self.tenant,
            self.server_app,
            self.secret,
            self.usable_until.date()
        )
    }
}
