//! The error of a value that cannot be used, of any kind.

use std::{borrow::Cow, fmt};

use super::Diagnostic;
use crate::text::excerpt;

/// What a value was to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// The name of an Azure environment.
    Environment,
    /// The URL of a cloud's endpoint.
    Endpoint,
    /// What tells one site from another one.
    SiteIdentity,
    /// The SHA-256 fingerprint of a certificate.
    Fingerprint,
    /// The address of an administration service.
    AdminServiceAddress,
    /// The name of the SMS Provider that Kerberos asks a ticket for: an IP address was given.
    KerberosName,
    /// How long a secret is to be valid.
    SecretValidity,
    /// A certificate to sign in with: the text holds none.
    Certificate,
    /// The private key of a certificate: the text holds none that can be read.
    PrivateKey,
    /// A private key without a password.
    UnencryptedKey,
    /// An RSA key of 2048 bits or more.
    RsaKey,
    /// The private key that belongs to the certificate.
    KeyOfCertificate,
    /// Root certificates in PEM, in a crate that is built with TLS.
    RootCertificate,
    /// The address of a proxy.
    Proxy,
    /// What fits into a `User-Agent` header.
    UserAgent,
    /// A site code.
    SiteCode,
    /// The host name of an SMS Provider.
    Provider,
    /// What runs the PowerShell script: there is nothing.
    ScriptHost,
    /// The id of an object in Microsoft Entra.
    Id,
}

/// A value that the caller gave, and that cannot be used. Nothing was sent.
///
/// ```
/// use cmg_onboarding::{Diagnostic, cloud::CloudEnvironment, error::ValueKind};
///
/// let error = "AzureGermany".parse::<CloudEnvironment>().unwrap_err();
/// assert_eq!(error.kind, ValueKind::Environment);
/// assert_eq!(error.code(), "unknownEnvironment");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidValue {
    /// What the value was to be.
    pub kind: ValueKind,
    /// The beginning of what was given; `None` of what is not repeated, since it may be long or a secret.
    pub given: Option<String>,
    /// What is wrong with it, if the kind does not say so.
    problem: &'static str,
}

impl InvalidValue {
    pub(crate) const fn new(kind: ValueKind) -> Self {
        Self {
            kind,
            given: None,
            problem: "",
        }
    }

    /// The same with the beginning of what was given.
    pub(crate) fn with_given(mut self, text: &str) -> Self {
        self.given = Some(excerpt(text));
        self
    }

    /// The same with what is wrong with it.
    pub(crate) const fn because(mut self, problem: &'static str) -> Self {
        self.problem = problem;
        self
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (given, problem) = (self.given.as_deref().unwrap_or_default(), self.problem);
        formatter.write_str(match self.kind {
            ValueKind::Environment => {
                return write!(formatter, "{given:?} is not an Azure environment: AzurePublicCloud or AzureUSGovernmentCloud is expected");
            }
            ValueKind::Endpoint => return write!(formatter, "{given} cannot be used as an endpoint: {problem}"),
            ValueKind::AdminServiceAddress => {
                return write!(formatter, "{given:?} is not the address of an administration service: {problem}");
            }
            ValueKind::SiteCode => return write!(formatter, "{given:?} is not a site code, which has three letters or digits"),
            ValueKind::Provider => {
                return write!(formatter, "{given:?} is not the host name of an SMS Provider, such as provider.contoso.com");
            }
            ValueKind::Id => "the text is not an id of Microsoft Entra, such as 6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
            ValueKind::SiteIdentity => "a site's identity has 1 to 40 letters, digits, hyphens, underscores or dots",
            ValueKind::Fingerprint => "a SHA-256 fingerprint has 64 hexadecimal digits",
            ValueKind::KerberosName => "Kerberos knows the SMS Provider by its full host name, and an IP address was given",
            ValueKind::SecretValidity => {
                "the text is not a valid secret validity, which is oneYear or twoYears, a number of days such as P180D, a date such as 2027-05-31, or longestAllowed"
            }
            ValueKind::Certificate => "no certificate was found",
            ValueKind::PrivateKey => "no private key that can be read was found",
            ValueKind::UnencryptedKey => "the private key is encrypted",
            ValueKind::RsaKey => "the private key is not an RSA key of 2048 bits or more",
            ValueKind::KeyOfCertificate => "the private key does not belong to the certificate",
            ValueKind::RootCertificate => "the trusted root certificate cannot be read",
            ValueKind::Proxy => "the proxy's address is not one of HTTP or HTTPS without credentials",
            ValueKind::UserAgent => "the user agent has characters that no header has, or is empty or too long",
            ValueKind::ScriptHost => "there is no host to run the script: switch the feature power-shell on, or give a host",
        })
    }
}

impl std::error::Error for InvalidValue {}

impl Diagnostic for InvalidValue {
    fn code(&self) -> &'static str {
        match self.kind {
            ValueKind::Environment => "unknownEnvironment",
            ValueKind::Endpoint => "invalidEndpoint",
            ValueKind::SiteIdentity => "invalidSiteIdentity",
            ValueKind::Fingerprint => "invalidFingerprint",
            ValueKind::AdminServiceAddress => "invalidAdminServiceAddress",
            ValueKind::KerberosName => "kerberosNeedsAName",
            ValueKind::SecretValidity => "invalidSecretValidity",
            ValueKind::Certificate => "certificateMissing",
            ValueKind::PrivateKey => "privateKeyMissing",
            ValueKind::UnencryptedKey => "privateKeyEncrypted",
            ValueKind::RsaKey => "privateKeyNotRsa",
            ValueKind::KeyOfCertificate => "privateKeyOfAnotherCertificate",
            ValueKind::RootCertificate => "invalidRootCertificate",
            ValueKind::Proxy => "invalidProxy",
            ValueKind::UserAgent => "invalidUserAgent",
            ValueKind::SiteCode => "invalidSiteCode",
            ValueKind::Provider => "invalidProvider",
            ValueKind::ScriptHost => "noScriptHost",
            ValueKind::Id => "invalidId",
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self.kind {
            ValueKind::Environment => "Give AzurePublicCloud or AzureUSGovernmentCloud, as the site names its Azure environments.",
            ValueKind::Endpoint => {
                "Give an https:// URL with host and, if needed, port; http:// is accepted for localhost, 127.0.0.0/8 and [::1] only."
            }
            ValueKind::SiteIdentity => "Give a short text without blanks that is the same in every run against this site, or leave it out.",
            ValueKind::Fingerprint => {
                "Give the SHA-256 of the certificate, as `openssl x509 -noout -fingerprint -sha256` prints it. The thumbprint that Windows shows has 40 digits and is SHA-1."
            }
            ValueKind::AdminServiceAddress | ValueKind::Provider => {
                "Give the full name of the server with the SMS Provider role, as cm01.corp.contoso.com (console > Administration > Site Configuration > Servers and Site System Roles)."
            }
            ValueKind::KerberosName => "Give the provider's full host name, as cm01.corp.contoso.com.",
            ValueKind::SecretValidity => {
                "Write oneYear or twoYears, as the console offers them for the secret key validity period. If the tenant's policy allows only shorter secrets, write longestAllowed, or a number of days such as P180D."
            }
            ValueKind::Certificate => "Give the certificate in PEM (BEGIN CERTIFICATE), or in DER.",
            ValueKind::PrivateKey => "Give the private key in PEM (BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY), or as PKCS#8 in DER.",
            ValueKind::UnencryptedKey => {
                "Give the key without a password, from a store that protects it; openssl pkcs8 -in key.pem -out plain.pem takes the password off."
            }
            ValueKind::RsaKey => "Use a certificate with an RSA key of 2048 bits or more: the sign-in service takes assertions signed with RSA.",
            ValueKind::KeyOfCertificate => "Give the certificate and the private key of one pair.",
            ValueKind::RootCertificate => {
                "Give the issuer's certificates as PEM text, each between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, and build the crate with its feature `rustls`, which is on by default."
            }
            ValueKind::Proxy => {
                "Give the proxy's address as http://proxy.corp.contoso.com:8080, and its user name and password apart, with `Proxy::with_credentials`."
            }
            ValueKind::UserAgent => "Give a name and a version, as contoso-portal/2.1.",
            ValueKind::SiteCode => "Give the site code of three letters or digits, as the console shows it in its title.",
            ValueKind::Id => {
                "Copy the id from the Entra admin center: the tenant's from Overview > Tenant ID, an app's from App registrations > (the app) > Application (client) ID or Object ID."
            }
            ValueKind::ScriptHost => "Build the crate with its feature `power-shell`, or give a host that runs the script.",
        }
        .into()
    }
}
