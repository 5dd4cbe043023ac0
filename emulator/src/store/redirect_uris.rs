//! The rules for redirect URIs. Only URIs that are being added are checked; what is there stays.
//!
//! Source: *Redirect URI (reply URL) best practices and limitations*. Which error the service answers with is shown nowhere, and
//! neither is what it says to one URI on two platforms, which is therefore let through here.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::list_below;
use crate::{object::Object, refusal::Refusal};

const LONGEST: usize = 256;
/// For apps of organizations; the service takes fewer from apps for personal accounts.
const MOST: usize = 256;
/// What no redirect URI may contain.
const FORBIDDEN: [char; 7] = ['!', '$', '\'', '(', ')', ',', ';'];

pub(super) fn check(object: &Object, old: Option<&Object>) -> Result<(), Refusal> {
    let mut count = 0;
    for platform in ["web", "spa", "publicClient"] {
        let refused = || Refusal::invalid_value(&format!("{platform}.redirectUris"), "Application");
        let kept = old.map_or(&[][..], |old| list_below(old, platform, "redirectUris"));
        let mut seen = BTreeSet::new();
        for uri in list_below(object, platform, "redirectUris") {
            count += 1;
            let text = uri.as_str().unwrap_or_default();
            let is_new = !kept.contains(uri);
            // Written twice is refused even if one of them was there.
            if !seen.insert(text) || (is_new && !is_usable(text)) || count > MOST {
                return Err(refused());
            }
        }
    }
    Ok(())
}

/// An absolute URI of a form that is taken: `https`, `http` to this machine, or a scheme of an app's own.
fn is_usable(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_readable = text.chars().count() <= LONGEST && !text.contains(FORBIDDEN) && url.fragment().is_none();
    let is_secure = url.scheme() != "http" || matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    is_readable && is_secure
}

/// The URIs with their places, as the service derives them.
pub(super) fn settings(web: &Object) -> Value {
    let uris = web.get("redirectUris").and_then(Value::as_array).into_iter().flatten();
    uris.map(|uri| serde_json::json!({"uri": uri, "index": null})).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(web: Value, old: Option<Value>) -> bool {
        let object = |uris: Value| json!({"web": {"redirectUris": uris}}).as_object().unwrap().clone();
        check(&object(web), old.map(object).as_ref()).is_ok()
    }

    #[test]
    fn only_what_browsers_can_safely_be_sent_to_is_registered() {
        for uri in [
            "https://contoso.com/signin-oidc",
            "https://*.contoso.com/x",
            "http://localhost",
            "http://localhost:3000/callback",
            "http://127.0.0.1/",
            "ms-appx-web://Microsoft.AAD.BrokerPlugin/c11e4700-0000-4000-8000-000000000c11",
            "msal12://auth",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(checked(json!([uri]), None), "{uri}");
        }
        for uri in [
            "not a uri",
            "",
            "/path",
            "http://contoso.com/x",
            "http://[::1]/",
            "https://contoso.com/#x",
            "https://contoso.com/a;b",
            &format!("https://contoso.com/{}", "x".repeat(300)),
        ] {
            assert!(!checked(json!([uri]), None), "{uri}");
            assert!(checked(json!([uri]), Some(json!([uri]))), "what is there stays: {uri}");
        }
    }

    #[test]
    fn no_redirect_uri_stands_twice_and_none_is_one_too_many() {
        assert!(!checked(json!(["https://a.example/", "https://a.example/"]), None));
        assert!(checked(json!(["https://a.example/", "https://a.example/x"]), None));
        let many = |count: usize| json!((0..count).map(|number| format!("https://a.example/{number}")).collect::<Vec<_>>());
        assert!(checked(many(MOST), None) && !checked(many(MOST + 1), None));
    }
}
