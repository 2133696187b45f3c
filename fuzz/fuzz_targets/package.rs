//! Whatever list a package has, reading its head ends, takes memory in proportion to it only, and
//! what it returns can be written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libzfs::package::PackageHead;
use libzfs::stream::{Endian, Features};
use libzfs_fuzz::{peak, without_leak};

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let empty = PackageHead {
        snapshot: "tank/a@b".parse().expect("a name"),
        features: Features::empty(),
        contents: None,
    };
    let (begin, _) = empty.encode(Endian::HOST).expect("nothing to encode");
    let (memory, decoded) = peak(|| PackageHead::decode(&begin, data));
    assert!(
        memory <= 64 * data.len() + 8192,
        "{memory} bytes of memory for {}",
        data.len()
    );
    match decoded {
        Ok(head) => {
            let (begin, list) = head
                .encode(Endian::HOST)
                .expect("what was read can be written");
            let again = PackageHead::decode(&begin, &list).expect("and read again");
            assert_eq!(again, head);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
