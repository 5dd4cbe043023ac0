//! Where an administration service is, and how a question to it is written.
//!
//! [`AdminServiceAddress`] is checked when it is made: HTTPS, a host name by which Kerberos knows the server,
//! no user and no query. [`Query`] writes `$select` and `$filter`; values go into it as data, quoted and
//! encoded, so that no name of an app can change a question.

use url::{Host, Url};

use crate::{
    cloud::is_safe_endpoint,
    error::{InvalidValue, ValueKind},
    http::percent_encoded,
};

/// Where a site's administration service is.
///
/// Source: *What is the administration service?* and *How to set up the administration service*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminServiceAddress {
    /// Ends with a slash.
    base: Url,
    is_direct: bool,
    /// Whether the host is known to be an SMS Provider.
    is_provider: bool,
}

impl AdminServiceAddress {
    /// The administration service of an SMS Provider in the same network, by the provider's full name, as
    /// `cm01.corp.contoso.com`. It is asked past every proxy.
    ///
    /// The full name is needed because Kerberos knows the provider by it: an IP address, a short name or an alias has
    /// no service principal name, and Windows would fall back to NTLM, which version 2509 and later refuse.
    ///
    /// # Errors
    ///
    /// If the name is not a full host name.
    pub fn provider(full_name: &str) -> Result<Self, InvalidValue> {
        let name = full_name.trim();
        let refused = |problem| Err(invalid(name, problem));
        if name.contains(['/', '@', '?', '#', ':']) {
            return refused("a host name alone is expected, without scheme, port and path");
        }
        match Host::parse(name) {
            Ok(Host::Domain(host)) if host.trim_end_matches('.').contains('.') => {
                let address = Self::of(&format!("https://{host}/AdminService/"), true)?;
                Ok(Self {
                    is_provider: true,
                    ..address
                })
            }
            Ok(Host::Domain(_)) => refused("it is a short name, and Kerberos knows the provider by its full one"),
            Ok(_) => refused("it is an IP address, and Kerberos knows the provider by its name"),
            Err(_) => refused("it is not a host name"),
        }
    }

    /// The administration service behind a cloud management gateway: the gateway's host name, as
    /// `contoso-cmg.contoso.com`, and its number, as `72057594037928038`.
    ///
    /// The number stands in `SMS_ActiveMPCandidate` (Type `Internet`) on a client. The SMS Provider must allow traffic
    /// from the gateway (console > Administration > Site Configuration > Servers and Site System Roles > SMS Provider >
    /// Properties).
    ///
    /// # Errors
    ///
    /// If the host is not a host name, or the number has other characters than digits.
    pub fn gateway(host: &str, number: &str) -> Result<Self, InvalidValue> {
        let (host, number) = (host.trim(), number.trim());
        let refused = |given: &str, problem| Err(invalid(given, problem));
        if host.contains(['/', '@', '?', '#', ':']) || !matches!(Host::parse(host), Ok(Host::Domain(_))) {
            return refused(host, "the gateway's host name alone is expected");
        }
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return refused(number, "the gateway's number has digits only");
        }
        Self::of(&format!("https://{host}/CCM_Proxy_ServerAuth/{number}/AdminService/"), false)
    }

    /// Any other address that ends in `AdminService`: another port, or an emulator on this machine.
    ///
    /// # Errors
    ///
    /// If it is neither HTTPS nor on this machine, or has a query or a user.
    pub fn url(url: &Url) -> Result<Self, InvalidValue> {
        let mut base = url.clone();
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if !is_safe_endpoint(url) || !is_plain {
            let shown = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
            return Err(invalid(&shown, "an HTTPS address without user and query is expected"));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", url.path()));
        }
        Ok(Self {
            base,
            is_direct: true,
            is_provider: false,
        })
    }

    /// The address as it is asked.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.base
    }

    /// Whether requests go past every proxy.
    pub(super) const fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// The SMS Provider, if the address names one.
    pub(super) fn provider_name(&self) -> Option<&str> {
        self.base.host_str().filter(|_| self.is_provider)
    }

    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Whether Kerberos can know the host by this name.
    #[cfg(feature = "kerberos")]
    pub(super) fn has_name(&self) -> bool {
        matches!(self.base.host(), Some(Host::Domain(_)))
    }

    /// A class on the `wmi` route, with its query.
    pub(super) fn class(&self, class: &str, query: &Query) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}wmi/{class}", self.base.path()));
        url.set_query(query.text().as_deref());
        url
    }

    /// One row of a class.
    pub(super) fn row(&self, class: &str, key: i64) -> Url {
        self.class(&format!("{class}({key})"), &Query::default())
    }

    /// The address of the next page: one on the same host, below the same service.
    pub(super) fn next_page(&self, link: &str) -> Option<Url> {
        let next = self.base.join(link).ok()?;
        let is_same = next.origin() == self.base.origin() && next.username().is_empty() && next.password().is_none();
        let below = next.path().get(..self.base.path().len());
        let is_below = below.is_some_and(|path| path.eq_ignore_ascii_case(self.base.path()));
        (is_same && is_below).then_some(next)
    }

    fn of(text: &str, is_direct: bool) -> Result<Self, InvalidValue> {
        let base = Url::parse(text).map_err(|_| invalid(text, "it is not a host name"))?;
        Ok(Self {
            base,
            is_direct,
            is_provider: false,
        })
    }
}

/// A question's options.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    select: Option<&'static str>,
    filter: Option<String>,
}

impl Query {
    /// Only these properties, separated by commas.
    pub(super) const fn selecting(properties: &'static str) -> Self {
        Self {
            select: Some(properties),
            filter: None,
        }
    }

    /// Only the rows whose property has one of these values.
    pub(super) fn equal_to_any(mut self, property: &str, values: &[&str]) -> Self {
        let terms: Vec<String> = values.iter().map(|value| format!("{property} eq {}", literal(value))).collect();
        self.filter = Some(terms.join(" or "));
        self
    }

    fn text(&self) -> Option<String> {
        let select = self.select.map(|properties| format!("$select={properties}"));
        let filter = self.filter.as_deref().map(|filter| format!("$filter={}", percent_encoded(filter)));
        let options: Vec<String> = [filter, select].into_iter().flatten().collect();
        (!options.is_empty()).then(|| options.join("&"))
    }
}

/// A text as OData writes it: in quotes, with its own quotes doubled.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn invalid(given: &str, problem: &'static str) -> InvalidValue {
    InvalidValue::new(ValueKind::AdminServiceAddress).with_given(given).because(problem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_provider_is_named_in_full() {
        let address = AdminServiceAddress::provider(" CM01.corp.contoso.com ").unwrap();
        assert_eq!(address.as_url().as_str(), "https://cm01.corp.contoso.com/AdminService/");
        assert!(address.is_direct());
        for (name, problem) in [
            ("cm01", "short name"),
            ("10.0.0.7", "IP address"),
            ("https://cm01.corp.contoso.com", "alone"),
            ("cm01.corp.contoso.com:444", "alone"),
            ("", "not a host name"),
            ("cm 01.contoso.com", "not a host name"),
        ] {
            let error = AdminServiceAddress::provider(name).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }

    #[test]
    fn a_gateway_is_named_with_its_number() {
        let address = AdminServiceAddress::gateway("cmg.contoso.com", "72057594037928038").unwrap();
        let expected = "https://cmg.contoso.com/CCM_Proxy_ServerAuth/72057594037928038/AdminService/wmi/SMS_Site";
        assert_eq!(address.class("SMS_Site", &Query::default()).as_str(), expected);
        assert!(!address.is_direct());
        assert!(AdminServiceAddress::gateway("cmg.contoso.com/x", "1").is_err());
        assert!(AdminServiceAddress::gateway("cmg.contoso.com", "1/../2").is_err());
    }

    #[test]
    fn only_https_is_spoken_outside_this_machine() {
        let address = |text: &str| AdminServiceAddress::url(&Url::parse(text).unwrap());
        assert!(address("http://cm01.contoso.com/AdminService").is_err());
        assert!(address("https://me:secret@cm01.contoso.com/AdminService").is_err());
        let local = address("http://127.0.0.1:8080/AdminService").unwrap();
        assert_eq!(
            local.row("SMS_Site", 7).as_str(),
            "http://127.0.0.1:8080/AdminService/wmi/SMS_Site(7)"
        );
    }

    #[test]
    fn the_next_page_is_on_the_same_service() {
        let address = AdminServiceAddress::provider("cm01.contoso.com").unwrap();
        assert!(address.next_page("https://cm01.contoso.com/AdminService/wmi/X?$skip=1").is_some());
        assert!(address.next_page("wmi/X?$skip=1").is_some());
        for link in [
            "https://evil.example/AdminService/wmi/X",
            "http://cm01.contoso.com/AdminService/wmi/X",
            "https://cm01.contoso.com/other",
            "https://cm01.contoso.com:444/AdminService/wmi/X",
        ] {
            assert!(address.next_page(link).is_none(), "{link}");
        }
    }

    proptest! {
        #[test]
        fn a_value_never_ends_its_quotes_and_comes_back_as_it_was(value in ".{0,60}|.*'.*|.*%27.*") {
            let address = AdminServiceAddress::provider("cm01.contoso.com").unwrap();
            let url = address.class("C", &Query::selecting("ID").equal_to_any("Name", &[&value]));
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs.len(), 2);
            prop_assert_eq!(&pairs[0].0, "$filter");
            let inner = pairs[0].1.strip_prefix("Name eq '").and_then(|rest| rest.strip_suffix('\'')).unwrap();
            prop_assert!(!inner.replace("''", "").contains('\''));
            prop_assert_eq!(inner.replace("''", "'"), value);
        }

        #[test]
        fn reading_any_address_never_panics(text in ".{0,80}", number in ".{0,20}") {
            let _ = AdminServiceAddress::provider(&text);
            let _ = AdminServiceAddress::gateway(&text, &number);
            let _ = AdminServiceAddress::provider("cm01.contoso.com").unwrap().next_page(&text);
        }
    }
}
