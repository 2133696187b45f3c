//! Refreshes and checks the copies of the bindings in `bindings/`.
//!
//! ```text
//! export LIBZFS_SYS_PREGENERATED=1
//! cargo run -p libzfs-sys --example bindings -- check [ROOT]...
//! cargo run -p libzfs-sys --example bindings -- write [ROOT]...
//! ```
//!
//! A ROOT is a directory with the development files of one OpenZFS release and
//! of a C library under `usr/`; without one, this machine's are read. (The
//! variable keeps this machine's OpenZFS out of building the example itself.)
//! `check` compares
//!
//! * `core-2.1.rs` with what bindgen makes of `libzfs_core.h`: the same for a
//!   release 2.1, and contained in it for a newer one;
//! * `libzfs-X.Y.rs` of that release with what bindgen makes of `libzfs.h`.
//!
//! `write` replaces the release's `libzfs-X.Y.rs`, and `core-2.1.rs` when the
//! release is a 2.1. Both need `rustfmt` and `pkg-config`.

#[allow(dead_code, unreachable_pub, reason = "shared with the crate")]
#[path = "../src/allowlist.rs"]
mod allowlist;
#[allow(dead_code, reason = "shared with the build script")]
#[path = "../build/generate.rs"]
mod generate;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use generate::{Headers, Version};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let act = match arguments.next().as_deref() {
        Some("check") => check,
        Some("write") => write,
        _ => {
            eprintln!("say 'check' or 'write', and the roots to read");
            return ExitCode::FAILURE;
        }
    };
    let mut roots: Vec<_> = arguments.map(PathBuf::from).collect();
    let extra = std::env::var("BINDGEN_EXTRA_CLANG_ARGS").unwrap_or_default();
    if extra.contains("--sysroot") {
        eprintln!("BINDGEN_EXTRA_CLANG_ARGS names a sysroot, and would hide the headers to read");
        return ExitCode::FAILURE;
    }
    if roots.is_empty() {
        roots.push(PathBuf::from("/"));
    }
    let mut all_fit = true;
    for root in &roots {
        match run(root, act) {
            Ok(fits) => all_fit &= fits,
            Err(why) => {
                eprintln!("{}: {why}", root.display());
                all_fit = false;
            }
        }
    }
    if all_fit {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One copy: its file, what bindgen makes now, and whether a newer release may
/// have more.
struct Copy {
    path: PathBuf,
    fresh: String,
    may_grow: bool,
}

fn run(root: &Path, act: fn(&Copy) -> Result<bool>) -> Result<bool> {
    let version = pkg_config(root, "--modversion")?;
    let version = Version::parse(&version).ok_or("that is no release of OpenZFS")?;
    let flags = pkg_config(root, "--cflags-only-I")?;
    let headers = Headers {
        include_paths: flags
            .split_whitespace()
            .filter_map(|flag| flag.strip_prefix("-I"))
            .map(PathBuf::from)
            .collect(),
        sysroot: Some(root.to_owned()),
    };
    println!("{}: OpenZFS {version}", root.display());
    let core = generate::core(&headers, allowlist::LINKED)?;
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings");
    let core_copy = dir.join("core-2.1.rs");
    let branch = version.major_minor();
    let title = format!(
        "// Made from the headers of OpenZFS {version} by the example `bindings`; not to be edited.\n"
    );
    let core = Copy {
        path: core_copy.clone(),
        fresh: format!("{title}{core}"),
        may_grow: branch != "2.1",
    };
    let core_fits = act(&core)?;
    let libzfs = generate::libzfs(&headers, version, &fs::read_to_string(&core_copy)?)?;
    let libzfs = Copy {
        path: dir.join(format!("libzfs-{branch}.rs")),
        fresh: format!("{title}{libzfs}"),
        may_grow: false,
    };
    Ok(core_fits & act(&libzfs)?)
}

/// What pkg-config says about the `libzfs` under `root` (which requires
/// `libzfs_core`, and has the same directories).
fn pkg_config(root: &Path, question: &str) -> Result<String> {
    let mut command = Command::new("pkg-config");
    command.args([question, "libzfs"]);
    if root != Path::new("/") {
        let lib = root.join("usr/lib");
        let mut dirs = vec![lib.join("pkgconfig"), root.join("usr/lib64/pkgconfig")];
        for entry in fs::read_dir(&lib).map_err(|why| format!("{}: {why}", lib.display()))? {
            dirs.push(entry?.path().join("pkgconfig"));
        }
        command
            .env("PKG_CONFIG_SYSROOT_DIR", root)
            .env("PKG_CONFIG_LIBDIR", std::env::join_paths(dirs)?)
            // What only static linking needs may be missing.
            .arg("--print-errors");
    }
    let out = command
        .output()
        .map_err(|why| format!("pkg-config: {why}"))?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned().into());
    }
    Ok(String::from_utf8(out.stdout)?)
}

fn write(copy: &Copy) -> Result<bool> {
    if copy.may_grow {
        println!("{}: left, it is of the oldest release", copy.path.display());
        return Ok(true);
    }
    fs::write(&copy.path, rustfmt(&copy.fresh, 100)?)?;
    println!("{}: written", copy.path.display());
    Ok(true)
}

fn check(copy: &Copy) -> Result<bool> {
    let kept = items(&fs::read_to_string(&copy.path)?)?;
    let fresh = items(&copy.fresh)?;
    let gone: Vec<_> = kept.difference(&fresh).collect();
    let new: Vec<_> = fresh.difference(&kept).collect();
    let fits = gone.is_empty() && (copy.may_grow || new.is_empty());
    println!(
        "{}: {} items, {} of them not in the headers, {} more in the headers: {}",
        copy.path.display(),
        kept.len(),
        gone.len(),
        new.len(),
        if fits { "fits" } else { "DOES NOT FIT" }
    );
    if !fits {
        for item in gone {
            println!("- {item}");
        }
        for item in new.iter().filter(|_| !copy.may_grow) {
            println!("+ {item}");
        }
    }
    Ok(fits)
}

/// The items of some bindings, each on one line; those within an `extern`
/// block count on their own.
fn items(bindings: &str) -> Result<BTreeSet<String>> {
    let mut items = BTreeSet::new();
    let mut item = String::new();
    let mut depth = 0_usize;
    for line in rustfmt(bindings, 10_000)?.lines() {
        let line = line.trim();
        if line.starts_with("//") || line.starts_with("unsafe extern") {
            continue;
        }
        depth += line.matches('{').count();
        let closed = line.matches('}').count();
        if closed > depth {
            // The end of an `extern` block.
            continue;
        }
        depth -= closed;
        if !item.is_empty() {
            item.push(' ');
        }
        item.push_str(line);
        if depth == 0 && (line.ends_with(';') || line.ends_with('}')) {
            items.insert(std::mem::take(&mut item));
        }
    }
    Ok(items)
}

fn rustfmt(text: &str, width: u32) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config"])
        .arg(format!("max_width={width}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| format!("rustfmt: {why}"))?;
    let mut stdin = rustfmt
        .stdin
        .take()
        .ok_or("rustfmt has no standard input")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = rustfmt.wait_with_output()?;
    writer.join().map_err(|_| "writing to rustfmt panicked")??;
    if !out.status.success() {
        return Err("rustfmt refused the bindings".into());
    }
    Ok(String::from_utf8(out.stdout)?)
}
