//! `libzfs/BINDINGS.md` against what there is: the functions that are bound, and the public
//! functions that say in their documentation which of them they stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, ImplItem, Item, Lit, Meta, Type, Visibility};

#[allow(unreachable_pub, reason = "it is public where it belongs")]
#[path = "../../libzfs-sys/src/allowlist.rs"]
mod allowlist;

/// What the headers declare and no library defines.
const UNDEFINED: &str = "lzc_send_progress";

/// What only the crate itself has a use for: it calls ioctls on its own.
const INTERNAL: &[&str] = &["lzc_ioctl_fd"];

/// A row of the table.
struct Row {
    covered_by: BTreeSet<String>,
    release: String,
    note: String,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn table() -> BTreeMap<String, Row> {
    let text = fs::read_to_string(workspace().join("libzfs/BINDINGS.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let ["", function, covered_by, release, note, ""] = cells[..] else {
            continue;
        };
        let Some(function) = function.strip_prefix('`') else {
            continue;
        };
        let row = Row {
            covered_by: covered_by
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect(),
            release: release.to_owned(),
            note: note.to_owned(),
        };
        let function = function.trim_end_matches('`').to_owned();
        assert!(
            rows.insert(function.clone(), row).is_none(),
            "{function} is there twice"
        );
    }
    rows
}

/// Every public item of `libzfs` that has one, with the C names that it can be found by.
#[derive(Default)]
struct Aliases {
    of: BTreeMap<String, BTreeSet<String>>,
    functions_of_zfs: BTreeSet<String>,
}

impl Aliases {
    fn read() -> Self {
        let mut aliases = Self::default();
        aliases.directory(&workspace().join("libzfs/src"));
        aliases
    }

    fn directory(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.directory(&path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let file = syn::parse_file(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                file.items.iter().for_each(|item| self.item(item));
            }
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Impl(block) if block.trait_.is_none() => {
                let Type::Path(of) = &*block.self_ty else {
                    return;
                };
                let of = of.path.segments.last().unwrap().ident.to_string();
                for item in &block.items {
                    if let ImplItem::Fn(function) = item {
                        if matches!(function.vis, Visibility::Public(_)) {
                            let name = function.sig.ident.to_string();
                            if of == "Zfs" {
                                self.functions_of_zfs.insert(name.clone());
                            }
                            self.add(&function.attrs, format!("{of}::{name}"));
                        }
                    }
                }
            }
            Item::Mod(module) => {
                for item in module.content.iter().flat_map(|(_, items)| items) {
                    self.item(item);
                }
            }
            Item::Fn(function) => self.add(&function.attrs, function.sig.ident.to_string()),
            Item::Struct(item) => self.add(&item.attrs, item.ident.to_string()),
            Item::Enum(item) => {
                self.add(&item.attrs, item.ident.to_string());
                for variant in &item.variants {
                    self.add(&variant.attrs, format!("{}::{}", item.ident, variant.ident));
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, attributes: &[Attribute], item: String) {
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("doc"))
        {
            let Meta::List(list) = &attribute.meta else {
                continue;
            };
            let alias: syn::MetaNameValue = match list.parse_args() {
                Ok(alias) => alias,
                Err(_) => continue,
            };
            if let Expr::Lit(ExprLit {
                lit: Lit::Str(name),
                ..
            }) = alias.value
            {
                self.of
                    .entry(name.value())
                    .or_default()
                    .insert(item.clone());
            }
        }
    }
}

#[test]
fn the_table_has_a_row_for_every_function_that_is_bound() {
    let rows: BTreeSet<_> = table().into_keys().collect();
    let bound: BTreeSet<_> = allowlist::LINKED
        .iter()
        .chain(allowlist::OPTIONAL)
        .chain([&UNDEFINED])
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(rows, bound);
}

#[test]
fn the_table_names_what_the_documentation_can_be_searched_for() {
    let mut aliases = Aliases::read().of;
    for (function, row) in table() {
        let documented = aliases.remove(&function).unwrap_or_default();
        assert_eq!(row.covered_by, documented, "of {function}");
        let open = function != UNDEFINED && !INTERNAL.contains(&function.as_str());
        assert_eq!(
            open,
            !row.covered_by.is_empty(),
            "{function} is an open row"
        );
        assert!(open || !row.note.is_empty(), "{function} has no reason");
    }
    let unknown: Vec<_> = aliases
        .keys()
        .filter(|name| name.starts_with("lzc_"))
        .collect();
    assert!(unknown.is_empty(), "no such functions: {unknown:?}");
}

#[test]
fn the_table_has_the_release_that_a_function_needs() {
    for (function, row) in table() {
        let expected = if function == UNDEFINED {
            "-"
        } else if allowlist::LINKED.contains(&function.as_str()) {
            "2.1"
        } else {
            assert!(
                ["2.2", "2.3"].contains(&row.release.as_str()),
                "of {function}"
            );
            continue;
        };
        assert_eq!(row.release, expected, "of {function}");
    }
}

#[test]
fn no_function_of_the_handle_is_spared_by_the_test_of_misuse() {
    let misuse = fs::read_to_string(workspace().join("tests/misuse/calls.rs")).unwrap();
    let spared: Vec<_> = Aliases::read()
        .functions_of_zfs
        .into_iter()
        .filter(|name| {
            !misuse.contains(&format!(".{name}(")) && !misuse.contains(&format!("Zfs::{name}("))
        })
        .collect();
    assert!(
        spared.is_empty(),
        "tests/misuse/calls.rs does not call {spared:?}"
    );
}
