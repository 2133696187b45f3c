//! The boot environment in a pool's labels.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;

use libzfs::nvlist::{NvList, Value};
use libzfs::testing::Pool;
use libzfs::{BootEnvironment, ErrorKind};
use support::{kind, pool};

/// The part of the first label of the pool's file that is the boot environment.
fn label(pool: &Pool) -> Vec<u8> {
    let file = File::open(&pool.vdevs()[0].path).unwrap();
    let mut bytes = vec![0; 8 << 10];
    file.read_exact_at(&mut bytes, 8 << 10).unwrap();
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn a_new_pool_has_an_empty_one() {
    let pool = pool("new");
    let environment = pool.zfs().boot_environment(pool.name()).unwrap();
    assert!(environment.is_empty(), "{environment:?}");
}

#[test]
fn values_are_kept_in_the_labels_with_their_types() {
    let pool = pool("values");
    let (zfs, name) = (pool.zfs(), pool.name());
    let values = NvList::new()
        .with("freebsd:bootonce", "zfs:zroot/ROOT/next:")
        .with("com.example:count", 3_u64)
        .with("com.example:nested", NvList::new().with("flag", true))
        .with("com.example:bytes", Value::ByteArray(vec![1, 2, 3]));
    let environment = BootEnvironment::Values(values);
    zfs.set_boot_environment(name, &environment).unwrap();
    assert_eq!(zfs.boot_environment(name).unwrap(), environment);
    assert!(contains(&label(&pool), "zfs:zroot/ROOT/next:"));

    // All of it is replaced.
    zfs.set_boot_environment(name, &BootEnvironment::empty())
        .unwrap();
    assert_eq!(
        zfs.boot_environment(name).unwrap(),
        BootEnvironment::empty()
    );
    assert!(!contains(&label(&pool), "bootonce"));
}

#[test]
fn a_block_of_text_is_kept_as_it_is() {
    let pool = pool("raw");
    let (zfs, name) = (pool.zfs(), pool.name());
    let environment = BootEnvironment::Raw("saved_entry=2\n".into());
    zfs.set_boot_environment(name, &environment).unwrap();
    assert_eq!(zfs.boot_environment(name).unwrap(), environment);
    // The version, 0, and then the text itself.
    let label = label(&pool);
    assert_eq!(label[..8], [0; 8]);
    assert_eq!(label[8..22], *b"saved_entry=2\n");
}

#[test]
fn it_survives_an_import() {
    let pool = pool("again");
    let environment = BootEnvironment::Values(NvList::new().with("a:b", "c"));
    pool.zfs()
        .set_boot_environment(pool.name(), &environment)
        .unwrap();
    let pool = pool.export().unwrap().import_read_only().unwrap();
    let read = pool.zfs().boot_environment(pool.name()).unwrap();
    assert_eq!(read, environment);
}

#[test]
fn there_is_room_for_what_is_said_and_no_more() {
    let pool = pool("room");
    let (zfs, name) = (pool.zfs(), pool.name());
    let with = |len: usize| BootEnvironment::Values(NvList::new().with("a:b", "x".repeat(len)));
    // Everything that the crate lets through the kernel takes, and can be read again.
    let largest = (7 << 10..8 << 10)
        .rev()
        .find(|&len| match zfs.set_boot_environment(name, &with(len)) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge);
                assert!(
                    error.to_string().contains("bytes"),
                    "not by the crate: {error}"
                );
                false
            }
        })
        .unwrap();
    assert!(largest > 8000, "{largest}");
    assert_eq!(zfs.boot_environment(name).unwrap(), with(largest));

    let text = |len: usize| BootEnvironment::Raw("x".repeat(len).into());
    let refused = zfs.set_boot_environment(name, &text(8 << 10));
    assert_eq!(kind(refused), ErrorKind::TooLarge);
    zfs.set_boot_environment(name, &text(8000)).unwrap();
    assert_eq!(zfs.boot_environment(name).unwrap(), text(8000));
}

#[test]
fn what_the_kernel_cannot_hold_is_refused() {
    let pool = pool("bad");
    let (zfs, name) = (pool.zfs(), pool.name());
    for values in [
        NvList::new().with("version", 1_u64),
        NvList::new().with("version", "text"),
        NvList::new().with("a:b", "c\0d"),
        NvList::new().with("a:b", 0.5),
    ] {
        let set = zfs.set_boot_environment(name, &BootEnvironment::Values(values));
        assert_eq!(kind(set), ErrorKind::InvalidArgument);
    }
    assert!(zfs.boot_environment(name).unwrap().is_empty());
}

#[test]
fn a_list_whose_names_repeat_does_not_panic_the_kernel() {
    let pool = pool("twice");
    let (zfs, name) = (pool.zfs(), pool.name());
    let mut values = NvList::with_duplicates();
    values.push("a:b", "first");
    values.push("a:b", "last");
    zfs.set_boot_environment(name, &BootEnvironment::Values(values))
        .unwrap();
    assert_eq!(
        zfs.boot_environment(name).unwrap(),
        BootEnvironment::Values(NvList::new().with("a:b", "last"))
    );
}
