//! The functions of libzfs that are found at run time have the same signatures in
//! the bindings of every release.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

const DYNAMIC: &str = include_str!("../src/dynamic.rs");
const BINDINGS: [&str; 3] = [
    include_str!("../bindings/libzfs-2.1.rs"),
    include_str!("../bindings/libzfs-2.3.rs"),
    include_str!("../bindings/libzfs-2.4.rs"),
];

/// The types of a signature, one form for all.
fn plain(signature: &str) -> String {
    let text: String = signature.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.replace("::core::ffi::", "").replace(",)", ")");
    (1..10).fold(text, |text, n| text.replace(&format!("arg{n}:"), ""))
}

#[test]
fn the_signatures_are_those_of_every_release() {
    let list = DYNAMIC.split("functions! {").nth(1).unwrap();
    let list = list.split("\n}").next().unwrap();
    let functions: Vec<_> = list
        .split(';')
        .filter_map(|function| {
            function
                .split_once(": unsafe extern \"C\" fn")
                .or_else(|| function.split_once(":\n        unsafe extern \"C\" fn"))
        })
        .collect();
    assert_eq!(functions.len(), 8, "{functions:?}");
    for bindings in BINDINGS {
        for (name, signature) in &functions {
            let declared = format!("pub fn {}(", name.trim());
            let found = bindings.split(&declared).nth(1).unwrap();
            let found = format!("({}", found.split(';').next().unwrap());
            assert_eq!(plain(&found), plain(signature), "{name}");
        }
    }
}
