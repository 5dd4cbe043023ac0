//! The first signature of a process, made with plain arithmetic.
//!
//! The library that signs blinds its private keys, and collects entropy for it when it first does: forty milliseconds in which the
//! emulator would not be ready. This key is published, so that there is nothing to blind. Both make the same signatures.

use aws_lc_rs::digest::{SHA256, digest};

use crate::der::{INTEGER, OCTET_STRING, SEQUENCE, value};

/// What stands before a SHA-256 in a signature (RFC 8017, section 9.2).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];

/// RSASSA-PKCS1-v1_5 with SHA-256, with the private key in a PKCS #8 document; `None` if that is none.
pub(super) fn sign(pkcs8: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut document = pkcs8;
    let mut body = value(&mut document, SEQUENCE)?;
    value(&mut body, INTEGER)?;
    value(&mut body, SEQUENCE)?;
    let mut key = value(&mut body, OCTET_STRING)?;
    let mut parts = value(&mut key, SEQUENCE)?;
    let mut integers = Vec::new();
    while let Some(integer) = value(&mut parts, INTEGER) {
        integers.push(limbs(integer));
    }
    let [_, n, _, _, p, q, dp, dq, inverse] = integers.as_slice() else {
        return None;
    };
    let length = n.len() * 8;
    let digest = digest(&SHA256, text);
    let filling = length.checked_sub(3 + DIGEST_INFO.len() + digest.as_ref().len())?;
    let padded = [&[0, 1][..], &vec![0xFF; filling], &[0], &DIGEST_INFO, digest.as_ref()].concat();
    let message = limbs(&padded);
    // RFC 8017, section 5.1.2: by the two primes, and put together.
    let (first, second) = (power(&message, dp, p)?, power(&message, dq, q)?);
    let mut difference = first;
    let second_in_p = remainder(&second, p);
    if is_less(&difference, &second_in_p) {
        add(&mut difference, p);
    }
    subtract(&mut difference, &second_in_p);
    let h = multiplied(&difference, inverse, p)?;
    let mut signature = product(&h, q);
    add(&mut signature, &second);
    signature.truncate(n.len());
    Some(signature.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect())
}

/// A number of big-endian bytes, the lowest part first, without leading zeros.
fn limbs(bytes: &[u8]) -> Vec<u64> {
    let chunks = bytes.rchunks(8);
    let mut limbs: Vec<u64> = chunks
        .map(|chunk| chunk.iter().fold(0, |limb, byte| (limb << 8) | u64::from(*byte)))
        .collect();
    while limbs.len() > 1 && limbs.last() == Some(&0) {
        limbs.pop();
    }
    limbs
}

fn is_less(one: &[u64], other: &[u64]) -> bool {
    let length = one.len().max(other.len());
    let limb = |number: &[u64], place: usize| number.get(place).copied().unwrap_or_default();
    let unequal = (0..length).rev().find(|place| limb(one, *place) != limb(other, *place));
    unequal.is_some_and(|place| limb(one, place) < limb(other, place))
}

fn add(number: &mut Vec<u64>, other: &[u64]) {
    number.resize(number.len().max(other.len()) + 1, 0);
    let mut carry = 0_u128;
    for (place, limb) in number.iter_mut().enumerate() {
        let sum = u128::from(*limb) + u128::from(other.get(place).copied().unwrap_or_default()) + carry;
        *limb = sum as u64;
        carry = sum >> 64;
    }
}

/// The other one is not greater.
fn subtract(number: &mut [u64], other: &[u64]) {
    let mut borrow = false;
    for (place, limb) in number.iter_mut().enumerate() {
        let (less, first) = limb.overflowing_sub(other.get(place).copied().unwrap_or_default());
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        *limb = less;
        borrow = first || second;
    }
}

fn product(one: &[u64], other: &[u64]) -> Vec<u64> {
    let mut product = vec![0_u64; one.len() + other.len()];
    for (place, limb) in one.iter().enumerate() {
        let mut carry = 0_u128;
        for (sum, factor) in product.iter_mut().skip(place).zip(other.iter().chain(&[0])) {
            let whole = u128::from(*limb) * u128::from(*factor) + u128::from(*sum) + carry;
            *sum = whole as u64;
            carry = whole >> 64;
        }
    }
    product
}

/// Bit by bit: it is done a few times only.
fn remainder(number: &[u64], modulus: &[u64]) -> Vec<u64> {
    let mut rest = vec![0_u64; modulus.len() + 1];
    for bit in number
        .iter()
        .rev()
        .flat_map(|limb| (0..64).rev().map(move |place| (limb >> place) & 1))
    {
        double(&mut rest, bit);
        if !is_less(&rest, modulus) {
            subtract(&mut rest, modulus);
        }
    }
    rest.truncate(modulus.len());
    rest
}

fn double(number: &mut [u64], mut bit: u64) {
    for limb in number {
        let next = *limb >> 63;
        *limb = (*limb << 1) | bit;
        bit = next;
    }
}

fn multiplied(one: &[u64], other: &[u64], modulus: &[u64]) -> Option<Vec<u64>> {
    let modulus_of = Montgomery::new(modulus)?;
    let (one, other) = (modulus_of.enter(one), modulus_of.enter(other));
    Some(modulus_of.leave(&modulus_of.multiply(&one, &other)))
}

fn power(base: &[u64], exponent: &[u64], modulus: &[u64]) -> Option<Vec<u64>> {
    let modulus_of = Montgomery::new(modulus)?;
    let base = modulus_of.enter(base);
    let mut result = modulus_of.enter(&[1]);
    for bit in exponent
        .iter()
        .rev()
        .flat_map(|limb| (0..64).rev().map(move |place| (limb >> place) & 1))
    {
        result = modulus_of.multiply(&result, &result);
        if bit == 1 {
            result = modulus_of.multiply(&result, &base);
        }
    }
    Some(modulus_of.leave(&result))
}

/// Multiplication without division (P. L. Montgomery, 1985): numbers are kept multiplied by a power of two.
struct Montgomery<'a> {
    modulus: &'a [u64],
    /// The lowest limb's inverse, negative.
    inverse: u64,
}

impl<'a> Montgomery<'a> {
    /// `None` for an even modulus, which no prime is.
    fn new(modulus: &'a [u64]) -> Option<Self> {
        let lowest = *modulus.first().filter(|lowest| **lowest % 2 == 1)?;
        // Each round doubles the bits that are right; the number itself has the first three.
        let inverse = (0..5).fold(lowest, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(inverse)))
        });
        Some(Self {
            modulus,
            inverse: inverse.wrapping_neg(),
        })
    }

    fn enter(&self, number: &[u64]) -> Vec<u64> {
        let shifted: Vec<u64> = std::iter::repeat_n(0, self.modulus.len()).chain(number.iter().copied()).collect();
        remainder(&shifted, self.modulus)
    }

    fn leave(&self, number: &[u64]) -> Vec<u64> {
        self.multiply(number, &[1])
    }

    fn multiply(&self, one: &[u64], other: &[u64]) -> Vec<u64> {
        let length = self.modulus.len();
        let mut sum = vec![0_u64; length * 2 + 1];
        for place in 0..length {
            let limb = one.get(place).copied().unwrap_or_default();
            add_multiple(sum.get_mut(place..).unwrap_or_default(), other, limb);
            let lowest = sum.get(place).copied().unwrap_or_default();
            add_multiple(
                sum.get_mut(place..).unwrap_or_default(),
                self.modulus,
                lowest.wrapping_mul(self.inverse),
            );
        }
        let mut result = sum.split_off(length);
        if !is_less(&result, self.modulus) {
            subtract(&mut result, self.modulus);
        }
        result.truncate(length);
        result
    }
}

fn add_multiple(sum: &mut [u64], number: &[u64], factor: u64) {
    let mut carry = 0_u128;
    let mut limbs = number.iter();
    for place in sum {
        let limb = limbs.next();
        if limb.is_none() && carry == 0 {
            return;
        }
        let whole = u128::from(*place) + u128::from(limb.copied().unwrap_or_default()) * u128::from(factor) + carry;
        *place = whole as u64;
        carry = whole >> 64;
    }
}
