use proptest::prelude::*;

use super::*;

const SAMPLE: &str = r#"{
  "version": 1,
  "set": "offsite",
  "sequence": 4711,
  "source": "tank/prod/db",
  "destination": "prod/db",
  "snapshot": "rep-2",
  "guid": "18446744073709551615",
  "base": {
    "guid": "7",
    "clone": false
  },
  "raw": true,
  "stream_bytes": 1000,
  "file_bytes": 900,
  "sha256": "00000000000000000000000000000000000000000000000000000000000000ff",
  "compression": "zstd",
  "filtered": false,
  "created": 1700000000
}
"#;

#[test]
fn this_is_what_they_look_like() {
    let sidecar = Sidecar::parse(SAMPLE.as_bytes()).unwrap();
    assert_eq!(sidecar.guid, u64::MAX);
    assert_eq!(sidecar.base.map(|base| base.guid), Some(7));
    assert_eq!(sidecar.sha256.0[31], 255);
    assert_eq!(sidecar.to_json(), SAMPLE);
    let full = SAMPLE.replace(
        "\"base\": {\n    \"guid\": \"7\",\n    \"clone\": false\n  }",
        "\"base\": null",
    );
    assert_eq!(Sidecar::parse(full.as_bytes()).unwrap().base, None);
}

#[test]
fn nothing_may_be_there_twice() {
    let twice = SAMPLE.replace("\"raw\": true,", "\"raw\": true, \"raw\": true,");
    let error = Sidecar::parse(twice.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("duplicate field"), "{error}");
}

#[test]
fn the_longest_fits() {
    let mut sidecar = Sidecar::parse(SAMPLE.as_bytes()).unwrap();
    sidecar.set = Marks::new("m".repeat(32)).unwrap();
    sidecar.source = format!("t/{}", "s".repeat(200)).parse().unwrap();
    sidecar.destination = RelativeName::new("d".repeat(253)).unwrap();
    sidecar.snapshot = "r".repeat(50);
    sidecar.sequence = u64::MAX;
    assert_eq!(Sidecar::parse(sidecar.to_json().as_bytes()), Ok(sidecar));
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Sidecar::parse(&bytes);
    }

    #[test]
    fn what_is_changed_is_refused_or_written_as_it_was_read(
        at in 0..SAMPLE.len(),
        len in 0..20_usize,
        by in "[ -~]{0,20}",
    ) {
        let end = (at + len).min(SAMPLE.len());
        let text = format!("{}{by}{}", &SAMPLE[..at], &SAMPLE[end..]);
        if let Ok(sidecar) = Sidecar::parse(text.as_bytes()) {
            prop_assert_eq!(Sidecar::parse(sidecar.to_json().as_bytes()), Ok(sidecar));
        }
    }

    #[test]
    fn no_name_leads_out_of_the_prefix(name in "[a-c./%@#: ]{0,12}") {
        let prefix: DatasetName = "vault/in".parse().unwrap();
        if let Ok(name) = RelativeName::new(name) {
            let below = name.below(&prefix).unwrap();
            prop_assert!(below.is_within(&prefix) && below != prefix);
            prop_assert!(!below.as_str().contains('%'));
            prop_assert!(below.as_str().split('/').all(|part| ![".", "..", ""].contains(&part)));
        }
    }
}
