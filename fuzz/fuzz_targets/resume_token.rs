//! Whatever text there is, parsing it ends within its bounds. Half of the time everything up to a
//! point is made right, since otherwise nothing behind the checksum is reached.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use libfuzzer_sys::fuzz_target;
use libzfs::resume_token::{MAX_PACKED_LEN, ResumeToken};
use libzfs_fuzz::{peak, without_leak};

/// A token with those compressed bytes, which is right as far as that goes.
fn token(packed_len: usize, data: &[u8]) -> String {
    let sum: u64 = data
        .chunks_exact(4)
        .map(|word| u64::from(u32::from_le_bytes([word[0], word[1], word[2], word[3]])))
        .sum();
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    let digits: String = data
        .iter()
        .flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)])
        .collect();
    format!("1-{sum:x}-{packed_len:x}-{digits}")
}

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else {
        return;
    };
    let text = match kind {
        // The compressed bytes.
        b'z' => match data.split_first_chunk() {
            Some((len, data)) => token(usize::from(u16::from_le_bytes(*len)), data),
            None => return,
        },
        // The list.
        b'n' => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(data).expect("a vector takes all");
            token(data.len(), &encoder.finish().expect("a vector takes all"))
        }
        // The text.
        _ => match std::str::from_utf8(data) {
            Ok(text) => text.to_owned(),
            Err(_) => return,
        },
    };
    let (memory, parsed) = peak(|| text.parse::<ResumeToken>());
    // The decompressor has a state of its own; what comes out of it is at most what it may be, and
    // the list at most a multiple of that.
    let inflated = (1100 * text.len()).min(MAX_PACKED_LEN);
    let bound = 100_000 + 2 * text.len() + 26 * inflated;
    assert!(
        memory <= bound,
        "{memory} bytes of memory for {}",
        text.len()
    );
    match parsed {
        Ok(token) => {
            let built = ResumeToken::build(token.fields(), token.endian()).expect("what was read");
            let again: ResumeToken = built.as_str().parse().expect("what was built");
            assert_eq!(again.fields().to_guid, token.fields().to_guid);
            assert_eq!(again.fields().to_name, token.fields().to_name);
            let rebuilt = ResumeToken::build(again.fields(), again.endian()).expect("once more");
            assert_eq!(rebuilt.as_str(), built.as_str());
        }
        Err(error) => assert!(error.offset().is_none_or(|offset| offset <= text.len())),
    }
}
