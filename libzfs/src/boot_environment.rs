//! The boot environment of a pool: what its labels keep for boot loaders.

use bstr::BString;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::{Encoding, Endian, NvList};

/// The name of a block's text in the kernel's answer (`GRUB_ENVMAP`).
const ENVMAP: &str = "grub:envmap";

/// The name of the number that says which form it is (`BOOTENV_VERSION`).
const VERSION: &str = "version";

/// The forms (`VB_RAW`, `VB_NVLIST`).
const RAW: u64 = 0;
const NVLIST: u64 = 1;

/// What there is room for in a label, in bytes: 8 KiB without the version and the checksum.
const ROOM: usize = 8 * 1024 - 8 - 40;

/// The boot environment of a pool.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BootEnvironment {
    /// Values by name, such as `freebsd:bootonce`. Names begin with whose they are, then a colon.
    Values(NvList),
    /// A block of text, which GRUB uses: lines of `NAME=VALUE`. A new pool has an empty one.
    Raw(BString),
}

impl BootEnvironment {
    /// One with nothing in it.
    pub fn empty() -> Self {
        Self::Values(NvList::new())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Values(values) => values.is_empty(),
            Self::Raw(text) => text.is_empty(),
        }
    }

    fn from_kernel(mut list: NvList) -> Self {
        let version = list.remove(VERSION).and_then(|version| version.as_u64());
        match (version, list.get_bstr(ENVMAP)) {
            (Some(RAW), Some(text)) => Self::Raw(text.to_owned()),
            // Without a version it is what FreeBSD wrote before there was one.
            _ => Self::Values(list),
        }
    }

    /// The number of the form, and the values that stand for it.
    fn to_kernel(&self) -> (u64, NvList) {
        match self {
            Self::Values(list) => (NVLIST, list.clone()),
            Self::Raw(text) => (RAW, NvList::new().with(ENVMAP, text.clone())),
        }
    }
}

impl Zfs {
    /// The boot environment of a pool. It is in the labels of every device; the first that can be
    /// read is taken.
    ///
    /// Everybody may read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolSuspended`], [`ErrorKind::Io`]
    #[doc(alias = "lzc_get_bootenv")]
    pub fn boot_environment(&self, pool: &PoolName) -> Result<BootEnvironment> {
        match self.library().get_bootenv(pool.as_str()) {
            Ok(list) => Ok(BootEnvironment::from_kernel(list)),
            Err(errno) => {
                let operation = Operation::ReadBootEnvironment;
                Err(Error::from_errno(operation, pool.as_str(), errno))
            }
        }
    }

    /// Replaces the boot environment of a pool, all of it. It is written to every device that can
    /// be written before this returns, which is a success if one of them has taken it: the others
    /// keep what they had.
    ///
    /// Needs root.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::{BootEnvironment, nvlist::NvList};
    ///
    /// let pool = "zroot".parse()?;
    /// let mut values = match zfs.boot_environment(&pool)? {
    ///     BootEnvironment::Values(values) => values,
    ///     _ => NvList::new(),
    /// };
    /// values.insert("freebsd:bootonce", "zfs:zroot/ROOT/next:");
    /// zfs.set_boot_environment(&pool, &BootEnvironment::Values(values))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::TooLarge`]: a label has no room for it, which is about 8 KiB;
    /// * [`ErrorKind::InvalidArgument`]: it has a value that is named `version`, which is kept for
    ///   the kernel, or one that the kernel cannot hold, such as a text with a NUL or a
    ///   floating-point number;
    /// * [`ErrorKind::Io`]: no device has taken it; some of its labels may have;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_set_bootenv")]
    pub fn set_boot_environment(&self, pool: &PoolName, to: &BootEnvironment) -> Result<()> {
        let operation = Operation::WriteBootEnvironment;
        let (version, values) = to.to_kernel();
        check(version, &values)
            .map_err(|(kind, why)| Error::refused(operation, pool.as_str(), kind, why))?;
        tracing::debug!(%pool, version, "set boot environment");
        let written = self.library().set_bootenv(pool.as_str(), version, &values);
        self.recorded(operation, pool, written)
            .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))
    }
}

/// Refuses what the kernel would not take, cut off, or take for something else.
fn check(version: u64, values: &NvList) -> Result<(), (ErrorKind, String)> {
    if values.contains(VERSION) {
        let why = format!("the name {VERSION:?} is kept for the kernel");
        return Err((ErrorKind::InvalidArgument, why));
    }
    // The kernel measures what it is given, whatever form it stores.
    let packed = values
        .clone()
        .with(VERSION, version)
        .encode_with(Encoding::Xdr, Endian::HOST)
        .map_err(|error| (ErrorKind::InvalidArgument, error.to_string()))?;
    if packed.len() >= ROOM {
        let why = format!(
            "it takes {} bytes, and has to take less than {ROOM}",
            packed.len()
        );
        return Err((ErrorKind::TooLarge, why));
    }
    Ok(())
}
