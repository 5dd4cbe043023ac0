//! The settings of an [`HttpClient`](super::HttpClient): whose certificates it trusts, through which proxy it
//! goes, how long it waits.
//!
//! [`HttpOptions`] is read once, when the client is built. A [`Proxy`] holds its password as a secret, and
//! neither `Debug` nor an error shows it.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use url::{Origin, Url};

use super::{CertificateFingerprint, RetryPolicy, roots};
use crate::error::{InvalidValue, ValueKind};

/// The settings of an [`HttpClient`](super::HttpClient).
///
/// | Setting | Default |
/// |---|---|
/// | [`trusted_root_pem`](Self::trusted_root_pem) | the operating system's roots only |
/// | [`pinned_certificate`](Self::pinned_certificate) | none |
/// | [`proxy`](Self::proxy) | [`Proxy::system`] |
/// | [`user_agent_suffix`](Self::user_agent_suffix) | none |
/// | [`connect_timeout`](Self::connect_timeout) | 10 s |
/// | [`request_timeout`](Self::request_timeout) | 60 s |
/// | [`longest_silence`](Self::longest_silence) | 25 s |
/// | [`retry`](Self::retry) | [`RetryPolicy::default`] |
///
/// ```
/// use std::time::Duration;
/// use cmg_onboarding::http::{HttpClient, HttpOptions, Proxy};
///
/// let proxy = Proxy::at("http://proxy.corp.contoso.com:8080".parse()?)?;
/// let options = HttpOptions::new().proxy(proxy).connect_timeout(Duration::from_secs(5));
/// let client = HttpClient::new(options);
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct HttpOptions {
    pub(super) roots: Vec<Vec<u8>>,
    pub(super) pins: Vec<(Origin, CertificateFingerprint)>,
    pub(super) proxy: Proxy,
    pub(super) user_agent: String,
    pub(super) connect_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) longest_silence: Duration,
    pub(super) retry: RetryPolicy,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            roots: Vec::new(),
            pins: Vec::new(),
            proxy: Proxy::system(),
            user_agent: concat!("cmg-onboarding/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            longest_silence: Duration::from_secs(25),
            retry: RetryPolicy::default(),
        }
    }

    /// Trusts these issuers beside those of the operating system, as a proxy that inspects TLS or a site's own root
    /// needs. Calls add up.
    ///
    /// # Errors
    ///
    /// If the text is not one or more certificates in PEM, or the crate is built without its feature `rustls`.
    pub fn trusted_root_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, InvalidValue> {
        self.roots.push(pem.as_ref().to_vec());
        if roots::are_usable(&self.roots) {
            Ok(self)
        } else {
            Err(InvalidValue::new(ValueKind::RootCertificate))
        }
    }

    /// Accepts exactly this certificate at the origin of this URL, without a look at its issuer, its name and its dates
    /// are; the server still has to prove that it holds the key. For the certificate that a site signs for itself.
    ///
    /// At that origin, [`trusted_root_pem`](Self::trusted_root_pem) and the operating system's roots then play no part.
    /// For every other origin, trust is as if there were no pin. A second pin for the same origin takes the place of the
    /// first. Without the feature `rustls` no request reaches a pinned origin.
    pub fn pinned_certificate(mut self, origin: &Url, fingerprint: CertificateFingerprint) -> Self {
        let origin = origin.origin();
        self.pins.retain(|(known, _)| *known != origin);
        self.pins.push((origin, fingerprint));
        self
    }

    /// Whether requests go through a proxy. Nothing on the loopback interface does, and neither does an SMS Provider.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Names the program behind the crate's own name in the `User-Agent` header, as `contoso-portal/2.1`.
    ///
    /// # Errors
    ///
    /// If the text is empty, longer than 128 characters, or has others than visible ASCII and blanks.
    pub fn user_agent_suffix(mut self, suffix: &str) -> Result<Self, InvalidValue> {
        let suffix = suffix.trim();
        let is_usable = (1..=128).contains(&suffix.len()) && suffix.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !is_usable {
            return Err(InvalidValue::new(ValueKind::UserAgent));
        }
        self.user_agent = format!("cmg-onboarding/{} {suffix}", env!("CARGO_PKG_VERSION"));
        Ok(self)
    }

    /// How long a connection may take to be made, TLS and a proxy's own answer counted.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from its first byte to the last byte of the answer. Signing in keeps to 20 s,
    /// and finding a tenant to 15 s, unless this is shorter.
    pub const fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long a service may send nothing before an attempt is given up, at its beginning and between two parts of an
    /// answer.
    pub const fn longest_silence(mut self, silence: Duration) -> Self {
        self.longest_silence = silence;
        self
    }

    /// How often and how long requests are sent again. Signing in and finding a tenant end within 30 s, unless the
    /// policy is shorter.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    pub(super) fn pin_of(&self, url: &Url) -> Option<CertificateFingerprint> {
        let origin = url.origin();
        self.pins.iter().find(|(known, _)| *known == origin).map(|(_, pin)| *pin)
    }
}

/// Whether requests go through a proxy.
///
/// ```
/// use cmg_onboarding::{HttpOptions, http::Proxy};
///
/// let proxy = Proxy::at("http://proxy.contoso.com:3128".parse()?)?.with_credentials("svc-cmg", "its password".into());
/// let options = HttpOptions::new().proxy(proxy);
/// # let _ = options;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Proxy(pub(super) ProxyChoice);

#[derive(Clone)]
pub(super) enum ProxyChoice {
    None,
    System,
    At {
        url: Url,
        credentials: Option<(String, SecretString)>,
    },
}

impl Proxy {
    /// The operating system's settings, and the environment variables `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    #[must_use]
    pub const fn system() -> Self {
        Self(ProxyChoice::System)
    }

    /// No proxy, even if the operating system's settings name one.
    #[must_use]
    pub const fn none() -> Self {
        Self(ProxyChoice::None)
    }

    /// The proxy at this address, as `http://proxy.corp.contoso.com:8080`, for every request.
    ///
    /// # Errors
    ///
    /// If the URL is not one of HTTP or HTTPS with a host, or carries credentials: they belong into
    /// [`with_credentials`](Self::with_credentials), so that nothing shows them.
    pub fn at(url: Url) -> Result<Self, InvalidValue> {
        let is_bare = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_bare {
            return Err(InvalidValue::new(ValueKind::Proxy));
        }
        Ok(Self(ProxyChoice::At { url, credentials: None }))
    }

    /// The same with a user name and a password (Basic), which cross the network in clear text if the proxy's address is
    /// one of HTTP. Without an address given, they play no part.
    #[must_use]
    pub fn with_credentials(mut self, user: impl Into<String>, password: SecretString) -> Self {
        if let ProxyChoice::At { credentials, .. } = &mut self.0 {
            *credentials = Some((user.into(), password));
        }
        self
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ProxyChoice::None => formatter.write_str("none"),
            ProxyChoice::System => formatter.write_str("system"),
            ProxyChoice::At { url, credentials } => {
                let shown = if credentials.is_some() { " with credentials" } else { "" };
                write!(formatter, "{}{shown}", url.origin().ascii_serialization())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_holds_for_its_own_origin_only() {
        let pin = CertificateFingerprint::new([7; 32]);
        let site = Url::parse("https://cm01.corp.contoso.com/AdminService").unwrap();
        let options = HttpOptions::new().pinned_certificate(&site, pin);
        assert_eq!(options.pin_of(&site.join("/AdminService/wmi").unwrap()), Some(pin));
        for other in [
            "https://graph.microsoft.com/",
            "https://cm01.corp.contoso.com:8443/",
            "http://cm01.corp.contoso.com/",
        ] {
            assert_eq!(options.pin_of(&Url::parse(other).unwrap()), None, "{other}");
        }
    }

    #[test]
    fn a_proxys_password_is_not_shown() {
        let proxy = Proxy::at("http://proxy.example:8080/".parse().unwrap()).unwrap();
        let proxy = proxy.with_credentials("canary-user", SecretString::from("canary-7Q"));
        let shown = format!("{:?}", HttpOptions::new().proxy(proxy));
        assert!(shown.contains("proxy.example:8080") && !shown.contains("canary"), "{shown}");
        assert!(Proxy::at("http://user:canary-7Q@proxy.example/".parse().unwrap()).is_err());
        assert!(Proxy::at("ftp://proxy.example/".parse().unwrap()).is_err());
    }

    #[test]
    fn a_user_agent_that_is_not_a_header_is_refused() {
        assert!(HttpOptions::new().user_agent_suffix("contoso-portal/2.1").is_ok());
        for text in ["", " ", "a\r\nb", "\u{fc}"] {
            assert!(HttpOptions::new().user_agent_suffix(text).is_err(), "{text:?}");
        }
    }
}
