//! Turns what `libzfs-sys` found out about the installed OpenZFS into cfgs for
//! the tests and examples: `zfs_2_2`, `zfs_2_3` and `zfs_2_4`, each for
//! "the headers are of this release or a newer one".
//!
//! They say what a program was built against. What it runs on can be older or
//! newer, and has to be asked at run time.

use std::env;

/// The releases after the oldest that is supported.
const RELEASES: &[(u32, u32)] = &[(2, 2), (2, 3), (2, 4)];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let built_against = env::var("DEP_ZFS_CORE_MAJOR_MINOR")
        .ok()
        .and_then(|text| parse(&text))
        .expect("libzfs-sys says which release it found");
    for &(major, minor) in RELEASES {
        println!("cargo::rustc-check-cfg=cfg(zfs_{major}_{minor})");
        if built_against >= (major, minor) {
            println!("cargo::rustc-cfg=zfs_{major}_{minor}");
        }
    }
}

fn parse(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
