//! Finds OpenZFS, makes the bindings, and says what was found to the crates
//! that depend on this one.

#[allow(
    unreachable_pub,
    reason = "public in the crate, where it is a module too"
)]
#[path = "../src/allowlist.rs"]
mod allowlist;
mod generate;
mod probe;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use generate::{Headers, Version};
use probe::Installed;

/// The release of the copy of the bindings in `bindings/`.
const CHECKED_IN: Version = Version {
    major: 2,
    minor: 1,
    patch: 11,
};

/// That copy.
const CORE_COPY: &str = include_str!("../bindings/core-2.1.rs");

/// What decides about the outcome, beside the variables that Cargo watches
/// itself.
const ENVIRONMENT: &[&str] = &[
    "LIBZFS_SYS_PREGENERATED",
    "DOCS_RS",
    "LIBCLANG_PATH",
    "LLVM_CONFIG_PATH",
    "CLANG_PATH",
    "BINDGEN_EXTRA_CLANG_ARGS",
    "PKG_CONFIG",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_SYSROOT_DIR",
    "PKG_CONFIG_ALLOW_CROSS",
];

/// The three files that the crate includes.
#[derive(Default)]
struct Bindings {
    core: String,
    checks: String,
    libzfs: Option<String>,
}

fn main() {
    if let Err(message) = run() {
        // Cargo fails the build because of these lines, and shows nothing but
        // them; an exit status would have it show all of the output.
        for line in message.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn run() -> Result<(), String> {
    watch();
    let want_libzfs = env::var_os("CARGO_FEATURE_LIBZFS").is_some();
    let asked = asked_for_the_copy();

    let installed = match find(want_libzfs) {
        Ok(installed) => Some(installed),
        // Enough for everything that does not link.
        Err(_) if asked => None,
        Err(message) => return Err(message),
    };
    let from_headers = !asked && clang_is_there();

    let version = installed.as_ref().map_or(CHECKED_IN, |found| found.version);
    let bindings = match &installed {
        Some(found) if from_headers => read_headers(found, want_libzfs)?,
        _ => read_copy(version, want_libzfs)?,
    };
    if installed.is_none() {
        println!("cargo::rustc-link-lib=dylib=zfs_core");
        println!("cargo::rustc-link-lib=dylib=nvpair");
        if want_libzfs {
            println!("cargo::rustc-link-lib=dylib=zfs");
        }
    }
    write_out(&bindings)?;
    println!("cargo::rustc-env=LIBZFS_SYS_VERSION={version}");
    // For the test that runs this program where there is no OpenZFS.
    if let Ok(this) = env::current_exe() {
        println!(
            "cargo::rustc-env=LIBZFS_SYS_BUILD_SCRIPT={}",
            this.display()
        );
    }
    tell_dependents(installed.as_ref(), version, from_headers);
    Ok(())
}

/// Has Cargo run this again when the source or the environment changes.
fn watch() {
    for path in ["build", "bindings", "src"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let target = env::var("TARGET").unwrap_or_default();
    for name in ENVIRONMENT {
        println!("cargo::rerun-if-env-changed={name}");
        // pkg-config and bindgen read these too.
        if name.starts_with("PKG_CONFIG") || name.starts_with("BINDGEN") {
            println!("cargo::rerun-if-env-changed={name}_{target}");
            println!(
                "cargo::rerun-if-env-changed={name}_{}",
                target.replace('-', "_")
            );
        }
    }
}

/// Whether the environment asks for the checked-in copy: `LIBZFS_SYS_PREGENERATED`,
/// or a build of docs.rs, which has no OpenZFS.
fn asked_for_the_copy() -> bool {
    ["LIBZFS_SYS_PREGENERATED", "DOCS_RS"]
        .iter()
        .any(|name| env::var(name).is_ok_and(|value| !value.is_empty() && value != "0"))
}

/// Whether bindgen can work here; if not, says what happens instead.
fn clang_is_there() -> bool {
    let Err(why) = clang_sys::load() else {
        return true;
    };
    println!(
        "cargo::warning=using the bindings that come with libzfs-sys (made from OpenZFS {CHECKED_IN}), because libclang could not be loaded. To use this machine's headers, install libclang-dev (Debian, Ubuntu), clang-devel (Fedora) or llvm (FreeBSD). {}",
        why.lines().next().unwrap_or_default()
    );
    false
}

fn find(want_libzfs: bool) -> Result<Installed, String> {
    let core = probe::find("libzfs_core")?;
    if want_libzfs {
        let whole = probe::find("libzfs")?;
        if whole.version != core.version {
            return Err(format!(
                "libzfs is of OpenZFS {} and libzfs_core of {}: the development files of two releases are mixed",
                whole.version, core.version
            ));
        }
    }
    Ok(core)
}

/// The root of the headers when pkg-config's are under one, and a C library's
/// are there too.
fn sysroot_with_libc() -> Option<PathBuf> {
    let root = PathBuf::from(env::var_os("PKG_CONFIG_SYSROOT_DIR")?);
    root.join("usr/include/features.h").exists().then_some(root)
}

fn read_headers(found: &Installed, want_libzfs: bool) -> Result<Bindings, String> {
    let headers = Headers {
        include_paths: found.include_paths.clone(),
        sysroot: sysroot_with_libc(),
    };
    let failed = |why: bindgen::BindgenError| {
        format!(
            "the headers of OpenZFS {} could not be read: {why}\nIs a C library's development package there (libc6-dev)? LIBZFS_SYS_PREGENERATED=1 uses the bindings that come with the crate.",
            found.version
        )
    };
    let core = generate::core(&headers, allowlist::LINKED).map_err(failed)?;
    let by_hand = [
        ("errno", include_str!("../src/errno.rs")),
        ("ioctl", include_str!("../src/ioctl.rs")),
        ("optional", include_str!("../src/optional.rs")),
    ];
    let checks = generate::checks(&headers, allowlist::OPTIONAL, &by_hand).map_err(failed)?;
    let libzfs = if want_libzfs {
        Some(generate::libzfs(&headers, found.version, CORE_COPY).map_err(failed)?)
    } else {
        None
    };
    Ok(Bindings {
        core,
        checks,
        libzfs,
    })
}

fn read_copy(version: Version, want_libzfs: bool) -> Result<Bindings, String> {
    let read =
        |path: &Path| fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()));
    let dir = manifest_dir().join("bindings");
    let libzfs = if want_libzfs {
        let path = dir.join(format!("libzfs-{}.rs", version.major_minor()));
        if !path.exists() {
            return Err(format!(
                "the feature 'libzfs' needs the headers of OpenZFS {version} and libclang: the crate has no\nbindings to that release's libzfs with it, and libzfs differs from release to release"
            ));
        }
        Some(read(&path)?)
    } else {
        None
    };
    Ok(Bindings {
        core: CORE_COPY.to_owned(),
        checks: String::new(),
        libzfs,
    })
}

fn manifest_dir() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("Cargo sets it"))
}

/// Writes the bindings, and the list of what they link.
fn write_out(bindings: &Bindings) -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    let write = |name: &str, text: &str| {
        let path = out.join(name);
        fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))
    };
    write("core.rs", &bindings.core)?;
    write("checks.rs", &bindings.checks)?;
    let mut linked = addresses("linked", "crate", &generate::functions(&bindings.core));
    if let Some(libzfs) = &bindings.libzfs {
        write("libzfs.rs", libzfs)?;
        linked += &addresses("libzfs", "crate::libzfs", &generate::functions(libzfs));
    }
    write("symbols.rs", &linked)
}

/// A function that takes the address of every function that is bound, so that
/// a program that calls it only links if all of them exist.
fn addresses(name: &str, module: &str, functions: &[String]) -> String {
    let mut text = format!(
        "/// Each bound function of this library with its address.\n#[must_use]\npub fn {name}() -> Vec<(&'static str, *const core::ffi::c_void)> {{\n    vec![\n"
    );
    for function in functions {
        let _ = writeln!(
            text,
            "        ({function:?}, {module}::{function} as *const core::ffi::c_void),"
        );
    }
    text + "    ]\n}\n"
}

/// `DEP_ZFS_CORE_*` for the build scripts of dependents.
fn tell_dependents(installed: Option<&Installed>, version: Version, from_headers: bool) {
    println!("cargo::metadata=version={version}");
    println!("cargo::metadata=major_minor={}", version.major_minor());
    println!(
        "cargo::metadata=source={}",
        if from_headers {
            "headers"
        } else {
            "pregenerated"
        }
    );
    if let Some(found) = installed {
        let paths = env::join_paths(&found.include_paths).unwrap_or_default();
        println!("cargo::metadata=include={}", paths.to_string_lossy());
    }
}
