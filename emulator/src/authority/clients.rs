//! Who may have a token here: the app registration of the client, as the directory has it.

use serde_json::{Value, json};
use url::Url;
use uuid::{Uuid, uuid};

use super::OAuthError;
use crate::{EmulatedTenant, object::Object, sign_ins::Platform, store::Entry, texts};

/// Clients of Microsoft that every tenant knows without a registration: Graph Command Line Tools, Azure CLI, Azure
/// PowerShell, Graph Explorer, Visual Studio Code.
const OF_MICROSOFT: [Uuid; 5] = [
    uuid!("14d82eec-204b-4c2f-b7e8-296a70dab67e"),
    uuid!("04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
    uuid!("1950a258-227b-4e31-a9cf-717495945fc2"),
    uuid!("de8bc8b5-d9f9-48b1-a8ad-b748da725064"),
    uuid!("aebc6443-996d-45c2-90f0-388ff96faa56"),
];

/// The address that Microsoft lets native clients register if they have none of their own.
const NATIVE_CLIENT: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";

/// A client application.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) application: Option<Object>,
    pub(super) principal: Option<Object>,
    /// Whether it is one that every tenant knows, or the one that the tenant's caller signs in through.
    pub(super) is_of_microsoft: bool,
}

impl Client {
    /// A client that may sign users in: it is known here, and not switched off.
    pub(super) fn find(tenant: &EmulatedTenant, id: &str) -> Result<Self, OAuthError> {
        check_client(tenant, id, false)?;
        let store = tenant.store();
        let is_it = |entry: &&Entry| entry.text("appId").eq_ignore_ascii_case(id);
        let object = |entry: &Entry| entry.object.clone();
        let application = store.applications.iter().find(is_it).map(object);
        let principal = store.service_principals.iter().find(is_it).map(object);
        let known = id
            .parse::<Uuid>()
            .is_ok_and(|id| OF_MICROSOFT.contains(&id) || id == tenant.caller().application_id());
        if application.is_none() && principal.is_none() && !known {
            return Err(unknown_client(tenant, id));
        }
        let named = application
            .as_ref()
            .or(principal.as_ref())
            .and_then(|object| object.get("displayName"));
        Ok(Self {
            name: named.and_then(Value::as_str).unwrap_or_default().to_owned(),
            id: id.to_ascii_lowercase(),
            is_of_microsoft: known && application.is_none(),
            application,
            principal,
        })
    }

    /// The id of its service principal; empty without one.
    pub(super) fn principal_id(&self) -> &str {
        self.principal
            .as_ref()
            .and_then(|object| object.get("id")?.as_str())
            .unwrap_or_default()
    }

    /// What a redirect URI is registered for; `None` if it is not registered.
    ///
    /// Source: *Redirect URI (reply URL) best practices and limitations*: of `http://localhost` the port does not count.
    pub(super) fn platform(&self, redirect_uri: &str) -> Option<Platform> {
        let Some(application) = &self.application else {
            return (is_loopback(redirect_uri) || redirect_uri == NATIVE_CLIENT).then_some(Platform::PublicClient);
        };
        let platforms = [
            ("spa", Platform::SinglePage),
            ("publicClient", Platform::PublicClient),
            ("web", Platform::Web),
        ];
        let is_registered = |name: &str| {
            let uris = application.get(name).and_then(|platform| platform.get("redirectUris")?.as_array());
            let mut uris = uris.into_iter().flatten().filter_map(Value::as_str);
            uris.any(|registered| is_same_address(registered, redirect_uri))
        };
        platforms
            .into_iter()
            .find(|(name, _)| is_registered(name))
            .map(|(_, platform)| platform)
    }

    /// Whether the flows that name no redirect URI take it for a public client.
    ///
    /// That redirect URIs of the platform alone do not suffice is a guess.
    pub(super) fn is_public(&self) -> bool {
        let application = self.application.as_ref();
        application.is_none_or(|object| object.get("isFallbackPublicClient") == Some(&json!(true)))
    }
}

/// Whether two redirect URIs are the same to the letter, or the same place on this machine.
fn is_same_address(registered: &str, given: &str) -> bool {
    let place = |text: &str| {
        let url = Url::parse(text).ok()?;
        let host = url.host_str().filter(|host| matches!(*host, "localhost" | "127.0.0.1"))?.to_owned();
        (url.scheme() == "http").then(|| (host, url.path().to_owned(), url.query().map(str::to_owned)))
    };
    registered == given || place(registered).is_some_and(|registered| Some(registered) == place(given))
}

/// `http://localhost` with any port and without a path, which is what Microsoft's own clients register.
fn is_loopback(redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).is_ok_and(|url| url.scheme() == "http") && is_same_address("http://localhost", redirect_uri)
}

pub(super) fn unknown_client(tenant: &EmulatedTenant, client_id: &str) -> OAuthError {
    let message = texts::CLIENT_UNKNOWN.with(&[("appId", client_id), ("tenant", &tenant.settings().display_name)]);
    OAuthError::new("unauthorized_client", 700_016, message)
}

/// No token through an app registration that is switched off, in itself or in its service principal; and none for an
/// application by itself that has no service principal here.
///
/// Sources: *Deactivate an app registration*, 2026-03-16; *Create a service principal*: an application without one gets no
/// token since 2026-03-31. What is not registered here is another question.
pub(super) fn check_client(tenant: &EmulatedTenant, client_id: &str, acts_by_itself: bool) -> Result<(), OAuthError> {
    let store = tenant.store();
    let is_it = |entry: &&Entry| entry.text("appId").eq_ignore_ascii_case(client_id);
    let application = store.applications.iter().find(is_it);
    let principal = store.service_principals.iter().find(is_it);
    if acts_by_itself && principal.is_none() {
        let tenant_id = tenant.tenant_id().to_string();
        let message = texts::NO_SERVICE_PRINCIPAL.with(&[("appId", client_id), ("tenant", &tenant_id)]);
        return Err(OAuthError::new("invalid_client", 7_000_229, message));
    }
    let objects = application.into_iter().chain(principal);
    let disabled = objects.clone().find(|entry| {
        let is = |name: &str, value: bool| entry.object.get(name) == Some(&json!(value));
        let by_microsoft = entry.text("disabledByMicrosoftStatus");
        let is_disabled_by_microsoft = !by_microsoft.is_empty() && by_microsoft != "NotDisabled";
        is("isDisabled", true) || is("accountEnabled", false) || is_disabled_by_microsoft
    });
    if let Some(disabled) = disabled {
        let message = texts::APPLICATION_DISABLED.with(&[("appId", client_id), ("name", disabled.text("displayName"))]);
        return Err(OAuthError::new("unauthorized_client", 7_000_112, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_microsoft_are_sent_back_to_this_machine_only() {
        for accepted in ["http://localhost", "http://localhost:8400", "http://localhost:8400/"] {
            assert!(is_loopback(accepted), "{accepted}");
        }
        for refused in [
            "https://localhost",
            "http://localhost/path",
            "http://localhost.example.com",
            "http://127.0.0.1",
            "",
        ] {
            assert!(!is_loopback(refused), "{refused}");
        }
    }

    #[test]
    fn of_a_registered_address_on_this_machine_the_port_does_not_count_and_the_path_does() {
        assert!(is_same_address("http://localhost/callback", "http://localhost:3000/callback"));
        assert!(!is_same_address("http://localhost/callback", "http://localhost:3000/other"));
        assert!(!is_same_address("https://app.example/a", "https://app.example/A"));
    }
}
