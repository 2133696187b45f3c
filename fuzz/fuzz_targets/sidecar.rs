//! Whatever lies beside a stream in a spool, reading it ends within its bounds, and what is read leads
//! to nowhere but below the prefix.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libzfs::DatasetName;
use libzfs::replicate::spool::Sidecar;
use libzfs_fuzz::{peak, without_leak};

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let (memory, parsed) = peak(|| Sidecar::parse(data));
    assert!(memory <= 50_000, "{memory} bytes of memory");
    let Ok(sidecar) = parsed else {
        return;
    };
    let again = Sidecar::parse(sidecar.to_json().as_bytes()).expect("what was read");
    assert_eq!(again, sidecar);
    let prefix: DatasetName = "vault/in".parse().expect("a name");
    if let Ok(below) = sidecar.destination.below(&prefix) {
        assert!(below.is_within(&prefix) && below != prefix);
        below.snapshot(&sidecar.snapshot).ok();
    }
}
