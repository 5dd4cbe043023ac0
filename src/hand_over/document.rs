//! What is inside: a line with a digest, and one JSON document in ASCII.
//!
//! The document has the secret and what is wanted in the form in which the script reads them in any request, so that the
//! script needs to know no second form. Dates are seconds since 1970 for the same reason.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use secrecy::zeroize::{Zeroize, Zeroizing};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use time::OffsetDateTime;

use super::{HandOver, HandOverError, syntax::hexadecimal};
use crate::{
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    site::{
        ClientAppImport, ServerAppImport, SiteOnboarding,
        power_shell::{ascii_json, request},
    },
    spec::{ConnectionSpec, DiscoverySpec, DiscoverySpecBuilder, ImportedClientApp, ImportedServerApp, InvalidSpec, Schedule},
};

const VERSION: u64 = 1;

/// Every version begins so, and the digest of all that follows the line end comes next.
const BEGINNING: &str = "cmg-onboarding hand-over sha256 ";

/// No secret of Microsoft Entra is nearly as long.
const LONGEST_SECRET: usize = 1024;

/// What a file says.
pub(super) struct Document {
    pub(super) spec: ConnectionSpec,
    pub(super) recipient: String,
    /// The digest of the public key that it was sealed to.
    pub(super) public_key: String,
    pub(super) expires_on: OffsetDateTime,
}

/// The digest that stands for a public key.
pub(super) fn key_digest(public_key: &[u8]) -> String {
    hexadecimal(digest(&SHA256, public_key).as_ref())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a, S, W> {
    hand_over: u64,
    expires_on: i64,
    recipient: Recipient<&'a str>,
    /// By which a connection that was named otherwise before is found again.
    key: Option<&'a str>,
    secret_key: S,
    wanted: W,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient<T> {
    subject: T,
    public_key: T,
}

/// The bytes to encrypt.
pub(super) fn write(
    hand_over: &HandOver,
    subject: &str,
    public_key: &[u8],
    expires_on: OffsetDateTime,
) -> Result<Zeroizing<Vec<u8>>, HandOverError> {
    let onboarding = onboarding(hand_over).ok_or(HandOverError::Nothing)?;
    if let Some(text) = request::taken_for_a_date(&onboarding) {
        return Err(HandOverError::TakenForADate { text: text.to_owned() });
    }
    let (secret_key, wanted) = request::for_a_hand_over(&onboarding).ok_or(HandOverError::Nothing)?;
    let public_key = key_digest(public_key);
    let written = Written {
        hand_over: VERSION,
        expires_on: expires_on.unix_timestamp(),
        recipient: Recipient {
            subject,
            public_key: public_key.as_str(),
        },
        key: hand_over.spec.has_key().then(|| hand_over.spec.key()),
        secret_key,
        wanted,
    };
    let line = ascii_json::line(&written).map_err(|_| HandOverError::NotSealed)?;
    let beginning = format!("{BEGINNING}{}\n", hexadecimal(digest(&SHA256, &line).as_ref()));
    // With room for what the encryption adds.
    let mut bytes = Zeroizing::new(Vec::with_capacity(beginning.len() + line.len() + 64));
    bytes.extend_from_slice(beginning.as_bytes());
    bytes.extend_from_slice(&line);
    Ok(bytes)
}

fn onboarding(hand_over: &HandOver) -> Option<SiteOnboarding> {
    let (server, client) = hand_over.apps()?;
    let spec = &hand_over.spec;
    let mut onboarding = SiteOnboarding::new(
        server.tenant_id(),
        server.tenant_name(),
        spec.environment(),
        ServerAppImport::Import {
            name: server.name().to_owned(),
            client_id: server.client_id(),
            secret_key: server.secret_key().clone(),
            secret_key_expiry: server.secret_key_expiry(),
            app_id_uri: server.app_id_uri().clone(),
        },
        ClientAppImport::Import {
            name: client.name().to_owned(),
            client_id: client.client_id(),
        },
        spec.name(),
    );
    onboarding.description = spec.description().map(str::to_owned);
    onboarding.discovery = spec.discovery().cloned();
    Some(onboarding)
}

/// The JSON of a content whose digest is right; `None` for noise.
pub(super) fn verified(content: &[u8]) -> Option<&[u8]> {
    let rest = content.strip_prefix(BEGINNING.as_bytes())?;
    let (told, rest) = rest.split_at_checked(64)?;
    let json = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    let is_right = told.eq_ignore_ascii_case(hexadecimal(digest(&SHA256, json).as_ref()).as_bytes());
    is_right.then_some(json)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    hand_over: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    expires_on: i64,
    recipient: Recipient<String>,
    key: Option<String>,
    secret_key: Units,
    wanted: Wanted,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    tenant_id: TenantId,
    tenant_name: String,
    environment: String,
    server_app: ServerApp,
    client_app: ClientApp,
    name: String,
    description: Option<String>,
    users: Option<Discovery>,
    groups: Option<Discovery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerApp {
    client_id: ApplicationId,
    name: String,
    secret_key_expiry: i64,
    app_id_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientApp {
    client_id: ApplicationId,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovery {
    #[serde(default)]
    off: bool,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    removed_names: Vec<String>,
    full_schedule: Option<Schedule>,
    delta_minutes: Option<u32>,
}

/// Reads what [`verified`] gives.
pub(super) fn read(json: &[u8]) -> Result<Document, HandOverError> {
    // What the parser says of a wrong value could have the value in it, so only the place is told.
    let wrong = |error: serde_json::Error| invalid(format!("a value is missing or wrong at character {} of it", error.column()));
    let Version { hand_over: version } = serde_json::from_slice(json).map_err(wrong)?;
    if version != VERSION {
        return Err(HandOverError::UnknownVersion { version });
    }
    let content: Content = serde_json::from_slice(json).map_err(wrong)?;
    Ok(Document {
        expires_on: moment(content.expires_on)?,
        recipient: content.recipient.subject,
        public_key: content.recipient.public_key,
        spec: content.wanted.into_spec(content.key, content.secret_key.into_secret()?)?,
    })
}

impl Wanted {
    fn into_spec(self, key: Option<String>, secret: ClientSecret) -> Result<ConnectionSpec, HandOverError> {
        let environment = self
            .environment
            .parse()
            .map_err(|_| invalid("the name of the cloud is not known"))?;
        let expiry = moment(self.server_app.secret_key_expiry)?;
        let server_app = ImportedServerApp::builder()
            .tenant_name(self.tenant_name)
            .tenant_id(self.tenant_id)
            .name(self.server_app.name)
            .client_id(self.server_app.client_id)
            .secret_key(secret)
            .secret_key_expiry(expiry)
            .app_id_uri(self.server_app.app_id_uri);
        let client_app = ImportedClientApp::builder()
            .name(self.client_app.name)
            .client_id(self.client_app.client_id);
        let mut builder = ConnectionSpec::builder(self.name)
            .environment(environment)
            .server_app(server_app)
            .client_app(client_app);
        if let Some(key) = key {
            builder = builder.key(key);
        }
        if let Some(description) = self.description {
            builder = builder.description(description);
        }
        if let Some(discovery) = discovery(self.users, self.groups)? {
            builder = builder.discovery(discovery);
        }
        Ok(builder.build()?)
    }
}

fn discovery(users: Option<Discovery>, groups: Option<Discovery>) -> Result<Option<DiscoverySpec>, InvalidSpec> {
    if users.is_none() && groups.is_none() {
        return Ok(None);
    }
    let mut builder = DiscoverySpec::builder();
    match users {
        Some(users) if users.off => builder = builder.users_off(),
        Some(users) => {
            builder = builder.users();
            if let Some(schedule) = users.full_schedule {
                builder = builder.user_schedule(schedule);
            }
            if let Some(minutes) = users.delta_minutes {
                builder = builder.user_delta_minutes(minutes);
            }
        }
        None => {}
    }
    match groups {
        Some(groups) if groups.off => builder = builder.groups_off(),
        Some(groups) => builder = of_groups(builder, groups),
        None => {}
    }
    builder.build().map(Some)
}

fn of_groups(mut builder: DiscoverySpecBuilder, groups: Discovery) -> DiscoverySpecBuilder {
    if !groups.names.is_empty() {
        builder = builder.groups(groups.names);
    }
    if !groups.removed_names.is_empty() {
        builder = builder.remove_groups(groups.removed_names);
    }
    if let Some(schedule) = groups.full_schedule {
        builder = builder.group_schedule(schedule);
    }
    if let Some(minutes) = groups.delta_minutes {
        builder = builder.group_delta_minutes(minutes);
    }
    builder
}

fn moment(seconds: i64) -> Result<OffsetDateTime, HandOverError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| invalid("a date is out of range"))
}

fn invalid(reason: impl Into<String>) -> HandOverError {
    HandOverError::Content { reason: reason.into() }
}

/// A secret as the numbers of its UTF-16 code units, wiped on drop.
struct Units(Zeroizing<Vec<u16>>);

impl Units {
    fn into_secret(self) -> Result<ClientSecret, HandOverError> {
        // No unit takes more than three bytes, so that the text does not grow and leave a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * 3));
        for character in char::decode_utf16(self.0.iter().copied()) {
            text.push(character.map_err(|_| invalid("the secret is not text"))?);
        }
        Ok(ClientSecret::new(std::mem::take(&mut *text)))
    }
}

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(UnitsVisitor)
    }
}

struct UnitsVisitor;

impl<'de> Visitor<'de> for UnitsVisitor {
    type Value = Units;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the UTF-16 code units of a secret")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Units, A::Error> {
        let mut units = Zeroizing::new(Vec::with_capacity(LONGEST_SECRET));
        while let Some(mut unit) = sequence.next_element::<u16>()? {
            if units.len() == LONGEST_SECRET {
                return Err(de::Error::custom("too long"));
            }
            units.push(unit);
            unit.zeroize();
        }
        Ok(Units(units))
    }
}
