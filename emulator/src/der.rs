//! Elements of DER (X.690), as far as certificates and keys take.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

/// The value of the element with this tag at the front, and what follows it.
pub(crate) fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short @ 0..=0x7F => (short, rest),
        // Longer than this is no certificate.
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            let length = digits.iter().fold(0, |length: usize, digit| (length << 8) | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    (*found == tag).then_some((value, rest))
}

/// The same, going on behind it.
pub(crate) fn value<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (value, rest) = take(bytes, tag)?;
    *bytes = rest;
    Some(value)
}
