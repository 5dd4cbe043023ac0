//! The rules for App ID URIs. Only URIs that are being added are checked; what is there stays.

use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{Context, Store, list, text};
use crate::{object::Object, refusal::Refusal, settings::Settings, texts};

const LONGEST: usize = 255;

impl Store {
    pub(super) fn check_identifier_uris(&self, context: Context<'_>, object: &Object, old: Option<&Object>) -> Result<(), Refusal> {
        let is_old = |uri: &str| old.is_some_and(|old| list(old, "identifierUris").iter().any(|kept| kept.as_str() == Some(uri)));
        let uris = list(object, "identifierUris").iter().filter_map(Value::as_str);
        for uri in uris.filter(|uri| !is_old(uri)) {
            let added = Added::read(uri, text(object, "appId"), context.settings)?;
            added.check_domain()?;
            let applies = |rule: &str| self.has_uri_rule(context, rule, object);
            if applies("nonDefaultUriAddition") && !added.is_default() {
                return Err(added.against_policy(&texts::URI_NOT_DEFAULT));
            }
            if applies("uriAdditionWithoutUniqueTenantIdentifier") && !added.has_owner() {
                return Err(added.against_policy(&texts::URI_WITHOUT_OWNER));
            }
            self.check_unique(uri, text(object, "id"))?;
        }
        Ok(())
    }

    fn check_unique(&self, uri: &str, object_id: &str) -> Result<(), Refusal> {
        let mut others = self.applications.iter().filter(|entry| entry.text("id") != object_id);
        let holds = |other: &Value| other.as_str().is_some_and(|other| other.eq_ignore_ascii_case(uri));
        if others.any(|entry| list(&entry.object, "identifierUris").iter().any(holds)) {
            return Err(Refusal::conflict("identifierUris"));
        }
        Ok(())
    }
}

/// One URI that is being added to an app.
struct Added<'a> {
    uri: &'a str,
    app_id: &'a str,
    settings: &'a Settings,
    is_web_address: bool,
    host: String,
    segments: Vec<String>,
}

impl<'a> Added<'a> {
    /// The form: at most 255 characters, a URI, no trailing slash, no wildcard, no foreign id.
    fn read(uri: &'a str, app_id: &'a str, settings: &'a Settings) -> Result<Self, Refusal> {
        let refused = || Refusal::invalid_value("identifierUris", "Application");
        let parsed = Url::parse(uri).map_err(|_| refused())?;
        if uri.chars().count() > LONGEST || uri.ends_with('/') || uri.contains('*') {
            return Err(refused());
        }
        let added = Self {
            uri,
            app_id,
            settings,
            is_web_address: matches!(parsed.scheme(), "https" | "http"),
            host: parsed.host_str().unwrap_or_default().to_ascii_lowercase(),
            segments: parsed
                .path()
                .split('/')
                .filter(|part| !part.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        };
        let is_foreign_id = added.host.parse::<Uuid>().is_ok() && !added.is_tenant(&added.host) && !added.is_app(&added.host);
        if parsed.scheme() == "api" && is_foreign_id {
            return Err(refused());
        }
        Ok(added)
    }

    fn is_tenant(&self, text: &str) -> bool {
        text.eq_ignore_ascii_case(&self.settings.tenant_id.to_string())
    }

    fn is_app(&self, text: &str) -> bool {
        text.eq_ignore_ascii_case(self.app_id)
    }

    fn is_on_verified_domain(&self) -> bool {
        self.settings.domains().any(|domain| {
            let domain = domain.to_ascii_lowercase();
            self.host == domain || self.host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
        })
    }

    fn check_domain(&self) -> Result<(), Refusal> {
        if self.is_web_address && !self.is_on_verified_domain() {
            return Err(Refusal::new(
                400,
                "HostNameNotOnVerifiedDomain",
                texts::URI_NOT_ON_VERIFIED_DOMAIN.with(&[("uri", self.uri)]),
            ));
        }
        Ok(())
    }

    /// The published texts stand for any app and tenant: their placeholders are part of them.
    fn against_policy(&self, words: &texts::Text) -> Refusal {
        Refusal::bad_request(words.with(&[("uri", self.uri)]))
    }

    /// Whether it contains a verified domain, the tenant's id or the app's own.
    fn has_owner(&self) -> bool {
        let mut parts = self.segments.iter().chain(std::iter::once(&self.host));
        self.is_on_verified_domain() || parts.any(|part| self.is_tenant(part) || self.is_app(part))
    }

    /// `api://{appId}` or `api://{tenantId}/{appId}`.
    fn is_default(&self) -> bool {
        !self.is_web_address
            && match self.segments.as_slice() {
                [] => self.is_app(&self.host),
                [only] => self.is_tenant(&self.host) && self.is_app(only),
                _ => false,
            }
    }
}
