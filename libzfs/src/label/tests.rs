use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::nvlist::{Encoding, Endian};

/// A label as a writer of this byte order makes it.
fn written(config: &NvList, offset: u64, endian: Endian) -> Vec<u8> {
    let put = |number: u64| match endian {
        Endian::Little => number.to_le_bytes(),
        Endian::Big => number.to_be_bytes(),
    };
    let mut bytes = config.encode_with(Encoding::Xdr, endian).unwrap();
    bytes.resize(Label::LEN - TRAILER, 0);
    bytes.extend(put(MAGIC));
    bytes.extend(put(offset));
    bytes.resize(Label::LEN, 0);
    let digest = Sha256::digest(&bytes);
    bytes.truncate(Label::LEN - CHECKSUM);
    for word in digest.chunks(8) {
        bytes.extend(put(u64::from_be_bytes(word.try_into().unwrap())));
    }
    bytes
}

fn config(txg: u64) -> NvList {
    NvList::new()
        .with("name", "tank")
        .with("state", 1_u64)
        .with("txg", txg)
        .with("pool_guid", 7_u64)
        .with("guid", 8_u64)
}

#[test]
#[cfg_attr(miri, ignore = "checksums of 112 KiB are too slow there")]
fn a_label_of_either_byte_order_is_read() {
    for endian in [Endian::Little, Endian::Big] {
        let label = Label::parse(&written(&config(4), 16384, endian), 16384).unwrap();
        assert_eq!(label.pool_name().unwrap(), "tank");
        assert_eq!((label.guid(), label.pool_guid()), (8, Some(7)));
        assert_eq!((label.state(), label.txg()), (PoolState::Exported, 4));
        assert!(label.is_in_use());
    }
}

#[test]
#[cfg_attr(miri, ignore = "checksums of 112 KiB are too slow there")]
fn a_label_counts_only_at_its_place_and_whole() {
    let good = written(&config(4), 16384, Endian::Little);
    assert_eq!(Label::parse(&good, 16385), Err(LabelError::Checksum));
    assert_eq!(
        Label::parse(&good[1..], 16384),
        Err(LabelError::Length {
            len: Label::LEN - 1
        })
    );
    assert_eq!(
        Label::parse(&vec![0; Label::LEN], 16384),
        Err(LabelError::NoMagic)
    );
    for at in [0, 100, Label::LEN - TRAILER - 1, Label::LEN - 1] {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        assert_eq!(Label::parse(&damaged, 16384), Err(LabelError::Checksum));
    }
    let without = written(&NvList::new().with("guid", 8_u64), 0, Endian::Little);
    assert_eq!(Label::parse(&without, 0), Err(LabelError::Missing("state")));
}

#[test]
#[cfg_attr(miri, ignore = "checksums of 112 KiB are too slow there")]
fn the_newest_of_a_devices_labels_is_taken() {
    let size = 4 * LABEL + 1000;
    let mut file = tempfile::tempfile().unwrap();
    file.set_len(size).unwrap();
    assert_eq!(read(&file).unwrap(), None);
    for (txg, offset) in [(5, 16384), (6, 3 * LABEL + 16384)] {
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(&written(&config(txg), offset, Endian::Little))
            .unwrap();
    }
    assert_eq!(read(&file).unwrap().unwrap().txg(), 6);
    file.set_len(LABEL).unwrap();
    assert_eq!(read(&file).unwrap(), None, "too small for labels");
}

proptest! {
    /// With a right checksum, so that the list is looked at.
    #[test]
    #[cfg_attr(miri, ignore = "checksums of 112 KiB are too slow there")]
    fn whatever_a_label_has_it_is_read_or_refused(list in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = written(&NvList::new(), 0, Endian::Little);
        bytes.truncate(Label::LEN - TRAILER);
        bytes[..list.len()].copy_from_slice(&list);
        bytes.extend(MAGIC.to_le_bytes());
        bytes.resize(Label::LEN, 0);
        let digest = Sha256::digest(&bytes);
        bytes.truncate(Label::LEN - CHECKSUM);
        for word in digest.chunks(8) {
            bytes.extend(u64::from_be_bytes(word.try_into().unwrap()).to_le_bytes());
        }
        prop_assert_ne!(Label::parse(&bytes, 0), Err(LabelError::Checksum));
    }
}
