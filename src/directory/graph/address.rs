//! Puts addresses together: alternate keys, filters, and the check of a link to the next page.

use url::Url;

use crate::http::percent_encoded;

/// The address of a path below `/v1.0/`. Path and query must be encoded already.
pub(super) fn address(root: &Url, path: &str, query: Option<&str>) -> Url {
    let mut url = root.clone();
    let base = root.path().trim_end_matches('/');
    url.set_path(&format!("{base}/v1.0/{path}"));
    url.set_query(query);
    url
}

/// One segment of a path.
pub(super) fn segment(text: &str) -> String {
    percent_encoded(text)
}

/// An alternate key as a segment: `applications(uniqueName='x')`.
pub(super) fn keyed(collection: &str, key: &str, value: &str) -> String {
    format!("{collection}({key}='{}')", percent_encoded(&doubled(value)))
}

/// A query that filters: `filter` is plain text with its literals made by [`literal`].
pub(super) fn filtered(filter: &str, rest: &str) -> String {
    let separator = if rest.is_empty() { "" } else { "&" };
    format!("$filter={}{separator}{rest}", percent_encoded(filter))
}

/// A text in a filter, in quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", doubled(text))
}

/// A link to the next page, if it leads to the same scheme, host and port: a token travels along.
pub(super) fn next_page(root: &Url, link: &str) -> Option<Url> {
    let url = Url::parse(link).ok()?;
    let is_same = url.origin().is_tuple() && url.origin() == root.origin() && url.username().is_empty() && url.password().is_none();
    is_same.then_some(url)
}

fn doubled(text: &str) -> String {
    text.replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn root() -> Url {
        Url::parse("https://graph.microsoft.com/").unwrap()
    }

    #[test]
    fn an_address_keeps_the_root_path_of_the_endpoint() {
        let root = Url::parse("http://127.0.0.1:8080/tenant/").unwrap();
        assert_eq!(
            address(&root, "me", Some("$select=id")).as_str(),
            "http://127.0.0.1:8080/tenant/v1.0/me?$select=id"
        );
    }

    #[test]
    fn a_key_can_hold_any_character() {
        let url = address(&root(), &keyed("applications", "uniqueName", "O'Neil 50%/#?\u{fc}"), None);
        assert_eq!(url.path(), "/v1.0/applications(uniqueName='O%27%27Neil%2050%25%2F%23%3F%C3%BC')");
    }

    #[test]
    fn only_a_link_to_the_same_origin_is_followed() {
        let follows = |link| next_page(&root(), link).is_some();
        assert!(follows("https://graph.microsoft.com/v1.0/x?$skiptoken=a%20b"));
        assert!(follows("https://GRAPH.microsoft.com:443/v1.0/x"));
        for link in [
            "https://graph.microsoft.com.example.org/v1.0/x",
            "https://graph.microsoft.com@example.org/",
            "https://user@graph.microsoft.com/",
            "http://graph.microsoft.com/v1.0/x",
            "https://graph.microsoft.com:8443/v1.0/x",
            "https://graph.microsoft.us/v1.0/x",
            "//graph.microsoft.com/x",
            "/v1.0/x",
            "file:///etc/passwd",
            "data:text/plain,x",
            "",
        ] {
            assert!(!follows(link), "{link}");
        }
    }

    proptest! {
        #[test]
        fn no_link_leads_to_another_host(link in "(https?:)?[/\\\\]{0,3}(graph.microsoft.com)?.{0,40}") {
            if let Some(url) = next_page(&root(), &link) {
                prop_assert_eq!(url.host_str(), Some("graph.microsoft.com"));
                prop_assert_eq!(url.scheme(), "https");
            }
        }

        #[test]
        fn no_key_leaves_its_segment(value in ".{0,40}") {
            let url = address(&root(), &keyed("applications", "uniqueName", &value), Some("$select=id"));
            prop_assert_eq!(url.path_segments().unwrap().count(), 2);
            prop_assert_eq!(url.query(), Some("$select=id"));
            prop_assert_eq!(url.fragment(), None);
        }
    }
}
