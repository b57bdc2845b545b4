//! Eight bytes at once, as one number: what a processor does with a number it does with all of them.
#![allow(clippy::inline_always, reason = "measured; see benches/README.md")]

/// The first eight bytes, the first one lowest; zeros where there are fewer.
#[inline(always)]
#[must_use]
pub fn first_eight(i: &[u8]) -> u64 {
    if let Some(chunk) = i.first_chunk() {
        return u64::from_le_bytes(*chunk);
    }
    // Two halves that may overlap, or up to three bytes of which two may be the same.
    match (i.first_chunk(), i.last_chunk(), i) {
        (Some(first), Some(last), _) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << (8 * (i.len() - 4))
        }
        (_, _, [first, .., last]) => {
            let middle = i.len() / 2;
            u64::from(*first) | u64::from(i[middle]) << (8 * middle) | u64::from(*last) << (8 * (i.len() - 1))
        }
        (_, _, [only]) => u64::from(*only),
        _ => 0,
    }
}

/// Eight bytes of the same value.
pub(super) const fn bytes(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each of eight bytes that is a decimal digit.
#[inline(always)]
pub(super) const fn digit_marks(eight: u64) -> u64 {
    not_digits(eight ^ bytes(b'0')) ^ bytes(0x80)
}

/// The highest bit of each byte that is over 9.
#[inline(always)]
pub(super) const fn not_digits(each: u64) -> u64 {
    // No sum of seven bits and 118 carries into the next byte.
    (((each & bytes(0x7F)) + bytes(0x7F - 9)) | each) & bytes(0x80)
}
