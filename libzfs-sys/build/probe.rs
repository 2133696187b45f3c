//! Finding the installed OpenZFS with pkg-config, and saying what to do when
//! there is none.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::generate::Version;

/// An installed OpenZFS.
#[derive(Debug)]
pub(crate) struct Installed {
    /// Its release.
    pub(crate) version: Version,
    /// Where its headers are.
    pub(crate) include_paths: Vec<PathBuf>,
}

/// Asks pkg-config for the library, and has Cargo link it. The error is a
/// message for the person who builds.
pub(crate) fn find(library: &str) -> Result<Installed, String> {
    let found = pkg_config::Config::new()
        .cargo_metadata(false)
        .env_metadata(false)
        .probe(library)
        .map_err(|why| not_found(library, &why))?;
    let version = Version::parse(&found.version).ok_or_else(|| {
        format!(
            "pkg-config gives '{}' as the version of {library}: not a release of OpenZFS",
            found.version
        )
    })?;
    if version < Version::OLDEST {
        return Err(too_old(library, version));
    }
    for dir in &found.link_paths {
        println!("cargo::rustc-link-search=native={}", dir.display());
    }
    for lib in &found.libs {
        println!("cargo::rustc-link-lib=dylib={lib}");
    }
    Ok(Installed {
        version,
        include_paths: found.include_paths,
    })
}

/// What to install where. Used by both messages.
fn packages() -> &'static str {
    "  Debian   libzfslinux-dev (in the section contrib)
  Ubuntu   libzfslinux-dev
  Fedora   libzfs6-devel, from OpenZFS' own repository (libzfs5-devel is 2.1, libzfs7-devel is 2.4)
  FreeBSD  openzfs (the base system has the library, but no file for pkg-config)
To check, lint or document without OpenZFS, set LIBZFS_SYS_PREGENERATED=1: the bindings
that come with the crate are used then, and only linking a program needs the library."
}

fn not_found(library: &str, why: &pkg_config::Error) -> String {
    let mut text = match why {
        pkg_config::Error::Failure { .. } | pkg_config::Error::ProbeFailure { .. } => {
            format!(
                "pkg-config knows no '{library}': the development files of OpenZFS are not installed,\nor are where pkg-config does not look (see PKG_CONFIG_PATH)."
            )
        }
        pkg_config::Error::Command { .. } => format!(
            "pkg-config could not be run, so '{library}' could not be looked up. Install it\n(pkg-config or pkgconf), and the development files of OpenZFS."
        ),
        other => format!("'{library}' could not be looked up: {other}"),
    };
    let _ = write!(text, "\nThe packages with them, by system:\n{}", packages());
    if let pkg_config::Error::Failure { output, .. }
    | pkg_config::Error::ProbeFailure { output, .. } = why
    {
        let said = String::from_utf8_lossy(&output.stderr);
        let _ = write!(text, "\npkg-config said:");
        for line in said.lines() {
            let _ = write!(text, "\n  {line}");
        }
    }
    text
}

fn too_old(library: &str, version: Version) -> String {
    format!(
        "'{library}' is of OpenZFS {version}, and {} is the oldest release that is supported.\nThe packages with a newer one, by system (Debian 12 and Ubuntu 22.04 are new enough):\n{}",
        Version::OLDEST,
        packages()
    )
}
