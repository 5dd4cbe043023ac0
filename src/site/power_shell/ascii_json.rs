//! JSON in ASCII alone, into memory that is wiped.
//!
//! Windows PowerShell 5.1 reads standard input in the console's code page, in which only ASCII is safe.

use std::io;

use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// One line of JSON with its line end. It is written to memory of the right size, so that no copy stays behind.
pub(crate) fn line(value: &impl Serialize) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(1);
    value.serialize(&mut Serializer::with_formatter(&mut length, Ascii))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    value.serialize(&mut Serializer::with_formatter(&mut *bytes, Ascii))?;
    bytes.push(b'\n');
    Ok(bytes)
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                writer.write_all(&[character as u8])?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// Counts what would be written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_goes_through_ascii_unharmed(text in any::<String>()) {
            let line = line(&text).unwrap();
            prop_assert!(line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{text:?}");
            prop_assert_eq!(line.len(), line.capacity());
            prop_assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), text);
        }
    }

    #[test]
    fn what_lies_beyond_the_basic_plane_becomes_two_escapes() {
        assert_eq!(line(&"Zürich \u{1F512}").unwrap().as_slice(), b"\"Z\\u00fcrich \\ud83d\\udd12\"\n");
    }
}
