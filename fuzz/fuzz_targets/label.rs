//! Whatever a label has, it is read or refused: as it is, and with a right checksum, without which
//! nothing would get as far as its list.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libzfs::label::{Label, LabelError};
use libzfs_fuzz::peak;
use sha2::{Digest, Sha256};

const MAGIC: u64 = 0x0210_da7a_b10c_7a11;
const OFFSET: u64 = 16 << 10;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    bytes.resize(Label::LEN, 0);
    let _ = Label::parse(data, OFFSET);
    let _ = Label::parse(&bytes, OFFSET);

    let trailer = Label::LEN - 40;
    bytes[trailer..trailer + 8].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[trailer + 8..].fill(0);
    bytes[trailer + 8..trailer + 16].copy_from_slice(&OFFSET.to_le_bytes());
    let digest = Sha256::digest(&bytes);
    for (to, word) in bytes[trailer + 8..].chunks_mut(8).zip(digest.chunks(8)) {
        to.copy_from_slice(word);
        to.reverse();
    }
    let (memory, label) = peak(|| Label::parse(&bytes, OFFSET));
    assert!(memory <= 24 * Label::LEN + 4096, "{memory} bytes of memory");
    assert_ne!(label, Err(LabelError::Checksum));
    if let Ok(label) = label {
        assert_ne!(label.guid(), 0);
        let _ = (label.is_in_use(), label.pool_name(), label.host_name());
        let _ = format!("{label:?}");
    }
});
