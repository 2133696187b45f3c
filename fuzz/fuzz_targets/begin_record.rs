//! Whatever bytes there are, the first record is read or refused, and its bytes are kept.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libzfs::stream::BeginRecord;
use libzfs_fuzz::without_leak;

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    match BeginRecord::parse(data) {
        Ok(begin) => {
            assert_eq!(begin.as_bytes(), &data[..BeginRecord::LEN]);
            assert!(begin.to_name().len() <= 256 && !begin.to_name().contains(&0));
            assert_eq!(begin.is_full(), begin.from_guid().is_none());
            if let Err(error) = begin.require_single() {
                assert_eq!(error.offset(), 16);
            }
            let _ = (format!("{begin:?}"), begin.features().to_string());
        }
        Err(error) => assert!(error.offset() <= data.len() as u64),
    }
}
