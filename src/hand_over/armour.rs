//! The armour of PEM (RFC 7468), read with lenience: text around it and any line ends are passed over.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::zeroize::Zeroizing;

/// The bytes of the first block with this label; `None` if there is none, or if it is cut or no base64.
pub(super) fn read(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (inside, _) = after.split_once(&format!("-----END {label}-----"))?;
    // Room for all of it at once, so that no copy of a private key stays behind.
    let mut bare = Zeroizing::new(String::with_capacity(inside.len()));
    bare.extend(inside.chars().filter(|character| !character.is_ascii_whitespace()));
    let mut bytes = Zeroizing::new(Vec::with_capacity(bare.len()));
    STANDARD.decode_vec(bare.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

/// A block with lines of 64 characters.
pub(super) fn write(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for (index, character) in STANDARD.encode(bytes).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(read(&write("CMS", &bytes), "CMS").map(|read| read.to_vec()), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            read(&text, "CMS");
            read(&format!("-----BEGIN CMS-----{text}-----END CMS-----"), "CMS");
        }
    }

    #[test]
    fn a_mail_around_it_and_other_line_ends_do_no_harm() {
        let sent = write("CMS", &[7; 100]).replace('\n', "\r\n");
        let mail = format!("Dear colleague,\r\n\r\n{sent}\r\nRegards");
        assert_eq!(read(&mail, "CMS").map(|read| read.to_vec()), Some(vec![7; 100]));
    }

    #[test]
    fn a_cut_block_is_refused() {
        let whole = write("CMS", &[7; 100]);
        assert!((0..whole.len() - 1).all(|end| read(&whole[..end], "CMS").is_none()));
    }
}
