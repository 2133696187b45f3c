//! What a default build links: `libzfs_core` and `libnvpair`, never `libzfs`,
//! and no function that the oldest release lacks.
//!
//! That this program links at all is the proof that every linked function
//! exists: it takes the address of each.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use libzfs_sys::symbols::{LINKED, OPTIONAL, linked};
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _, elf};

/// The programs to look at: this one, and the tool.
fn programs() -> [&'static Path; 2] {
    [
        Path::new("/proc/self/exe"),
        Path::new(env!("CARGO_BIN_EXE_zvault")),
    ]
}

/// The libraries that a program needs, and the symbols it does not define.
fn needs(program: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let data = std::fs::read(program).unwrap_or_else(|why| panic!("{}: {why}", program.display()));
    let file = ElfFile64::<Endianness>::parse(&*data).unwrap();
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, &*data).unwrap();
    let (entries, strings) = sections.dynamic(endian, &*data).unwrap().unwrap();
    let strings = sections.strings(endian, &*data, strings).unwrap();
    let libraries = entries
        .iter()
        .filter(|entry| entry.tag32(endian) == Some(elf::DT_NEEDED))
        .map(|entry| String::from_utf8_lossy(entry.string(endian, strings).unwrap()).into_owned())
        .collect();
    let undefined = file
        .dynamic_symbols()
        .filter(object::ObjectSymbol::is_undefined)
        .map(|symbol| symbol.name().unwrap().to_owned())
        .collect();
    (libraries, undefined)
}

#[test]
fn no_program_needs_libzfs() {
    for program in programs() {
        let (libraries, _) = needs(program);
        assert!(
            !libraries.iter().any(|name| name.starts_with("libzfs.so")),
            "{}: {libraries:?}",
            program.display()
        );
    }
}

#[test]
fn this_program_needs_libzfs_core_with_every_linked_function() {
    let functions = linked();
    let names: BTreeSet<_> = functions.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, LINKED.iter().copied().collect());
    let addresses: BTreeSet<_> = functions.iter().map(|(_, address)| *address).collect();
    assert_eq!(addresses.len(), LINKED.len());
    assert!(functions.iter().all(|(_, address)| !address.is_null()));

    let (libraries, undefined) = needs(Path::new("/proc/self/exe"));
    assert!(libraries.contains("libzfs_core.so.3"), "{libraries:?}");
    for name in LINKED {
        assert!(
            undefined.contains(*name),
            "{name} is not asked of the library"
        );
    }
}

#[test]
fn no_program_links_an_optional_function() {
    for program in programs() {
        let (_, undefined) = needs(program);
        for name in OPTIONAL.iter().chain(&["lzc_send_progress"]) {
            assert!(!undefined.contains(*name), "{}: {name}", program.display());
        }
    }
}
