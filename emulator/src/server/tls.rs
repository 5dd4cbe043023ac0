//! The server's self-signed certificate, made when the server starts.

use std::{io, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// A self-signed certificate with its key.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    pub(super) certificate: String,
    pub(super) sha256: [u8; 32],
}

impl Identity {
    pub(super) fn new() -> io::Result<Self> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        // The provider is named, because a program may have installed another one, or none.
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .map_err(io::Error::other)?;
        let hash = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256
            .tls13()
            .map(|suite| suite.common.hash_provider.hash(made.cert.der()));
        let hash: Option<[u8; 32]> = hash.and_then(|hash| hash.as_ref().try_into().ok());
        let fingerprint = hash.ok_or_else(|| io::Error::other("the provider has no SHA-256"))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: made.cert.pem(),
            sha256: fingerprint,
        })
    }
}
