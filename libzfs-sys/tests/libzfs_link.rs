//! With the feature `libzfs`, for the release that this is built against: every
//! bound function exists, and the copies in `bindings/` are what bindgen makes of
//! the headers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

/// The address of each is taken, so that linking this program proves it.
#[test]
fn every_function_of_libzfs_is_there() {
    let functions = libzfs_sys::symbols::libzfs();
    let addresses: BTreeSet<_> = functions.iter().map(|(_, address)| *address).collect();
    assert!(functions.len() > 200, "only {} functions", functions.len());
    assert_eq!(addresses.len(), functions.len());
}

/// What the build made.
const CORE: &str = include_str!(concat!(env!("OUT_DIR"), "/core.rs"));
const LIBZFS: &str = include_str!(concat!(env!("OUT_DIR"), "/libzfs.rs"));
const CHECKS: &str = include_str!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// The copies.
const CORE_COPY: &str = include_str!("../bindings/core-2.1.rs");
const LIBZFS_COPIES: &[(&str, &str)] = &[
    ("2.1.", include_str!("../bindings/libzfs-2.1.rs")),
    ("2.3.", include_str!("../bindings/libzfs-2.3.rs")),
    ("2.4.", include_str!("../bindings/libzfs-2.4.rs")),
];

/// The pieces between a source's semicolons and braces, and how often each is
/// there, without what formatting changes: white space, trailing commas, the
/// order of imports.
fn pieces(source: &str) -> BTreeMap<String, usize> {
    let code: String = source
        .lines()
        .filter(|line| !line.starts_with("//"))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    let code = [")", "}", ">", "]"]
        .iter()
        .fold(code, |code, end| code.replace(&format!(",{end}"), end));
    let mut pieces = BTreeMap::new();
    for piece in code.split([';', '{', '}']) {
        *pieces.entry(piece.to_owned()).or_default() += 1;
    }
    pieces
}

/// What `copy` has and `made` has not, or not as often.
fn missing(copy: &str, made: &str) -> Vec<String> {
    let made = pieces(made);
    pieces(copy)
        .into_iter()
        .filter(|(piece, count)| made.get(piece).unwrap_or(&0) < count)
        .map(|(piece, _)| piece)
        .collect()
}

fn assert_made_from_headers() {
    assert!(
        CHECKS.contains("header::"),
        "this was built from the copies, and can't be compared with them"
    );
}

#[test]
fn the_copy_for_libzfs_core_is_in_what_the_headers_give() {
    assert_made_from_headers();
    assert_eq!(missing(CORE_COPY, CORE), [""; 0]);
    if libzfs_sys::BUILT_AGAINST.starts_with("2.1.") {
        assert_eq!(missing(CORE, CORE_COPY), [""; 0]);
    }
}

#[test]
fn the_copy_for_libzfs_is_what_the_headers_give() {
    assert_made_from_headers();
    let release = libzfs_sys::BUILT_AGAINST;
    let Some((_, copy)) = LIBZFS_COPIES
        .iter()
        .find(|(branch, _)| release.starts_with(branch))
    else {
        println!("there is no copy for OpenZFS {release}");
        return;
    };
    assert_eq!(missing(copy, LIBZFS), [""; 0]);
    assert_eq!(missing(LIBZFS, copy), [""; 0]);
}
