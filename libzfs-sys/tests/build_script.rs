//! The build script: what it says where OpenZFS is missing or too old, what it
//! tells dependents, and the small parts of it that read text.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "shared with the crate")]
#[path = "../src/allowlist.rs"]
mod allowlist;
#[allow(dead_code, reason = "shared with the build script")]
#[path = "../build/generate.rs"]
mod generate;

use std::path::{Path, PathBuf};
use std::process::Command;

use generate::Version;

/// What the build script prints in an environment of which `set` is a part.
fn build_script(name: &str, set: &[(&str, &Path)]) -> (String, PathBuf) {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&out).unwrap();
    let target = "x86_64-unknown-linux-gnu";
    let output = Command::new(env!("LIBZFS_SYS_BUILD_SCRIPT"))
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env("OUT_DIR", &out)
        .env("HOST", target)
        .env("TARGET", target)
        .envs(set.iter().copied())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    (String::from_utf8(output.stdout).unwrap(), out)
}

/// A directory in which pkg-config finds an OpenZFS of that release.
fn packages(name: &str, version: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).unwrap();
    for library in ["libzfs_core", "libzfs"] {
        std::fs::write(
            dir.join(format!("{library}.pc")),
            format!("Name: {library}\nDescription: of a test\nVersion: {version}\nLibs: -lzfs_core -lnvpair\nCflags: -I/nonexistent/include\n"),
        )
        .unwrap();
    }
    dir
}

fn errors(output: &str) -> String {
    let lines: Vec<_> = output
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::error="))
        .collect();
    lines.join("\n")
}

fn assert_names_the_packages(message: &str) {
    for name in [
        "Debian",
        "Ubuntu",
        "Fedora",
        "FreeBSD",
        "libzfslinux-dev",
        "libzfs6-devel",
    ] {
        assert!(message.contains(name), "{name} is not in:\n{message}");
    }
    assert!(message.contains("LIBZFS_SYS_PREGENERATED=1"), "{message}");
}

const NOWHERE: &str = "/nonexistent";

#[test]
fn without_openzfs_the_error_says_what_to_install() {
    let (output, _) = build_script("none", &[("PKG_CONFIG_LIBDIR", Path::new(NOWHERE))]);
    let message = errors(&output);
    assert!(
        message.contains("pkg-config knows no 'libzfs_core'"),
        "{message}"
    );
    assert_names_the_packages(&message);
}

#[test]
fn without_pkg_config_the_error_says_so() {
    let (output, _) = build_script("no-tool", &[("PKG_CONFIG", Path::new(NOWHERE))]);
    let message = errors(&output);
    assert!(message.contains("pkg-config could not be run"), "{message}");
    assert_names_the_packages(&message);
}

#[test]
fn a_release_before_2_1_is_refused_by_name() {
    let old = packages("old-pc", "2.0.7");
    let (output, _) = build_script("old", &[("PKG_CONFIG_LIBDIR", &old)]);
    let message = errors(&output);
    assert!(message.contains("OpenZFS 2.0.7"), "{message}");
    assert!(message.contains("2.1.0 is the oldest"), "{message}");
    assert_names_the_packages(&message);
}

#[test]
fn two_releases_mixed_are_refused() {
    let mixed = packages("mixed-pc", "2.3.9");
    let core = std::fs::read_to_string(mixed.join("libzfs_core.pc")).unwrap();
    std::fs::write(mixed.join("libzfs_core.pc"), core.replace("2.3.9", "2.4.4")).unwrap();
    let feature = ("CARGO_FEATURE_LIBZFS", Path::new("1"));
    let (output, _) = build_script("mixed", &[("PKG_CONFIG_LIBDIR", &mixed), feature]);
    let message = errors(&output);
    assert!(
        message.contains("2.3.9") && message.contains("2.4.4"),
        "{message}"
    );
}

#[test]
fn the_copy_needs_no_openzfs_and_no_libclang() {
    for variable in ["LIBZFS_SYS_PREGENERATED", "DOCS_RS"] {
        let (output, out) = build_script(
            variable,
            &[
                ("PKG_CONFIG_LIBDIR", Path::new(NOWHERE)),
                ("LIBCLANG_PATH", Path::new(NOWHERE)),
                ("CARGO_FEATURE_LIBZFS", Path::new("1")),
                (variable, Path::new("1")),
            ],
        );
        assert_eq!(errors(&output), "");
        assert!(!output.contains("cargo::warning"), "{output}");
        assert!(
            output.contains("cargo::metadata=version=2.1.11"),
            "{output}"
        );
        assert!(
            output.contains("cargo::metadata=major_minor=2.1"),
            "{output}"
        );
        assert!(
            output.contains("cargo::metadata=source=pregenerated"),
            "{output}"
        );
        assert!(
            output.contains("cargo::rustc-link-lib=dylib=zfs_core"),
            "{output}"
        );
        for file in ["core.rs", "checks.rs", "libzfs.rs", "symbols.rs"] {
            assert!(out.join(file).exists(), "{file}");
        }
    }
}

#[test]
fn without_libclang_a_warning_says_why_the_copy_is_used() {
    let installed = packages("no-clang-pc", "2.3.9");
    let (output, _) = build_script(
        "no-clang",
        &[
            ("PKG_CONFIG_LIBDIR", &installed),
            ("LIBCLANG_PATH", Path::new(NOWHERE)),
        ],
    );
    assert_eq!(errors(&output), "");
    let warning = output
        .lines()
        .find(|line| line.starts_with("cargo::warning="))
        .unwrap();
    assert!(warning.contains("libclang-dev"), "{warning}");
    assert!(output.contains("cargo::metadata=version=2.3.9"), "{output}");
    assert!(
        output.contains("cargo::metadata=include=/nonexistent/include"),
        "{output}"
    );
}

#[test]
fn the_copy_has_no_libzfs_of_a_release_it_does_not_know() {
    let installed = packages("unknown-pc", "2.9.0");
    let (output, _) = build_script(
        "unknown",
        &[
            ("PKG_CONFIG_LIBDIR", &installed),
            ("LIBCLANG_PATH", Path::new(NOWHERE)),
            ("CARGO_FEATURE_LIBZFS", Path::new("1")),
        ],
    );
    let message = errors(&output);
    assert!(message.contains("OpenZFS 2.9.0"), "{message}");
}

#[test]
fn versions_are_read() {
    let read = |text| Version::parse(text).map(|version| version.to_string());
    for (text, version) in [
        ("2.1.11", Some("2.1.11")),
        ("2.3.9\n", Some("2.3.9")),
        ("2.4.0-rc1", Some("2.4.0")),
        ("2.1.5-1ubuntu6~22.04.6", Some("2.1.5")),
        ("2.3", Some("2.3.0")),
        ("2", None),
        ("zfs-2.3.9", None),
        ("", None),
    ] {
        assert_eq!(read(text).as_deref(), version, "{text:?}");
    }
    assert!(Version::parse("2.0.7").unwrap() < Version::OLDEST);
    assert!(Version::parse("2.1.0").unwrap() >= Version::OLDEST);
}

#[test]
fn functions_are_told_from_methods() {
    let bindings = "impl flags { pub fn bit (& self) -> u32 { 0 } } unsafe extern \"C\" { pub fn zfs_open (a : * mut zfs_handle_t) ; pub fn zfs_close () ; }";
    assert_eq!(generate::functions(bindings), ["zfs_open", "zfs_close"]);
}

#[test]
fn the_copies_have_every_linked_function_and_no_other() {
    let mut functions = generate::functions(include_str!("../bindings/core-2.1.rs"));
    functions.sort();
    assert_eq!(functions, allowlist::LINKED);
}
