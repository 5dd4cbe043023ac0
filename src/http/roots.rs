//! Whether the root certificates that a caller gives can be used, by the HTTP library that will use them.

/// Whether these PEM texts all hold certificates that can be used.
#[cfg(feature = "rustls")]
pub(super) fn are_usable(texts: &[Vec<u8>]) -> bool {
    let read = || {
        let mut certificates = Vec::new();
        for text in texts {
            let found = reqwest::Certificate::from_pem_bundle(text).ok().filter(|found| !found.is_empty())?;
            certificates.extend(found);
        }
        // The library looks into a certificate only when it builds a client.
        reqwest::Client::builder().tls_certs_merge(certificates).build().ok()
    };
    read().is_some()
}

/// Without TLS there is nothing to trust.
#[cfg(not(feature = "rustls"))]
pub(super) const fn are_usable(_: &[Vec<u8>]) -> bool {
    false
}
