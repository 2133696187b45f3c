//! Four lanes with AVX2. Nothing here is unsafe but to call what is compiled for a processor that has
//! it; from Rust 1.86 on only this call is.

use super::lanes;
use crate::nvlist::Endian;

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
unsafe fn with_avx2(sums: [u64; 4], data: &[u8], endian: Endian) -> [u64; 4] {
    lanes::sum::<4>(sums, data, endian)
}
