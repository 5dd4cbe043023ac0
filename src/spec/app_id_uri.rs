//! The App ID URI: its form, and whose it may be.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use url::Url;
use uuid::Uuid;

use crate::{
    error::Diagnostic,
    ids::{ApplicationId, TenantId},
};

/// The forms of an App ID URI that Microsoft Entra accepts for a single-tenant app registration.
///
/// Source: *Restrictions on identifier URIs of Microsoft Entra applications*.
pub(crate) const ACCEPTED_FORMS: &str = "api://{tenantId}/{string}, api://{appId}, api://{tenantId}/{appId}, api://{string}/{appId}, \
api://{string}.{verifiedDomain}/{string}, https://{verifiedDomain}/{string}, https://{subdomain}.{verifiedDomain}/{string} or \
https://{initialDomain}.onmicrosoft.com/{string}";

const LONGEST: usize = 255;

/// What stands for the tenant's id in an App ID URI of a specification.
const TENANT_ID: &str = "{tenantId}";

/// What stands for the app's own client id in an App ID URI of a specification.
const APP_ID: &str = "{appId}";

/// The App ID URIs with placeholders that a specification may ask for: the forms that Microsoft's strictest policy allows.
const TEMPLATES: [&str; 2] = ["api://{tenantId}/{appId}", "api://{appId}"];

/// The App ID URI of the server app: what clients name when they ask for a token.
///
/// It is kept to the letter, because a client's value must equal the registered one byte for byte.
///
/// A specification may also ask for `api://{tenantId}/{appId}` or `api://{appId}`, written with the braces: a run puts the
/// tenant's id and the app's own client id in their places once the app is registered. Tenants whose app management policy
/// allows no other App ID URI allow these two.
///
/// ```
/// use cmg_onboarding::{TenantId, spec::AppIdUri};
///
/// let contoso: TenantId = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse()?;
/// let uri: AppIdUri = "api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService".parse()?;
/// assert_eq!(uri, AppIdUri::default_of(contoso));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AppIdUri(String);

impl AppIdUri {
    /// What the default resolves to once the tenant is known: `api://{tenantId}/ConfigMgrService`.
    #[must_use]
    pub fn default_of(tenant: TenantId) -> Self {
        Self(format!("api://{tenant}/ConfigMgrService"))
    }

    /// `api://{tenantId}/{appId}`, with the placeholders: what every policy on App ID URIs allows.
    pub(crate) fn of_both_ids() -> Self {
        Self(TEMPLATES[0].to_owned())
    }

    /// Whether the app's own client id still has to be put in: the URI is `api://{tenantId}/{appId}` or `api://{appId}`,
    /// written with the braces.
    #[must_use]
    pub fn has_placeholders(&self) -> bool {
        TEMPLATES.contains(&self.0.as_str())
    }

    /// The URI of this app in this tenant: with both ids in the places of the placeholders, if it has any.
    #[must_use]
    pub fn resolved(&self, tenant: TenantId, application: ApplicationId) -> Self {
        if !self.has_placeholders() {
            return self.clone();
        }
        Self(
            self.0
                .replace(TENANT_ID, &tenant.to_string())
                .replace(APP_ID, &application.to_string()),
        )
    }

    /// Whether it is `api://{tenantId}/{appId}` or `api://{appId}` of this app, which the strictest policy allows.
    pub(crate) fn is_of_ids(&self, tenant: TenantId, application: Option<ApplicationId>) -> bool {
        let is_template = |application| {
            let mut of_ids = TEMPLATES.iter().map(|form| Self((*form).to_owned()).resolved(tenant, application));
            of_ids.any(|uri| uri.0.eq_ignore_ascii_case(&self.0))
        };
        self.has_placeholders() || application.is_some_and(is_template)
    }

    /// The URI to the letter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a tenant may have this URI on one of its apps, by what can be known before asking.
    ///
    /// `application` is the app that is to carry it, if it exists already.
    ///
    /// # Errors
    ///
    /// If the URI's domain is not one of the tenant's, or its id is neither the tenant's nor the app's.
    pub(crate) fn check_owner(
        &self,
        tenant: TenantId,
        verified_domains: &[String],
        application: Option<ApplicationId>,
    ) -> Result<(), UriOwnerProblem> {
        if self.has_placeholders() {
            return Ok(());
        }
        let Ok(url) = Url::parse(&self.0) else {
            return Err(UriOwnerProblem::NoOwner);
        };
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        if url.scheme() == "https" {
            let verified = verified_domains.iter().any(|domain| is_within(&host, domain));
            return if verified {
                Ok(())
            } else {
                Err(UriOwnerProblem::ForeignDomain { host })
            };
        }
        let is_application = |text: &str| {
            let given = text.parse::<ApplicationId>().ok();
            given.is_some() && given == application
        };
        if is_application(&host) || host.parse::<TenantId>().ok() == Some(tenant) {
            return Ok(());
        }
        if host.parse::<Uuid>().is_ok() {
            return Err(UriOwnerProblem::ForeignId { id: host });
        }
        let last_segment = url.path().rsplit('/').next().unwrap_or_default();
        if is_application(last_segment) || verified_domains.iter().any(|domain| is_within(&host, domain)) {
            return Ok(());
        }
        Err(UriOwnerProblem::NoOwner)
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

impl fmt::Display for AppIdUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for AppIdUri {
    type Err = InvalidAppIdUri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if TEMPLATES.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let length = text.chars().count();
        if length > LONGEST {
            return Err(InvalidAppIdUri::TooLong { length });
        }
        let Ok(url) = Url::parse(text) else {
            return Err(InvalidAppIdUri::NotAUri);
        };
        if !matches!(url.scheme(), "api" | "https") {
            return Err(InvalidAppIdUri::Scheme);
        }
        if text.ends_with('/') {
            return Err(InvalidAppIdUri::TrailingSlash);
        }
        if text.contains('*') {
            return Err(InvalidAppIdUri::Wildcard);
        }
        let foreign = |character: char| character.is_whitespace() || character.is_control() || "\"'<>\\^`{|}".contains(character);
        let extra = url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.port().is_some();
        if url.host_str().is_none_or(str::is_empty) || text.contains(foreign) || extra {
            return Err(InvalidAppIdUri::NotAUri);
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for AppIdUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The text has not the form of an App ID URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAppIdUri {
    /// Over 255 characters.
    #[error("the App ID URI has {length} characters and may have 255")]
    TooLong {
        /// How many characters were given.
        length: usize,
    },
    /// Ends with a slash.
    #[error("the App ID URI ends with a slash")]
    TrailingSlash,
    /// Contains a wildcard.
    #[error("the App ID URI contains a wildcard")]
    Wildcard,
    /// Neither `api://` nor `https://`.
    #[error("the App ID URI begins neither with api:// nor with https://")]
    Scheme,
    /// Not a URI, or with parts that an App ID URI has not: user, port, query, fragment, white space, quotes.
    #[error("the App ID URI is not a plain URI")]
    NotAUri,
}

impl Diagnostic for InvalidAppIdUri {
    fn code(&self) -> &'static str {
        "invalidAppIdUri"
    }

    fn help(&self) -> Cow<'_, str> {
        format!("Leave the App ID URI out to get api://{{tenantId}}/ConfigMgrService, or give one of these forms: {ACCEPTED_FORMS}.").into()
    }
}

/// The form is right, but the tenant does not own what the URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UriOwnerProblem {
    /// The domain of an `https://` URI is not verified in the tenant. Microsoft Entra refuses it.
    ForeignDomain { host: String },
    /// The id of an `api://` URI is neither the tenant's nor the application's. Microsoft Entra refuses it.
    ForeignId { id: String },
    /// Names no domain or id of the tenant at all. Most tenants' default policy refuses it since 2025.
    NoOwner,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::uuid;

    const TENANT: TenantId = TenantId::new(uuid!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"));
    const APPLICATION: ApplicationId = ApplicationId::new(uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"));

    fn domains() -> Vec<String> {
        vec!["contoso.com".to_owned(), "contoso.onmicrosoft.com".to_owned()]
    }

    fn check(uri: &str) -> Result<(), UriOwnerProblem> {
        uri.parse::<AppIdUri>().unwrap().check_owner(TENANT, &domains(), Some(APPLICATION))
    }

    #[test]
    fn every_accepted_form_is_accepted() {
        for uri in [
            format!("api://{APPLICATION}"),
            format!("api://{TENANT}/{APPLICATION}"),
            format!("api://{TENANT}/ConfigMgrService"),
            format!("api://anything/{APPLICATION}"),
            "https://contoso.onmicrosoft.com/ConfigMgrService".to_owned(),
            "https://CONTOSO.com/x".to_owned(),
            "https://cmg.contoso.com".to_owned(),
            "https://cmg.contoso.com/x".to_owned(),
            "api://cmg.contoso.com/ConfigMgrService".to_owned(),
            AppIdUri::default_of(TENANT).to_string(),
            "api://{appId}".to_owned(),
            "api://{tenantId}/{appId}".to_owned(),
        ] {
            assert_eq!(check(&uri), Ok(()), "{uri}");
        }
    }

    #[test]
    fn placeholders_are_taken_as_they_are_written_and_filled_in_once_the_app_is_known() {
        for (text, expected) in [
            ("api://{appId}", format!("api://{APPLICATION}")),
            ("api://{tenantId}/{appId}", format!("api://{TENANT}/{APPLICATION}")),
        ] {
            let uri: AppIdUri = text.parse().unwrap();
            assert_eq!((uri.as_str(), uri.has_placeholders()), (text, true));
            let resolved = uri.resolved(TENANT, APPLICATION);
            assert_eq!((resolved.as_str(), resolved.has_placeholders()), (expected.as_str(), false));
            assert!(uri.is_of_ids(TENANT, None) && resolved.is_of_ids(TENANT, Some(APPLICATION)));
            assert!(!resolved.is_of_ids(TENANT, None), "another app's id may be meant");
        }
        let default = AppIdUri::default_of(TENANT);
        assert_eq!(default.resolved(TENANT, APPLICATION), default);
        assert!(!default.is_of_ids(TENANT, Some(APPLICATION)));
    }

    #[test]
    fn no_other_text_with_braces_is_an_app_id_uri() {
        for text in [
            "api://{appid}",
            "api://{tenantId}/{appId}/",
            "api://{tenantId}/{string}",
            "https://{appId}",
            "{appId}",
        ] {
            assert!(text.parse::<AppIdUri>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_wizards_default_is_well_formed_and_belongs_to_no_tenant() {
        assert_eq!(
            check("https://ConfigMgrService"),
            Err(UriOwnerProblem::ForeignDomain {
                host: "configmgrservice".to_owned()
            })
        );
    }

    #[test]
    fn a_domain_that_only_ends_alike_is_foreign() {
        assert!(matches!(
            check("https://notcontoso.com/x"),
            Err(UriOwnerProblem::ForeignDomain { .. })
        ));
        assert!(matches!(
            check("https://contoso.com.evil.example/x"),
            Err(UriOwnerProblem::ForeignDomain { .. })
        ));
    }

    #[test]
    fn another_tenants_id_is_foreign_and_a_bare_word_has_no_owner() {
        assert!(matches!(
            check("api://11111111-3d1c-4b55-9c6b-0a4f5b7a1e11/x"),
            Err(UriOwnerProblem::ForeignId { .. })
        ));
        assert_eq!(check("api://ConfigMgrService"), Err(UriOwnerProblem::NoOwner));
    }

    #[test]
    fn wrong_forms_are_told_apart() {
        let refusal = |text: &str| text.parse::<AppIdUri>().unwrap_err();
        assert_eq!(refusal("https://contoso.com/"), InvalidAppIdUri::TrailingSlash);
        assert_eq!(refusal("https://*.contoso.com"), InvalidAppIdUri::Wildcard);
        assert_eq!(refusal("urn:contoso"), InvalidAppIdUri::Scheme);
        assert_eq!(refusal("contoso"), InvalidAppIdUri::NotAUri);
        assert_eq!(refusal("https://contoso.com/a'b"), InvalidAppIdUri::NotAUri);
        assert_eq!(refusal("https://contoso.com/a#b"), InvalidAppIdUri::NotAUri);
        let long = format!("https://contoso.com/{}", "x".repeat(236));
        assert_eq!(refusal(&long), InvalidAppIdUri::TooLong { length: 256 });
        assert!(long[..255].parse::<AppIdUri>().is_ok());
    }

    #[test]
    fn a_blank_or_a_control_character_is_in_no_app_id_uri() {
        for text in [
            "https://contoso.com/a b",
            "https://contoso.com/a\u{a0}b",
            "https://contoso.com/a\u{1}b",
            "https://contoso.com/a\u{7f}b",
            "https://contoso.com/a\tb",
            "https://contoso.com/a<b",
        ] {
            assert_eq!(text.parse::<AppIdUri>(), Err(InvalidAppIdUri::NotAUri), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_kept_to_the_letter(text in ".{0,300}") {
            if let Ok(uri) = text.parse::<AppIdUri>() {
                prop_assert_eq!(uri.as_str(), &text);
                prop_assert!(text.chars().count() <= LONGEST && !text.ends_with('/') && !text.contains('*'));
            }
        }

        #[test]
        fn any_string_behind_the_tenant_id_is_the_tenants_own(name in "[A-Za-z0-9._~-]{1,80}") {
            let uri: AppIdUri = format!("api://{TENANT}/{name}").parse().unwrap();
            prop_assert_eq!(uri.check_owner(TENANT, &[], None), Ok(()));
        }

        #[test]
        fn checking_the_owner_never_panics(text in "(api|https)://[^/]{0,40}(/.{0,40})?") {
            if let Ok(uri) = text.parse::<AppIdUri>() {
                let _ = uri.check_owner(TENANT, &domains(), None);
            }
        }
    }
}
