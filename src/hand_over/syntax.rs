//! As much of ASN.1 as the message needs, on the reader and writer of `der`.

use secrecy::zeroize::Zeroizing;
use x509_cert::der::{
    Decode, Encode, Reader, SliceReader, Tag, TagNumber,
    asn1::{AnyRef, ObjectIdentifier},
};

/// The elements that stand one after the other in these bytes; `None` if the bytes are anything else.
pub(super) fn elements(bytes: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut found = Vec::new();
    if bytes.is_empty() {
        return Some(found);
    }
    let mut reader = SliceReader::new(bytes).ok()?;
    while !reader.is_finished() {
        found.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(found)
}

/// The elements inside of this one, which must have the tag.
pub(super) fn inside<'a>(element: AnyRef<'a>, tag: Tag) -> Option<Vec<AnyRef<'a>>> {
    if element.header().tag() != tag {
        return None;
    }
    elements(element.value())
}

/// The object identifier that this element is.
pub(super) fn identifier(element: &AnyRef<'_>) -> Option<ObjectIdentifier> {
    element.decode_as().ok()
}

/// The tag `[number]`.
pub(super) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific {
        number: TagNumber(number),
        constructed,
    }
}

/// An element of these parts.
pub(super) fn element(tag: Tag, parts: &[&[u8]]) -> Option<Vec<u8>> {
    // A private key is among what is written.
    let value = Zeroizing::new(parts.concat());
    AnyRef::new(tag, &value).ok()?.to_der().ok()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
