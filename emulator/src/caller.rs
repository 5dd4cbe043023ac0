//! Who asks: a user or an application, with its permissions and roles.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use uuid::{Uuid, uuid};

use crate::{cloud::CloudEnvironment, ids::well_known};

/// Microsoft Graph Command Line Tools, the client that most tools sign in with.
const SIGN_IN_CLIENT: Uuid = uuid!("14d82eec-204b-4c2f-b7e8-296a70dab67e");

/// Who acts on an [`EmulatedTenant`](super::EmulatedTenant): what its access token says, and which roles it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    account: Option<String>,
    application_id: Uuid,
    scopes: Vec<String>,
    app_roles: Vec<String>,
    directory_roles: Vec<Uuid>,
    shows_directory_roles: bool,
    audience: Option<String>,
    tenant: Option<Uuid>,
    home_tenant: Option<Uuid>,
    me_refused: Option<u16>,
    security_attributes: Vec<(String, String)>,
    authentication_context: Option<String>,
    is_expired: bool,
}

impl Caller {
    /// A user with the role *Global Administrator*, signed in with all the permissions that onboarding needs:
    /// `Application.ReadWrite.All`, `DelegatedPermissionGrant.ReadWrite.All`, `AppRoleAssignment.ReadWrite.All` and
    /// `User.Read`.
    #[must_use]
    pub fn global_administrator() -> Self {
        Self::user("admin")
            .with_directory_roles([well_known::GLOBAL_ADMINISTRATOR])
            .with_scopes([
                "Application.ReadWrite.All",
                "DelegatedPermissionGrant.ReadWrite.All",
                "AppRoleAssignment.ReadWrite.All",
                "User.Read",
            ])
    }

    /// A user without roles whose sign-in was granted `User.Read`.
    ///
    /// A name without `@` is completed with the tenant's initial domain.
    #[must_use]
    pub fn user(account: impl Into<String>) -> Self {
        Self {
            account: Some(account.into()),
            application_id: SIGN_IN_CLIENT,
            scopes: vec!["User.Read".to_owned()],
            app_roles: Vec::new(),
            directory_roles: Vec::new(),
            shows_directory_roles: true,
            audience: None,
            tenant: None,
            home_tenant: None,
            me_refused: None,
            security_attributes: Vec::new(),
            authentication_context: None,
            is_expired: false,
        }
    }

    /// An application that acts by itself, with these application permissions.
    #[must_use]
    pub fn application<I: IntoIterator<Item = S>, S: Into<String>>(id: impl Into<Uuid>, app_roles: I) -> Self {
        Self {
            account: None,
            application_id: id.into(),
            scopes: Vec::new(),
            app_roles: app_roles.into_iter().map(Into::into).collect(),
            ..Self::user("")
        }
    }

    /// The same with these delegated permissions and no others.
    #[must_use]
    pub fn with_scopes<I: IntoIterator<Item = S>, S: Into<String>>(mut self, scopes: I) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these directory roles and no others.
    #[must_use]
    pub fn with_directory_roles<I: IntoIterator<Item = R>, R: Into<Uuid>>(mut self, roles: I) -> Self {
        self.directory_roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// The same with a token that does not name the directory roles, although they are held.
    #[must_use]
    pub const fn without_wids_claim(mut self) -> Self {
        self.shows_directory_roles = false;
        self
    }

    /// The same with a token for another resource.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The same with a token of another tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<Uuid>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The same at home in another tenant and signed in to this one: a guest, or a provider by delegated administration.
    /// The token is this tenant's, and its claim `idp` names the other.
    #[must_use]
    pub fn from_tenant(mut self, home: impl Into<Uuid>) -> Self {
        self.home_tenant = Some(home.into());
        self
    }

    /// The same with `/me` refused, with status 403 or 404, as it may be for a user who has no account in the tenant.
    ///
    /// What Microsoft Graph answers a provider by delegated administration is not documented: status and text are guesses.
    #[must_use]
    pub const fn with_me_refused(mut self, status: u16) -> Self {
        self.me_refused = Some(status);
        self
    }

    /// The same with a token that meets an authentication context, as `c1`, by its claim `acrs`.
    #[must_use]
    pub fn with_authentication_context(mut self, context: impl Into<String>) -> Self {
        self.authentication_context = Some(context.into());
        self
    }

    /// The same signed in through another client application.
    #[must_use]
    pub fn with_sign_in_application(mut self, id: impl Into<Uuid>) -> Self {
        self.application_id = id.into();
        self
    }

    /// The same with a token that expired a minute ago.
    #[must_use]
    pub const fn expired(mut self) -> Self {
        self.is_expired = true;
        self
    }

    pub(super) const fn application_id(&self) -> Uuid {
        self.application_id
    }

    /// The same for a resource, unless its audience was ordered already.
    pub(super) fn or_audience(mut self, audience: &str) -> Self {
        self.audience.get_or_insert_with(|| audience.to_owned());
        self
    }

    pub(super) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The same with a custom security attribute, by its id (`AttributeSet_Attribute`) and its value; may be called
    /// repeatedly. A restriction of the app management policy whose `excludeActors` names it does not bind this caller. The
    /// directory knows it, and no token shows it.
    #[must_use]
    pub fn with_custom_security_attribute(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.security_attributes.push((id.into(), value.into()));
        self
    }

    pub(super) fn security_attributes(&self) -> &[(String, String)] {
        &self.security_attributes
    }

    pub(super) const fn me_refused(&self) -> Option<u16> {
        self.me_refused
    }

    pub(super) fn directory_roles(&self) -> &[Uuid] {
        &self.directory_roles
    }

    /// The account's full name in a tenant; `None` for an application.
    pub(super) fn account_in(&self, initial_domain: &str) -> Option<String> {
        let account = self.account.as_ref()?;
        Some(if account.contains('@') {
            account.clone()
        } else {
            format!("{account}@{initial_domain}")
        })
    }

    /// The object id of a user. Two callers with one name and different roles or attributes are two users, so that the
    /// roles of a token without `wids` can be looked up.
    pub(super) fn user_object_id(&self, tenant: Uuid, account: &str) -> Uuid {
        let roles: Vec<_> = self.directory_roles.iter().map(ToString::to_string).collect();
        let mut name = format!("user/{account}/{}", roles.join(","));
        if let Some(status) = self.me_refused {
            name.push_str(&format!("/{status}"));
        }
        for (id, value) in &self.security_attributes {
            name.push_str(&format!("/{id}={value}"));
        }
        Uuid::new_v5(&tenant, name.as_bytes())
    }

    /// The claims of an access token for this caller.
    pub(super) fn claims(&self, issuer: &Issuer<'_>, object_id: Uuid) -> Map<String, Value> {
        let tenant = self.tenant.unwrap_or(issuer.tenant);
        let expires = if self.is_expired {
            issuer.now - Duration::MINUTE
        } else {
            issuer.now + Duration::HOUR
        };
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        let audience = self
            .audience
            .clone()
            .unwrap_or_else(|| graph_resource(issuer.environment).to_owned());
        set("aud", json!(audience));
        set("iss", json!(format!("https://sts.windows.net/{tenant}/")));
        set("iat", json!((expires - Duration::HOUR).unix_timestamp()));
        set("nbf", json!((expires - Duration::HOUR).unix_timestamp()));
        set("exp", json!(expires.unix_timestamp()));
        set("appid", json!(self.application_id));
        set("oid", json!(object_id));
        set("sub", json!(object_id));
        set("tid", json!(tenant));
        set("ver", json!("1.0"));
        if let Some(home) = self.home_tenant {
            set("idp", json!(format!("https://sts.windows.net/{home}/")));
        }
        if let Some(context) = &self.authentication_context {
            set("acrs", json!([context]));
        }
        if let Some(account) = self.account_in(issuer.initial_domain) {
            set("idtyp", json!("user"));
            set("upn", json!(account));
            set("unique_name", json!(account));
            set("scp", json!(self.scopes.join(" ")));
            if self.shows_directory_roles {
                set("wids", json!(self.directory_roles));
            }
        } else {
            set("idtyp", json!("app"));
            set("roles", json!(self.app_roles));
        }
        claims
    }
}

/// Who writes a token, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issuer<'a> {
    pub(super) tenant: Uuid,
    pub(super) initial_domain: &'a str,
    pub(super) environment: CloudEnvironment,
    pub(super) now: OffsetDateTime,
}

/// A JWT in form. It is not signed, and its header says so.
pub(super) fn write_token(claims: &Map<String, Value>) -> String {
    let payload = serde_json::to_string(claims).unwrap_or_default();
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"typ":"JWT","alg":"none"}"#),
        part(&payload),
        part("not signed")
    )
}

/// The claims in a JWT, unverified; `None` for anything else.
pub(super) fn read_token(token: &str) -> Option<Map<String, Value>> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Microsoft Graph as the audience of a cloud's tokens.
pub(super) const fn graph_resource(environment: CloudEnvironment) -> &'static str {
    match environment {
        CloudEnvironment::AzurePublicCloud => "https://graph.microsoft.com",
        CloudEnvironment::AzureUsGovernmentCloud => "https://graph.microsoft.us",
    }
}
