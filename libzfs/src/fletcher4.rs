//! The checksum of send streams and resume tokens.

#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "it is where a processor is told that it has what it has"
)]
mod avx2;
#[cfg(any(target_arch = "x86_64", test))]
mod lanes;

use crate::nvlist::Endian;

/// From so many bytes on it pays to put lanes together.
#[cfg(target_arch = "x86_64")]
const LANES_FROM: usize = 256;

/// Fletcher-4: four sums, each over the one before it, of the words of 32 bits that the data
/// consist of.
///
/// The words are read in the byte order of the machine that made the data, which therefore has to
/// be known. Data may come in parts of any length. Bytes at the end of what C sums in one call, here
/// the end of all or [`finish_piece`](Self::finish_piece), that make up no whole word are not summed
/// at all: nothing but resume tokens has such (openzfs/zfs#10517).
#[derive(Clone, Debug)]
pub(crate) struct Fletcher4 {
    endian: Endian,
    sums: [u64; 4],
    /// The bytes of a word of which the rest has not come yet, and how many they are.
    partial: [u8; 4],
    partial_len: usize,
}

impl Fletcher4 {
    pub(crate) const fn new(endian: Endian) -> Self {
        Self {
            endian,
            sums: [0; 4],
            partial: [0; 4],
            partial_len: 0,
        }
    }

    pub(crate) fn update(&mut self, mut data: &[u8]) {
        if self.partial_len > 0 {
            let missing = self.partial.len() - self.partial_len;
            let (head, tail) = data.split_at(missing.min(data.len()));
            self.partial[self.partial_len..][..head.len()].copy_from_slice(head);
            self.partial_len += head.len();
            data = tail;
            if self.partial_len < self.partial.len() {
                return;
            }
            let word = self.partial;
            self.partial_len = 0;
            self.words(&word);
        }
        let (words, rest) = data.split_at(data.len() & !3);
        self.words(words);
        self.partial[..rest.len()].copy_from_slice(rest);
        self.partial_len = rest.len();
    }

    /// Forgets the bytes at the end of what came that make up no whole word, as C does.
    pub(crate) const fn finish_piece(&mut self) {
        self.partial_len = 0;
    }

    /// Sums data that is a multiple of four bytes long.
    fn words(&mut self, data: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        if data.len() >= LANES_FROM {
            if let Some(sums) = avx2::sum(self.sums, data, self.endian) {
                self.sums = sums;
                return;
            }
        }
        self.sums = scalar(self.sums, data, self.endian);
    }

    /// The four sums of all that came so far.
    pub(crate) const fn sums(&self) -> [u64; 4] {
        self.sums
    }
}

/// Word by word, as the definition says.
fn scalar(sums: [u64; 4], data: &[u8], endian: Endian) -> [u64; 4] {
    // The byte order is asked for once and not in the loop.
    match endian {
        Endian::Little => sum(sums, data, u32::from_le_bytes),
        Endian::Big => sum(sums, data, u32::from_be_bytes),
    }
}

#[inline]
fn sum(
    [mut a, mut b, mut c, mut d]: [u64; 4],
    data: &[u8],
    word: impl Fn([u8; 4]) -> u32,
) -> [u64; 4] {
    for bytes in data.chunks_exact(4) {
        a = a.wrapping_add(word([bytes[0], bytes[1], bytes[2], bytes[3]]).into());
        b = b.wrapping_add(a);
        c = c.wrapping_add(b);
        d = d.wrapping_add(c);
    }
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fletcher4(endian: Endian, data: &[u8]) -> [u64; 4] {
        let mut sum = Fletcher4::new(endian);
        sum.update(data);
        sum.sums()
    }

    #[test]
    fn sums_of_sums() {
        assert_eq!(fletcher4(Endian::Little, &[]), [0; 4]);
        assert_eq!(fletcher4(Endian::Little, &[1, 0, 0, 0]), [1; 4]);
        assert_eq!(fletcher4(Endian::Big, &[0, 0, 0, 1]), [1; 4]);
        // The words 1, 2, 3, 4.
        let data: Vec<u8> = (1..=4_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(fletcher4(Endian::Little, &data), [10, 20, 35, 56]);
    }

    #[test]
    fn wraps_around() {
        // 4096 words of ones only; the last sum is past 2^64 / 2^32 words long before the end.
        let n = 4096_u128;
        let ones = vec![0xff; 4096 * 4];
        let word = u128::from(u32::MAX);
        // Figurate numbers: how often the word is in each of the sums.
        let times = [
            n,
            n * (n + 1) / 2,
            n * (n + 1) * (n + 2) / 6,
            n * (n + 1) * (n + 2) * (n + 3) / 24,
        ];
        let expected = times.map(|times| u64::try_from(times * word % (1 << 64)).unwrap());
        assert!(times[3] * word > u128::from(u64::MAX));
        assert_eq!(fletcher4(Endian::Little, &ones), expected);
    }

    #[test]
    fn a_part_of_a_word_counts_for_nothing() {
        assert_eq!(
            fletcher4(Endian::Little, &[1, 2, 3, 4, 5, 6, 7]),
            fletcher4(Endian::Little, &[1, 2, 3, 4])
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 4 } else { 256 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn pieces_do_not_matter(
            data in proptest::collection::vec(any::<u8>(), 0..200),
            cuts in proptest::collection::vec(0..200_usize, 0..8),
            big: bool,
        ) {
            let endian = if big { Endian::Big } else { Endian::Little };
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(data.len())).collect();
            cuts.sort_unstable();
            cuts.push(data.len());
            let mut sum = Fletcher4::new(endian);
            let mut from = 0;
            for to in cuts {
                sum.update(&data[from..to]);
                from = to;
            }
            prop_assert_eq!(sum.sums(), fletcher4(endian, &data));
        }

        #[test]
        fn lanes_sum_the_same(
            sums: [u64; 4],
            data in proptest::collection::vec(any::<u32>(), 0..if cfg!(miri) { 200 } else { 3000 }),
            ones: bool,
            big: bool,
        ) {
            let endian = if big { Endian::Big } else { Endian::Little };
            let data: Vec<u8> = data
                .iter()
                .flat_map(|word| if ones { [0xff; 4] } else { word.to_le_bytes() })
                .collect();
            let expected = scalar(sums, &data, endian);
            prop_assert_eq!(lanes::sum::<4>(sums, &data, endian, |_| ()), expected);
            prop_assert_eq!(lanes::sum::<8>(sums, &data, endian, |_| ()), expected);
            #[cfg(target_arch = "x86_64")]
            if let Some(sums) = avx2::sum(sums, &data, endian) {
                prop_assert_eq!(sums, expected);
            }
        }

        #[test]
        fn the_byte_orders_are_mirrors(data in proptest::collection::vec(any::<u32>(), 0..50)) {
            let little: Vec<u8> = data.iter().flat_map(|word| word.to_le_bytes()).collect();
            let big: Vec<u8> = data.iter().flat_map(|word| word.to_be_bytes()).collect();
            prop_assert_eq!(fletcher4(Endian::Little, &little), fletcher4(Endian::Big, &big));
        }
    }
}
