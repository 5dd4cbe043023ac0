//! The server's certificate: self-signed, of an authority that is kept in a file, or given.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    },
};

/// The name of the authorities that are made here.
const AUTHORITY: &str = "cmg-emulator, for tests on this machine";

/// Where the server's certificate comes from.
#[derive(Debug, Clone, Default)]
pub(super) enum Tls {
    #[default]
    Off,
    SelfSigned,
    /// A file with certificate and key of an authority, made if it is missing.
    Authority(PathBuf),
    /// A file with the chain and one with the key.
    Given(PathBuf, PathBuf),
}

/// A certificate with its key.
pub(super) struct Identity {
    pub(super) acceptor: TlsAcceptor,
    /// What a client has to trust, in PEM.
    pub(super) certificate: String,
    /// Of the server's own certificate.
    pub(super) sha256: [u8; 32],
}

impl Identity {
    /// `None` without TLS.
    pub(super) fn of(tls: &Tls, names: &[String]) -> io::Result<Option<Self>> {
        match tls {
            Tls::Off => Ok(None),
            Tls::SelfSigned => {
                let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
                let pem = made.cert.pem();
                Self::new(vec![made.cert.der().clone()], private(&made.signing_key), pem).map(Some)
            }
            Tls::Authority(file) => Self::of_authority(file, names).map(Some),
            Tls::Given(chain, key) => {
                let pem = std::fs::read_to_string(chain)?;
                let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
                let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
                Self::new(certificates.map_err(io::Error::other)?, key, pem).map(Some)
            }
        }
    }

    fn of_authority(file: &Path, names: &[String]) -> io::Result<Self> {
        let (pem, key) = authority(file)?;
        let issuer = Issuer::new(authority_parameters(), key);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut parameters = CertificateParams::new(names).map_err(io::Error::other)?;
        parameters.use_authority_key_identifier_extension = true;
        parameters.distinguished_name.push(DnType::CommonName, "cmg-emulator");
        let certificate = parameters.signed_by(&key, &issuer).map_err(io::Error::other)?;
        Self::new(vec![certificate.der().clone()], private(&key), pem)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>, trusted: String) -> io::Result<Self> {
        let first = chain
            .first()
            .ok_or_else(|| io::Error::other("there is no certificate in the file"))?
            .clone();
        // The provider is named, because a program may have installed another one, or none.
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        let hash = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256
            .tls13()
            .map(|suite| suite.common.hash_provider.hash(&first));
        let hash: Option<[u8; 32]> = hash.and_then(|hash| hash.as_ref().try_into().ok());
        let sha256 = hash.ok_or_else(|| io::Error::other("the provider has no SHA-256"))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: trusted,
            sha256,
        })
    }
}

/// The certificate and the key of the authority in a file, which is made if it is missing.
fn authority(file: &Path) -> io::Result<(String, KeyPair)> {
    if !file.exists() {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let made = authority_parameters().self_signed(&key).map_err(io::Error::other)?;
        write_for_the_owner(file, &format!("{}{}", made.pem(), key.serialize_pem()))?;
        return Ok((made.pem(), key));
    }
    let text = std::fs::read_to_string(file)?;
    let start = text.find("-----BEGIN PRIVATE KEY-----");
    let (certificate, key) = start.and_then(|start| text.split_at_checked(start)).unwrap_or((&text, ""));
    let key = KeyPair::from_pem(key).map_err(io::Error::other)?;
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(io::Error::other)?;
    let again = authority_parameters().self_signed(&key).map_err(io::Error::other)?;
    if subject(der)? != subject(again.der().clone())? {
        let message = "the file's authority was not made here; give a certificate of it with --tls-certificate and --tls-key";
        return Err(io::Error::other(message));
    }
    Ok((certificate.to_owned(), key))
}

fn authority_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, AUTHORITY);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn subject(certificate: CertificateDer<'static>) -> io::Result<Vec<u8>> {
    let mut store = RootCertStore::empty();
    store.add(certificate).map_err(io::Error::other)?;
    Ok(store.roots.first().map(|root| root.subject.to_vec()).unwrap_or_default())
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

/// A private key is for who made it.
fn write_for_the_owner(file: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
