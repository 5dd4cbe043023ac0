//! Accepts exactly one certificate, for a server that has signed its own.
//!
//! The pin takes the place of the chain, the name and the dates: a certificate that is known to the last bit
//! needs none of them, and the certificate that a site signs for itself has no chain. What stays is the proof
//! that the server holds the certificate's key.

use std::{error::Error, fmt};

use super::CertificateFingerprint;
use crate::error::Unreachable;

/// The server showed another certificate than the one that is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotPinned {
    pub(crate) found: CertificateFingerprint,
}

impl fmt::Display for NotPinned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the server's certificate is another one than the pinned one, with the fingerprint {}",
            self.found
        )
    }
}

impl Error for NotPinned {}

impl NotPinned {
    /// The refusal behind a failed request, if that is why it failed.
    pub(crate) fn behind(error: &Unreachable) -> Option<Self> {
        error.source()?.downcast_ref().copied()
    }
}

#[cfg(feature = "rustls")]
pub(super) use with_rustls::{not_pinned, tls_config, untrusted};

#[cfg(feature = "rustls")]
mod with_rustls {
    use std::{error::Error, io, sync::Arc};

    use rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme, SupportedCipherSuite,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    use super::NotPinned;
    use crate::http::CertificateFingerprint;

    #[derive(Debug)]
    struct Pinned {
        fingerprint: CertificateFingerprint,
        provider: Arc<CryptoProvider>,
    }

    impl ServerCertVerifier for Pinned {
        fn verify_server_cert(
            &self,
            certificate: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, TlsError> {
            let found = fingerprint_of(certificate)?;
            if found == self.fingerprint {
                return Ok(ServerCertVerified::assertion());
            }
            Err(CertificateError::Other(OtherError(Arc::new(NotPinned { found }))).into())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, TlsError> {
            verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, TlsError> {
            verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    }

    /// SHA-256 as a cipher suite of the provider has it, which spares a library of its own.
    fn fingerprint_of(certificate: &CertificateDer<'_>) -> Result<CertificateFingerprint, TlsError> {
        let SupportedCipherSuite::Tls13(suite) = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256 else {
            return Err(TlsError::General("no SHA-256".to_owned()));
        };
        let hash = suite.common.hash_provider.hash(certificate);
        let bytes: [u8; 32] = hash.as_ref().try_into().map_err(|_| TlsError::General("no SHA-256".to_owned()))?;
        Ok(CertificateFingerprint::new(bytes))
    }

    /// TLS that trusts this certificate and no other.
    pub(in crate::http) fn tls_config(fingerprint: CertificateFingerprint, protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Pinned {
            fingerprint,
            provider: Arc::clone(&provider),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }

    /// The refusal of our own verifier.
    pub(in crate::http) fn not_pinned(error: &CertificateError) -> Option<NotPinned> {
        let CertificateError::Other(other) = error else { return None };
        other.0.downcast_ref().copied()
    }

    /// What speaks against the server's certificate, somewhere below a library's error.
    pub(in crate::http) fn untrusted<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e CertificateError> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(TlsError::InvalidCertificate(trouble)) = error.downcast_ref() {
                return Some(trouble);
            }
            // An I/O error hides the error it wraps from its list of sources.
            next = match error.downcast_ref::<io::Error>() {
                Some(trouble) => trouble.get_ref().map(|inner| inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        None
    }
}
