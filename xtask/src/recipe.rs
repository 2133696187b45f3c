//! How each cached Debian tree is made, as data that can be hashed.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::release::Release;

/// Raised when what is done with a tree changes in a way that the recipe's own
/// text does not show.
const FORMAT: u32 = 1;

/// What a program needs to be built against a release: its headers and
/// libraries, those that its pkg-config files name, and the module's source
/// for the kernel interface that no package exports.
const SYSROOT: &[&str] = &[
    "libblkid-dev",
    "libc6-dev",
    "libssl-dev",
    "libtirpc-dev",
    "libudev-dev",
    "libzfslinux-dev",
    "linux-libc-dev",
    "uuid-dev",
    "zfs-dkms",
    "zlib1g-dev",
];

/// What runs in a guest: the kernel and its ZFS, and a C compiler, because tests
/// compare layouts with what the release's own headers say.
const GUEST: &[&str] = &[
    "busybox-static",
    "dkms",
    "e2fsprogs",
    "gcc",
    "kmod",
    "libc6-dev",
    "libzfslinux-dev",
    "linux-headers-cloud-amd64",
    "linux-image-cloud-amd64",
    "mount",
    "procps",
    "xz-utils",
    "zfs-dkms",
    "zfsutils-linux",
];

/// A tree of Debian packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    kind: &'static str,
    release: Option<Release>,
    suite: &'static str,
    packages: &'static [&'static str],
    /// Installed by their maintainers' scripts, or merely unpacked.
    installed: bool,
    /// Run inside the tree when all packages are in.
    script: &'static str,
}

impl Recipe {
    /// The tree that a guest's disk is made of.
    pub(crate) fn guest(release: Release) -> Self {
        Self {
            kind: "guest",
            release: Some(release),
            suite: release.suite(),
            packages: GUEST,
            installed: true,
            script: include_str!("../guest/tree.sh"),
        }
    }

    /// The tree that programs for a release are built against.
    pub(crate) fn sysroot(release: Release) -> Self {
        Self {
            kind: "sysroot",
            release: Some(release),
            suite: release.suite(),
            packages: SYSROOT,
            installed: false,
            script: "",
        }
    }

    /// QEMU, for a machine that has none or an old one: unpacked, never installed.
    pub(crate) fn qemu() -> Self {
        Self {
            kind: "qemu",
            release: None,
            suite: "trixie",
            packages: &["qemu-system-x86"],
            installed: false,
            script: "",
        }
    }

    /// Valgrind, whose tools are static programs: the oldest guest's runs in all of them.
    pub(crate) fn valgrind() -> Self {
        Self {
            kind: "valgrind",
            release: None,
            suite: "bookworm",
            packages: &["valgrind"],
            installed: false,
            script: "",
        }
    }

    /// OpenSSH, both ends, with their libraries and their loader: it runs in all guests.
    pub(crate) fn openssh() -> Self {
        Self {
            kind: "openssh",
            release: None,
            suite: "bookworm",
            packages: &["openssh-client", "openssh-server"],
            installed: false,
            script: "",
        }
    }

    /// `syncoid` with its Perl, which is older than what any guest has beside it: it runs in all.
    pub(crate) fn syncoid() -> Self {
        Self {
            kind: "syncoid",
            release: None,
            suite: "bookworm",
            packages: &["sanoid"],
            installed: false,
            script: "",
        }
    }

    /// `zstream` of a release, which needs no kernel module, with its libraries and their loader.
    pub(crate) fn zstream(release: Release) -> Self {
        Self {
            kind: "zstream",
            release: Some(release),
            suite: release.suite(),
            packages: &["zfsutils-linux"],
            installed: false,
            script: "",
        }
    }

    /// The oldest Rust that the workspace promises to build with.
    pub(crate) fn rust() -> Self {
        Self {
            kind: "rust",
            release: None,
            suite: "trixie",
            packages: &["cargo", "rustc"],
            installed: false,
            script: "",
        }
    }

    /// The cache entry's name: what it is, and a hash of how it is made.
    pub(crate) fn name(&self) -> String {
        let mut hash = Sha256::new();
        // The mirror and the day are left out: a tree is not stale for having
        // come from elsewhere, and Debian's stable suites hardly move.
        for part in self.arguments("", "", Path::new("")) {
            hash.update(part.as_encoded_bytes());
            hash.update([0]);
        }
        hash.update(self.script);
        hash.update(FORMAT.to_le_bytes());
        let mut name = self.kind.to_owned();
        if let Some(release) = self.release {
            let _ = write!(name, "-{release}");
        }
        name.push('-');
        for byte in &hash.finalize()[..6] {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// What a person calls it.
    pub(crate) fn title(&self) -> String {
        match self.release {
            Some(release) => format!("{} for OpenZFS {release}", self.kind),
            None => self.kind.to_owned(),
        }
    }

    /// The suites that packages come from.
    fn suites(&self) -> Vec<String> {
        let mut suites = vec![self.suite.to_owned()];
        if self.release.is_some_and(Release::backported) {
            suites.push(format!("{}-backports", self.suite));
        }
        suites
    }

    /// The arguments for `mmdebstrap`; `script` is the file with the script.
    pub(crate) fn arguments(&self, mirror: &str, script: &str, tree: &Path) -> Vec<OsString> {
        let variant = if self.installed {
            "essential"
        } else {
            "extract"
        };
        let mut arguments: Vec<OsString> = vec![
            format!("--variant={variant}").into(),
            "--architectures=amd64".into(),
            // With a list of its own, mmdebstrap does not look at the host's.
            "--components=main,contrib".into(),
            "--aptopt=APT::Install-Recommends \"false\"".into(),
            "--aptopt=Acquire::Languages \"none\"".into(),
            "--aptopt=Acquire::Retries \"5\"".into(),
            format!("--include={}", self.packages.join(",")).into(),
        ];
        for kind in ["man", "doc", "info", "locale", "lintian"] {
            arguments.push(format!("--dpkgopt=path-exclude=/usr/share/{kind}/*").into());
        }
        if self.installed {
            // Where it finds the kernel's symbols, the build of a module describes its
            // types with `pahole`: hundreds of times, for each probe of the kernel
            // that ZFS's configure script compiles.
            arguments.push("--dpkgopt=path-exclude=/usr/src/linux-headers-*/vmlinux".into());
        }
        if !self.installed {
            // No package's script does it in a tree that is only unpacked.
            arguments.push(
                "--setup-hook=cd \"$1\" && for d in bin sbin lib lib64; do \
                 mkdir -p usr/$d && ln -s usr/$d $d; done"
                    .into(),
            );
        }
        if self.release.is_some_and(Release::backported) {
            arguments.push(
                format!(
                    "--setup-hook=printf 'Package: src:zfs-linux\\nPin: release n={}-backports\\n\
                     Pin-Priority: 990\\n' > \"$1\"/etc/apt/preferences.d/zfs",
                    self.suite
                )
                .into(),
            );
        }
        if !self.script.is_empty() {
            arguments.push(format!("--customize-hook=chroot \"$1\" sh -eu < '{script}'").into());
        }
        arguments.push(self.suite.into());
        arguments.push(tree.into());
        for suite in self.suites() {
            arguments.push(format!("deb {mirror} {suite} main contrib").into());
        }
        arguments
    }

    /// The script that is run inside the tree.
    pub(crate) fn script(&self) -> &'static str {
        self.script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_the_recipe_alone() {
        let recipe = Recipe::guest(Release::V2_3);
        assert_eq!(recipe.name(), recipe.clone().name());
        assert!(recipe.name().starts_with("guest-2.3-"));

        let mut other = recipe.clone();
        other.packages = &GUEST[1..];
        assert_ne!(other.name(), recipe.name());
        let mut other = recipe.clone();
        other.script = "true";
        assert_ne!(other.name(), recipe.name());
    }

    #[test]
    fn only_zfs_comes_from_backports() {
        let text = |release| {
            let arguments = Recipe::guest(release).arguments("m", "s", Path::new("t"));
            arguments.join(" ".as_ref()).into_string().unwrap()
        };
        assert!(!text(Release::V2_3).contains("backports"));
        assert!(text(Release::V2_4).contains("Package: src:zfs-linux"));
        assert!(text(Release::V2_4).contains("deb m trixie-backports main contrib"));
    }
}
