//! Whatever bytes there are, decoding them ends, takes memory in proportion to them only, and what
//! it returns can be encoded and decoded again in every way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libzfs::nvlist::{Encoding, Endian, NvList};
use libzfs_fuzz::{peak, without_leak};

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let (memory, decoded) = peak(|| NvList::decode_prefix(data));
    assert!(
        memory <= 24 * data.len() + 4096,
        "{memory} bytes of memory for {}",
        data.len()
    );
    let (list, used) = match decoded {
        Ok(decoded) => decoded,
        Err(error) => {
            assert!(error.offset() <= data.len());
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(used <= data.len());
    let native = list.encode().expect("what was decoded can be encoded");
    for (encoding, endian) in [
        (Encoding::Native, Endian::Little),
        (Encoding::Native, Endian::Big),
        (Encoding::Xdr, Endian::HOST),
    ] {
        let bytes = list.encode_with(encoding, endian).expect("in every way");
        let again = NvList::decode(&bytes).expect("what was encoded can be decoded");
        // By bytes, since a NaN is not equal to itself.
        assert_eq!(again.encode().expect("once more"), native);
    }
    let _ = (format!("{list:?}"), list.to_string());
    for name in list.names() {
        assert!(list.get(name).is_some());
    }
}
