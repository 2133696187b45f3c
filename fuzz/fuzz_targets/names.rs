//! Whatever text there is, it is a name of each kind or none, and a name is what C reads to its end
//! and takes for that kind.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use libzfs::{
    BookmarkName, DatasetName, HoldTag, MAX_NAME_LEN, MAX_POOL_NAME_LEN, NameError, PoolName,
    SnapshotName, check_user_property,
};
use libzfs_fuzz::{peak, without_leak};

fn parse<T>(text: &str) -> Option<T>
where
    T: FromStr<Err = NameError> + Display + Debug + PartialEq + AsRef<str>,
{
    let (memory, parsed) = peak(|| text.parse::<T>());
    assert!(
        memory <= 4096 + 2 * MAX_NAME_LEN,
        "{memory} bytes of memory"
    );
    match parsed {
        Ok(name) => {
            assert_eq!(name.as_ref(), text);
            assert_eq!(name.to_string(), text);
            assert_eq!(name.to_string().parse::<T>().as_ref(), Ok(&name));
            assert!(text.len() <= MAX_NAME_LEN && !text.contains('\0') && !text.is_empty());
            let _ = format!("{name:?}");
            Some(name)
        }
        Err(error) => {
            assert!(text.starts_with(error.name().trim_end_matches('…')));
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let pool = parse::<PoolName>(text);
    let dataset = parse::<DatasetName>(text);
    let snapshot = parse::<SnapshotName>(text);
    let bookmark = parse::<BookmarkName>(text);
    let _ = parse::<HoldTag>(text);
    let _ = check_user_property(text);

    if let Some(pool) = &pool {
        assert!(text.len() <= MAX_POOL_NAME_LEN);
        assert_eq!(Some(pool.root()), dataset);
    }
    let kinds = [dataset.is_some(), snapshot.is_some(), bookmark.is_some()];
    assert!(
        kinds.iter().filter(|&&is| is).count() <= 1,
        "one text, two kinds of name"
    );
    if let Some(dataset) = &dataset {
        assert!(!text.contains(['@', '#']));
        let within = |parent: &DatasetName| dataset.is_within(parent);
        assert!(dataset.is_within(dataset) && dataset.parent().is_none_or(|p| within(&p)));
        assert!(text.starts_with(dataset.pool().as_str()));
        let _ = (
            dataset.child("x"),
            dataset.snapshot("x"),
            dataset.bookmark("x"),
        );
    }
    if let Some(snapshot) = &snapshot {
        let (dataset, short) = text.split_once('@').expect("a snapshot has one");
        assert_eq!(
            (snapshot.dataset().as_str(), snapshot.short_name()),
            (dataset, short)
        );
        assert_eq!(snapshot.dataset().snapshot(short).as_ref(), Ok(snapshot));
    }
    if let Some(bookmark) = &bookmark {
        let (dataset, short) = text.split_once('#').expect("a bookmark has one");
        assert_eq!(
            (bookmark.dataset().as_str(), bookmark.short_name()),
            (dataset, short)
        );
        assert_eq!(bookmark.dataset().bookmark(short).as_ref(), Ok(bookmark));
    }
}
