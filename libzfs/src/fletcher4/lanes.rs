//! Fletcher-4 in lanes: each lane sums every so many-th word, and the sums of the lanes make those of
//! the whole. So the words of one step do not depend on each other, which is what vectors need.
//!
//! With `x` words to come at a word, itself included, the four sums count it 1, `x`, `x(x+1)/2` and
//! `x(x+1)(x+2)/6` times. In lane `j` of `L`, with `t` words of the lane to come, `x = Lt - j`; what
//! stands below is that, put in terms of how often the lane's own sums count the word: 1, `t`,
//! `t(t+1)/2` and `t(t+1)(t+2)/6` times. All is modulo 2^64, so that negative numbers are no matter.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "all is modulo 2^64"
)]

use crate::nvlist::Endian;

/// How much of the data the processor's caches fetch at a time; a multiple of what lanes sum.
const LINE: usize = 64;

/// The sums of data that is a multiple of four bytes long, after those of what precedes it.
///
/// `ahead` is told of each line before it is summed. It is to be compiled for the processor of its
/// caller, and so within it.
#[inline(always)]
pub(super) fn sum<const L: usize>(
    sums: [u64; 4],
    data: &[u8],
    endian: Endian,
    ahead: impl Fn(&[u8]),
) -> [u64; 4] {
    let (blocks, rest) = data.split_at(data.len() - data.len() % LINE);
    let lanes = match endian {
        Endian::Little => lanes::<L>(blocks, u32::from_le_bytes, ahead),
        Endian::Big => lanes::<L>(blocks, u32::from_be_bytes, ahead),
    };
    let sums = after(sums, blocks.len() as u64 / 4, whole(lanes));
    super::scalar(sums, rest, endian)
}

#[inline(always)]
fn lanes<const L: usize>(
    data: &[u8],
    word: impl Fn([u8; 4]) -> u32,
    ahead: impl Fn(&[u8]),
) -> [[u64; L]; 4] {
    const { assert!(LINE % (4 * L) == 0) };
    let [mut a, mut b, mut c, mut d] = [[0_u64; L]; 4];
    for line in data.chunks_exact(LINE) {
        ahead(line);
        for block in line.chunks_exact(4 * L) {
            // A loop for each sum, in which there is one thing to do for all lanes.
            for (a, word_of) in a.iter_mut().zip(block.chunks_exact(4)) {
                let bytes = [word_of[0], word_of[1], word_of[2], word_of[3]];
                *a = a.wrapping_add(word(bytes).into());
            }
            for (b, a) in b.iter_mut().zip(a) {
                *b = b.wrapping_add(a);
            }
            for (c, b) in c.iter_mut().zip(b) {
                *c = c.wrapping_add(b);
            }
            for (d, c) in d.iter_mut().zip(c) {
                *d = d.wrapping_add(c);
            }
        }
    }
    [a, b, c, d]
}

/// The sums of all words, from those of the lanes.
fn whole<const L: usize>([a, b, c, d]: [[u64; L]; 4]) -> [u64; 4] {
    let mut sums = [0_u64; 4];
    let n = L as i64;
    for (lane, j) in (0..L).zip(0_i64..) {
        let of_lane = [a[lane], b[lane], c[lane], d[lane]];
        // How often each sum of the lane is in each of the whole.
        let times = [
            [1, 0, 0, 0],
            [-j, n, 0, 0],
            [j * (j - 1) / 2, n * (1 - 2 * j - n) / 2, n * n, 0],
            [
                -j * (j - 1) * (j - 2) / 6,
                n * (n * n - 3 * n * (1 - j) + 3 * j * j - 6 * j + 2) / 6,
                n * n * (1 - j - n),
                n * n * n,
            ],
        ];
        for (sum, times) in sums.iter_mut().zip(times) {
            for (times, of_lane) in times.into_iter().zip(of_lane) {
                *sum = sum.wrapping_add(of_lane.wrapping_mul(times as u64));
            }
        }
    }
    sums
}

/// The sums of something and `words` words behind it, from the sums of each.
fn after(before: [u64; 4], words: u64, behind: [u64; 4]) -> [u64; 4] {
    // How often the sums before are counted again. No slice is so long that this overflows.
    let n = u128::from(words);
    let times = [1, n, n * (n + 1) / 2, n * (n + 1) / 2 * (n + 2) / 3];
    let times = times.map(|times| times as u64);
    let mut sums = behind;
    for (at, sum) in sums.iter_mut().enumerate() {
        for (before, times) in before[..=at].iter().rev().zip(times) {
            *sum = sum.wrapping_add(before.wrapping_mul(times));
        }
    }
    sums
}
