//! Where bytes are, in the short fields that lines are made of: they end within a few bytes, and calling `memchr` takes
//! longer than to look at 16 of them at once.
//!
//! All of it runs for each field of each line, and is told to be inlined: left to itself, the compiler makes calls of
//! it, which double what a line costs.
#![allow(clippy::inline_always, reason = "measured; see benches/README.md")]

use super::eight::{digit_marks, first_eight};
use memchr::{memchr, memchr2, memchr3, memrchr};
use wide::u8x16;

/// How many bytes one look takes in.
const LANES: usize = 16;

/// How many bytes are looked at before `memchr` takes over, which is faster over long distances.
const NEAR: usize = 4 * LANES;

/// Which of 16 bytes are `byte`: bit 0 stands for the first.
#[inline(always)]
#[must_use]
pub fn mask(chunk: &[u8; LANES], byte: u8) -> u32 {
    u8x16::new(*chunk).cmp_eq(u8x16::splat(byte)).move_mask().cast_unsigned()
}

/// Which of 16 bytes are decimal digits.
#[inline(always)]
#[must_use]
pub fn digits(chunk: &[u8; LANES]) -> u32 {
    let values = u8x16::new(*chunk) - u8x16::splat(b'0');
    values.min(u8x16::splat(9)).cmp_eq(values).move_mask().cast_unsigned()
}

/// Which of 32 bytes are `byte`: bit 0 stands for the first.
#[inline(always)]
#[must_use]
pub fn mask32(bytes: &[u8; 2 * LANES], byte: u8) -> u32 {
    let (chunks, _) = bytes.as_chunks();
    mask(&chunks[0], byte) | mask(&chunks[1], byte) << LANES
}

/// Which of the first 64 bytes are `byte`: bit 0 stands for the first. Behind the end stand zeros.
#[inline(always)]
#[must_use]
pub fn mask64(i: &[u8], byte: u8) -> u64 {
    first64(i, |whole| mask_of(whole, byte))
}

/// Which of the first 64 bytes are one of two: as [`mask64`].
#[inline(always)]
#[must_use]
pub fn either64(i: &[u8], one: u8, other: u8) -> u64 {
    first64(i, |bytes| each16(bytes, |chunk| chunk.cmp_eq(u8x16::splat(one)) | chunk.cmp_eq(u8x16::splat(other))))
}

/// Which of the first 64 bytes are `{` or `[`, and which are `}` or `]`: as [`mask64`]. One bit tells those of a kind
/// apart.
#[inline(always)]
#[must_use]
pub fn brackets64(i: &[u8]) -> [u64; 2] {
    let kind = |bracket: u8| move |chunk: u8x16| (chunk | u8x16::splat(b'{' ^ b'[')).cmp_eq(u8x16::splat(bracket));
    first64(i, |bytes| [each16(bytes, kind(b'{')), each16(bytes, kind(b'}'))])
}

/// What `look` sees in the first 64 bytes. Behind the end stand zeros.
#[inline(always)]
fn first64<T>(i: &[u8], look: impl Fn(&[u8; 4 * LANES]) -> T) -> T {
    match i.first_chunk() {
        Some(whole) => look(whole),
        None => {
            let mut padded = [0; 4 * LANES];
            padded[..i.len()].copy_from_slice(i);
            look(&padded)
        }
    }
}

/// One bit for each of 64 bytes, of 16 at a time: bit 0 stands for the first.
#[inline(always)]
fn each16(bytes: &[u8; 4 * LANES], fits: impl Fn(u8x16) -> u8x16) -> u64 {
    let (chunks, _) = bytes.as_chunks();
    let each = |at: usize| u64::from(fits(u8x16::new(chunks[at])).move_mask().cast_unsigned()) << (at * LANES);
    each(0) | each(1) | each(2) | each(3)
}

/// Which of 64 bytes are `byte`: bit 0 stands for the first.
#[inline(always)]
#[must_use]
pub fn mask_of(bytes: &[u8; 4 * LANES], byte: u8) -> u64 {
    each16(bytes, |chunk| chunk.cmp_eq(u8x16::splat(byte)))
}

/// Where the first `byte` is: as `memchr`, and faster where it is near.
#[inline(always)]
#[must_use]
pub fn find(byte: u8, i: &[u8]) -> Option<usize> {
    first(i, |chunk| mask(chunk, byte), |eight| marks(eight, byte), |far| memchr(byte, far))
}

/// [`find`] for what is seldom near, such as the quote that ends a request: 32 bytes at a time.
#[inline(always)]
#[must_use]
pub fn find_far(byte: u8, i: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = i[at..].first_chunk() {
        let found = mask32(chunk, byte);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 2 * LANES;
        if at == 2 * NEAR {
            break;
        }
    }
    find(byte, &i[at..]).map(|found| at + found)
}

/// Where the last `byte` is: as `memrchr`, and faster where it is near the end.
#[inline(always)]
#[must_use]
pub fn rfind(byte: u8, i: &[u8]) -> Option<usize> {
    let mut rest = i;
    while let Some((before, chunk)) = rest.split_last_chunk::<LANES>() {
        if let Some(last) = mask(chunk, byte).checked_ilog2() {
            return Some(before.len() + last as usize);
        }
        rest = before;
        if i.len() - rest.len() == NEAR {
            break;
        }
    }
    memrchr(byte, rest)
}

/// Where the first `byte` is among the first `length` bytes of a line: faster than to cut the line there first, since
/// what follows may be looked at.
#[inline(always)]
#[must_use]
pub fn find_within(byte: u8, i: &[u8], length: usize) -> Option<usize> {
    match i.first_chunk() {
        Some(chunk) if length <= LANES => {
            let found = mask(chunk, byte) & ((1 << length) - 1);
            (found != 0).then(|| found.trailing_zeros() as usize)
        }
        _ => find(byte, &i[..length]),
    }
}

/// Where the first of two bytes is: as `memchr2`, and faster where it is near.
#[inline(always)]
#[must_use]
pub fn find2(one: u8, other: u8, i: &[u8]) -> Option<usize> {
    first(
        i,
        |chunk| mask(chunk, one) | mask(chunk, other),
        |eight| marks(eight, one) | marks(eight, other),
        |far| memchr2(one, other, far),
    )
}

/// Where the first of three bytes is: as `memchr3`, and faster where it is near.
#[inline(always)]
#[must_use]
pub fn find3(one: u8, two: u8, three: u8, i: &[u8]) -> Option<usize> {
    first(
        i,
        |chunk| mask(chunk, one) | mask(chunk, two) | mask(chunk, three),
        |eight| marks(eight, one) | marks(eight, two) | marks(eight, three),
        |far| memchr3(one, two, three, far),
    )
}

/// Where the first decimal digit is.
#[inline(always)]
#[must_use]
pub fn find_digit(i: &[u8]) -> Option<usize> {
    first(i, digits, digit_marks, |far| far.iter().position(u8::is_ascii_digit))
}

/// The highest bit of the first of eight bytes that is `byte`, and of none before it.
#[inline(always)]
const fn marks(eight: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let others = eight ^ (ONES * byte as u64);
    others.wrapping_sub(ONES) & !others & (ONES << 7)
}

/// Where the first byte is that is looked for, in one of three ways: in 16 bytes, in eight, in many.
#[inline(always)]
fn first(
    i: &[u8],
    among: impl Fn(&[u8; LANES]) -> u32,
    in_eight: impl Fn(u64) -> u64,
    far: impl Fn(&[u8]) -> Option<usize>,
) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = i[at..].first_chunk::<LANES>() {
        let found = among(chunk);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += LANES;
        if at == NEAR {
            return far(&i[at..]).map(|found| at + found);
        }
    }
    // The last bytes once more, with some that have been looked at before: what is looked for is none of those.
    if let Some(chunk) = i.last_chunk::<LANES>() {
        let found = among(chunk);
        return (found != 0).then(|| i.len() - LANES + found.trailing_zeros() as usize);
    }
    let found = in_eight(first_eight(i));
    if found != 0 {
        // It may be one of the zeros behind a short text.
        return Some(found.trailing_zeros() as usize / 8).filter(|at| *at < i.len());
    }
    let found = in_eight(u64::from_le_bytes(*i.last_chunk()?));
    (found != 0).then(|| i.len() - 8 + found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pads_what_is_short() {
        assert_eq!(mask64(b"a b  c", b' '), 0b01_1010);
        assert_eq!(mask64(b"", 0), u64::MAX);
        for length in [20, 40, 63, 64] {
            let long = [&[b'x'; 64][..length], b" ", &[b'x'; 20]].concat();
            assert_eq!(mask64(&long, b' '), if length < 64 { 1 << length } else { 0 });
        }
    }

    #[test]
    fn tells_brackets_apart() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let places = |found: fn(&[u8]) -> u64| {
            let bits = bytes.chunks(64).map(found).enumerate();
            let bytes = bits
                .flat_map(|(chunk, bits)| (0..64).filter(move |at| bits >> at & 1 == 1).map(move |at| chunk * 64 + at));
            bytes.filter_map(|byte| u8::try_from(byte).ok()).collect::<Vec<_>>()
        };
        assert_eq!(places(|chunk| brackets64(chunk)[0]), b"[{");
        assert_eq!(places(|chunk| brackets64(chunk)[1]), b"]}");
        assert_eq!(places(|chunk| either64(chunk, b'"', b'\\')), b"\"\\");
        assert_eq!((either64(b"a,b", b',', b'a'), brackets64(b"{a]")), (0b011, [0b001, 0b100]));
    }

    proptest! {
        #[test]
        fn finds_what_memchr_finds(bytes in prop::collection::vec(0_u8..4, 0..200), from in 0_usize..200) {
            let bytes = &bytes[from.min(bytes.len())..];
            for byte in 0..5 {
                prop_assert_eq!(find(byte, bytes), memchr(byte, bytes));
                prop_assert_eq!(find_far(byte, bytes), memchr(byte, bytes));
                prop_assert_eq!(rfind(byte, bytes), memrchr(byte, bytes));
                prop_assert_eq!(find2(byte, 3, bytes), memchr2(byte, 3, bytes));
                for length in [0, 1, 7, 15, 16, 17, 60] {
                    let length = bytes.len().min(length);
                    prop_assert_eq!(find_within(byte, bytes, length), memchr(byte, &bytes[..length]));
                }
            }
        }

        #[test]
        fn finds_what_is_far(length in 0_usize..300) {
            let bytes = [vec![b'x'; length], b" y ".to_vec()].concat();
            prop_assert_eq!(find(b' ', &bytes), Some(length));
            prop_assert_eq!(find_far(b' ', &bytes), Some(length));
            let bytes = [b" y ".to_vec(), vec![b'x'; length]].concat();
            prop_assert_eq!(rfind(b' ', &bytes), Some(2));
        }
    }
}
