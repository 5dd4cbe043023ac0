//! Which certificate a message names.

use x509_cert::{
    TbsCertificate,
    der::{Decode, Encode, Tag, asn1::AnyRef},
    name::Name,
};

use super::syntax::{element, hexadecimal, inside};
use crate::text::excerpt;

/// Which certificate: its issuer and serial number, as they stand in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IssuerAndSerial(Vec<u8>);

impl IssuerAndSerial {
    /// Those of a certificate.
    pub(super) fn of(certificate: &TbsCertificate) -> Option<Self> {
        let issuer = certificate.issuer().to_der().ok()?;
        let serial = certificate.serial_number().to_der().ok()?;
        element(Tag::Sequence, &[&issuer, &serial]).map(Self)
    }

    /// Those that stand in a message, as they are written there.
    pub(super) const fn read(written: Vec<u8>) -> Self {
        Self(written)
    }

    /// As the message has them.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        let shown = || {
            let parts = inside(AnyRef::from_der(&self.0).ok()?, Tag::Sequence)?;
            let [issuer, serial] = parts.as_slice() else {
                return None;
            };
            let issuer = Name::from_der(&issuer.to_der().ok()?).ok()?;
            Some(format!("the certificate {} of {issuer}", hexadecimal(serial.value())))
        };
        shown().map_or_else(|| "a certificate".to_owned(), |text| excerpt(&text))
    }
}
