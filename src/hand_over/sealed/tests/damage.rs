//! Damaged files, wrong keys and any bytes: an error or the same content, and never a panic.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeySize, PrivateDecryptingKey},
};
use proptest::prelude::*;

use super::*;

#[test]
fn damage_of_any_byte_is_an_error_or_changes_nothing() {
    let sealed = sealed();
    let wanted = json(&hand_over());
    let key = key();
    let mut opened = 0;
    for position in 0..sealed.message.len() {
        let mut message = sealed.message.clone();
        message[position] ^= [0x01, 0x80, 0xff][position % 3];
        let damaged = SealedHandOver::of(message);
        assert_ne!(damaged.fingerprint(), sealed.fingerprint());
        if let Ok(hand_over) = damaged.open(&key, NOW) {
            assert_eq!(
                (json(&hand_over), secret(&hand_over)),
                (wanted.clone(), CANARY.to_owned()),
                "byte {position}"
            );
            opened += 1;
        }
    }
    // Without a certificate beside the key, whom a file names and which version it says do not count.
    assert!(opened < sealed.message.len() / 5, "{opened}");
}

#[test]
fn damage_of_any_character_is_an_error_or_changes_nothing() {
    let sealed = sealed();
    let text = sealed.text();
    let key = key();
    // Every character of both lines of the armour, and a part of those between, whose bytes the test above has all.
    let between = 40..text.len() - 40;
    for position in (0..text.len()).filter(|position| !between.contains(position) || position % 7 == 0) {
        let mut damaged = text.clone().into_bytes();
        damaged[position] = if damaged[position] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).unwrap();
        let opened = SealedHandOver::from_text(&damaged).and_then(|sealed| sealed.open(&key, NOW));
        if let Ok(hand_over) = opened {
            assert_eq!(json(&hand_over), json(&self::hand_over()), "character {position}");
        }
    }
    for end in 0..text.len() - 1 {
        assert!(SealedHandOver::from_text(&text[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn whatever_does_not_decrypt_gives_one_and_the_same_error() {
    let sealed = sealed();
    let key = key();
    let not_opened = HandOverError::NotOpened {
        sealed_to: Envelope::read(&sealed.message).unwrap().sealed_to(),
    };
    // The last bytes are the padding; the middle of the message is the content; the key begins before.
    let length = sealed.message.len();
    for from_the_end in [1, 2, 16, 17, 33, 100, length / 2] {
        let mut message = sealed.message.clone();
        message[length - from_the_end] ^= 0x55;
        assert_eq!(SealedHandOver::of(message).open(&key, NOW).unwrap_err(), not_opened);
    }
    let encrypted_key = sealed
        .message
        .windows(4)
        .position(|bytes| bytes == [0x04, 0x82, 0x01, 0x00])
        .unwrap();
    for position in [encrypted_key + 4, encrypted_key + 200] {
        let mut message = sealed.message.clone();
        message[position] ^= 0x55;
        assert_eq!(SealedHandOver::of(message).open(&key, NOW).unwrap_err(), not_opened);
    }
    // The wrong key, and a content without a right digest, look the same.
    let stranger = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = stranger.as_der().unwrap();
    let stranger = RecipientKey::from_pem(armour::write("PRIVATE KEY", pkcs8.as_ref()).as_bytes()).unwrap();
    assert_eq!(sealed.open(&stranger, NOW).unwrap_err(), not_opened);
    let mut content = content_of(&sealed);
    let last = content.len() - 3;
    content[last] ^= 1;
    assert_eq!(seal(&content).open(&key, NOW).unwrap_err(), not_opened);
    assert_eq!(seal(b"").open(&key, NOW).unwrap_err(), not_opened);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _ = SealedHandOver::from_text(&armour::write("CMS", &bytes));
        let _ = Recipient::from_certificate(&bytes, NOW);
        let _ = Recipient::from_certificate(armour::write("CERTIFICATE", &bytes).as_bytes(), NOW);
        let _ = RecipientKey::from_pem(&bytes);
        let _ = RecipientKey::from_pem(armour::write("RSA PRIVATE KEY", &bytes).as_bytes());
        let _ = document::verified(&bytes);
        let _ = document::read(&bytes);
    }

    #[test]
    fn a_message_with_several_bytes_changed_is_an_error_or_the_same(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let sealed = SealedHandOver::from_text(include_str!("../../test-data/openssl-oaep.pem")).unwrap();
        let mut message = sealed.message;
        for (position, byte) in changes {
            let position = position.index(message.len());
            message[position] = byte;
        }
        if let Ok(opened) = SealedHandOver::of(message.clone()).open(&key(), NOW) {
            prop_assert_eq!(secret(&opened), CANARY);
        }
        message.truncate(cut.index(message.len()));
        prop_assert!(SealedHandOver::of(message).open(&key(), NOW).is_err());
    }

    #[test]
    fn any_document_is_read_or_refused(name in any::<String>(), value in any::<i64>()) {
        let text = serde_json::json!({
            "handOver": 1, "expiresOn": value, "recipient": {"subject": &name, "publicKey": &name},
            "secretKey": [value.rem_euclid(65_536)], "wanted": {"name": &name},
        });
        prop_assert!(document::read(text.to_string().as_bytes()).is_err());
    }
}
