//! Four lanes with AVX2. Nothing here is unsafe but to call what is compiled for a processor that has
//! it, and to tell the processor what to fetch.
//!
//! AVX-512, which Rust has from 1.89 on, would be of little use: what is not in the caches comes
//! slower than this sums it.

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::lanes;
use crate::nvlist::Endian;

/// How far ahead of what is summed memory is fetched. The processor does so by itself within a page,
/// but not from one to the next.
const AHEAD: usize = 2 << 10;

/// The sums, if the processor has AVX2.
pub(super) fn sum(sums: [u64; 4], data: &[u8], endian: Endian) -> Option<[u64; 4]> {
    is_x86_feature_detected!("avx2").then(|| {
        // SAFETY: the processor has AVX2.
        unsafe { with_avx2(sums, data, endian) }
    })
}

/// # Safety
///
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
#[allow(unused_unsafe, reason = "Rust 1.85, which is supported, needs it")]
unsafe fn with_avx2(sums: [u64; 4], data: &[u8], endian: Endian) -> [u64; 4] {
    lanes::sum::<4>(sums, data, endian, |line| {
        let ahead = line.as_ptr().wrapping_add(AHEAD);
        // SAFETY: a hint; it reads nothing, and any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.cast()) };
    })
}
