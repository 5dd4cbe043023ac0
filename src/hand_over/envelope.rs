//! The message itself: EnvelopedData of RFC 5652.

use aws_lc_rs::{
    cipher::{
        AES_256, AES_256_KEY_LEN, AES_CBC_IV_LEN, DecryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    error::Unspecified,
    iv::FixedLength,
    rand,
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use secrecy::zeroize::Zeroizing;
use x509_cert::der::{
    Encode, Tag,
    asn1::{AnyRef, ObjectIdentifier},
};

use super::{
    HandOverError, Recipient, RecipientKey,
    issuer_and_serial::IssuerAndSerial,
    syntax::{context, element, elements, identifier, inside},
};

const ENVELOPED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3");
const AUTH_ENVELOPED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.23");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const RSA_PKCS1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_OAEP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.7");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");

/// A file with more recipients is not read: each costs one operation with the private key.
const MOST_RECIPIENTS: usize = 16;

/// A message, taken apart.
pub(super) struct Envelope<'a> {
    recipients: Vec<KeyTransport<'a>>,
    iv: [u8; AES_CBC_IV_LEN],
    ciphertext: &'a [u8],
}

/// How one recipient gets the key of the content.
struct KeyTransport<'a> {
    /// `None` if it is named by a key identifier.
    certificate: Option<IssuerAndSerial>,
    padding: Padding,
    encrypted_key: &'a [u8],
}

enum Padding {
    Pkcs1,
    /// With its defaults: SHA-1, MGF1 with SHA-1, no label.
    Oaep,
}

/// Encrypts to one recipient.
pub(super) fn seal(mut content: Zeroizing<Vec<u8>>, recipient: &Recipient) -> Option<Vec<u8>> {
    let mut key = Zeroizing::new([0; AES_256_KEY_LEN]);
    rand::fill(key.as_mut_slice()).ok()?;
    let transport = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&recipient.public_key).ok()?).ok()?;
    let mut room = vec![0; transport.ciphertext_size()];
    let encrypted_key = transport.encrypt(&OAEP_SHA1_MGF1SHA1, key.as_slice(), &mut room, None).ok()?;

    // Room for the padding, so that no copy of the content stays behind.
    content.reserve_exact(AES_CBC_IV_LEN);
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, key.as_slice()).ok()?).ok()?;
    let DecryptionContext::Iv128(iv) = cipher.encrypt(&mut *content).ok()? else {
        return None;
    };

    let oaep = algorithm(&RSA_OAEP, &element(Tag::Sequence, &[])?)?;
    let transported = element(Tag::OctetString, &[encrypted_key])?;
    let version = element(Tag::Integer, &[&[0]])?;
    let transport = element(
        Tag::Sequence,
        &[&version, recipient.issuer_and_serial.as_bytes(), &oaep, &transported],
    )?;
    let cipher = algorithm(&AES_256_CBC, &element(Tag::OctetString, &[iv.as_ref()])?)?;
    let data = element(Tag::ObjectIdentifier, &[DATA.as_bytes()])?;
    let encrypted = element(context(0, false), &[&content])?;
    let encrypted = element(Tag::Sequence, &[&data, &cipher, &encrypted])?;
    let enveloped = element(Tag::Sequence, &[&version, &element(Tag::Set, &[&transport])?, &encrypted])?;
    let kind = element(Tag::ObjectIdentifier, &[ENVELOPED_DATA.as_bytes()])?;
    element(Tag::Sequence, &[&kind, &element(context(0, true), &[&enveloped])?])
}

fn algorithm(id: &ObjectIdentifier, parameters: &[u8]) -> Option<Vec<u8>> {
    element(Tag::Sequence, &[&element(Tag::ObjectIdentifier, &[id.as_bytes()])?, parameters])
}

impl<'a> Envelope<'a> {
    /// Takes a message apart.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, HandOverError> {
        if bytes.starts_with(&[0x30, 0x80]) {
            return Err(unsupported("it was written by streaming, with indefinite lengths"));
        }
        let damaged = || HandOverError::Unreadable {
            reason: "the message inside the armour is damaged",
        };
        let whole = elements(bytes).ok_or_else(damaged)?;
        let [message] = whole.as_slice() else {
            return Err(damaged());
        };
        let message = inside(*message, Tag::Sequence).ok_or_else(damaged)?;
        let [kind, content] = message.as_slice() else {
            return Err(damaged());
        };
        match identifier(kind).ok_or_else(damaged)? {
            ENVELOPED_DATA => {}
            AUTH_ENVELOPED_DATA => {
                return Err(unsupported(
                    "an authenticated mode such as AES in GCM, which PowerShell does not open",
                ));
            }
            other => return Err(unsupported(&format!("a message of the kind {other}"))),
        }
        let content = inside(*content, context(0, true)).ok_or_else(damaged)?;
        let [enveloped] = content.as_slice() else {
            return Err(damaged());
        };
        Self::read_enveloped(&inside(*enveloped, Tag::Sequence).ok_or_else(damaged)?).unwrap_or_else(|| Err(damaged()))
    }

    /// `None` if it is damaged.
    fn read_enveloped(parts: &[AnyRef<'a>]) -> Option<Result<Self, HandOverError>> {
        let find = |tag| parts.iter().find(|part| part.header().tag() == tag).copied();
        let recipients = inside(find(Tag::Set)?, Tag::Set)?;
        if recipients.len() > MOST_RECIPIENTS {
            return Some(Err(unsupported(&format!("it has more than {MOST_RECIPIENTS} recipients"))));
        }
        // Other kinds of recipients have tags of their own.
        let transports = recipients.into_iter().filter(|recipient| recipient.header().tag() == Tag::Sequence);
        let mut readable = Vec::new();
        let mut unreadable = None;
        for transport in transports {
            match KeyTransport::read(&inside(transport, Tag::Sequence)?)? {
                Ok(transport) => readable.push(transport),
                Err(error) => unreadable = Some(error),
            }
        }
        if readable.is_empty() {
            return Some(Err(unreadable.unwrap_or_else(|| unsupported("no recipient has an RSA key"))));
        }
        let encrypted = inside(find(Tag::Sequence)?, Tag::Sequence)?;
        let [_, cipher, ciphertext] = encrypted.as_slice() else {
            return None;
        };
        let cipher = inside(*cipher, Tag::Sequence)?;
        let [id, parameters] = cipher.as_slice() else {
            return None;
        };
        let id = identifier(id)?;
        if id != AES_256_CBC {
            return Some(Err(unsupported(&format!("the cipher {id}, which is not AES-256 in CBC mode"))));
        }
        if parameters.header().tag() != Tag::OctetString || ciphertext.header().tag() != context(0, false) {
            return None;
        }
        Some(Ok(Self {
            recipients: readable,
            iv: parameters.value().try_into().ok()?,
            ciphertext: ciphertext.value(),
        }))
    }

    /// The certificates that it is sealed to, for people.
    pub(super) fn sealed_to(&self) -> Vec<String> {
        let shown = |transport: &KeyTransport<'_>| match &transport.certificate {
            Some(certificate) => certificate.shown(),
            None => "a certificate named by its key".to_owned(),
        };
        self.recipients.iter().map(shown).collect()
    }

    /// Whether it is sealed to another certificate than that of the key, as far as both tell.
    pub(super) fn is_for_another(&self, key: &RecipientKey) -> bool {
        key.certificate()
            .is_some_and(|own| !self.recipients.iter().any(|transport| transport.may_be_for(own)))
    }

    /// Every content that the key makes of it, one for each recipient that it may be. It is to be taken for noise until
    /// its digest is seen to be right.
    pub(super) fn contents(&self, key: &RecipientKey) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
        let own = key.certificate();
        let candidates = self
            .recipients
            .iter()
            .filter(move |transport| own.is_none_or(|own| transport.may_be_for(own)));
        candidates.filter_map(|transport| self.decrypt(transport.content_key(key).ok()?.as_slice()).ok())
    }

    fn decrypt(&self, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        if self.ciphertext.is_empty() || !self.ciphertext.len().is_multiple_of(AES_CBC_IV_LEN) {
            return Err(Unspecified);
        }
        let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, key)?)?;
        let mut bytes = Zeroizing::new(self.ciphertext.to_vec());
        let length = cipher
            .decrypt(&mut bytes, DecryptionContext::Iv128(FixedLength::from(self.iv)))?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

impl<'a> KeyTransport<'a> {
    /// `None` if it is damaged.
    fn read(parts: &[AnyRef<'a>]) -> Option<Result<Self, HandOverError>> {
        let [_, recipient, algorithm, encrypted_key] = parts else {
            return None;
        };
        let certificate = match recipient.header().tag() {
            Tag::Sequence => Some(IssuerAndSerial::read(recipient.to_der().ok()?)),
            _ => None,
        };
        let algorithm = inside(*algorithm, Tag::Sequence)?;
        let (id, parameters) = algorithm.split_first()?;
        let padding = match identifier(id)? {
            RSA_PKCS1 => Padding::Pkcs1,
            RSA_OAEP if parameters.iter().all(|parameter| parameter.value().is_empty()) => Padding::Oaep,
            RSA_OAEP => return Some(Err(unsupported("RSAES-OAEP with other parameters than its defaults"))),
            other => return Some(Err(unsupported(&format!("the key transport {other}")))),
        };
        if encrypted_key.header().tag() != Tag::OctetString {
            return None;
        }
        Some(Ok(Self {
            certificate,
            padding,
            encrypted_key: encrypted_key.value(),
        }))
    }

    fn may_be_for(&self, own: &Recipient) -> bool {
        self.certificate
            .as_ref()
            .is_none_or(|certificate| *certificate == own.issuer_and_serial)
    }

    /// The key of the content. If the padding is wrong, it is a random one, so that the way on is the same: a difference
    /// would tell who sends changed files about the private key (RFC 3218).
    fn content_key(&self, key: &RecipientKey) -> Result<Zeroizing<[u8; AES_256_KEY_LEN]>, Unspecified> {
        let mut content_key = Zeroizing::new([0; AES_256_KEY_LEN]);
        rand::fill(content_key.as_mut_slice())?;
        let keys = key.keys();
        let mut room = Zeroizing::new(vec![0; keys.oaep.key_size_bytes()]);
        let decrypted = match self.padding {
            Padding::Pkcs1 => keys.pkcs1.decrypt(self.encrypted_key, &mut room),
            Padding::Oaep => keys.oaep.decrypt(&OAEP_SHA1_MGF1SHA1, self.encrypted_key, &mut room, None),
        };
        if let Ok(decrypted) = decrypted
            && decrypted.len() == content_key.len()
        {
            content_key.copy_from_slice(decrypted);
        }
        Ok(content_key)
    }
}

fn unsupported(what: &str) -> HandOverError {
    HandOverError::NotSupported { what: what.to_owned() }
}
