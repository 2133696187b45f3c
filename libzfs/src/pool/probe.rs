//! The devices that a pool is to get, which are looked at: whether they are there and free.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::foreign;
use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::label::{self, Label, PoolState};
use crate::nvlist::NvList;

/// The least that a device has to have (`SPA_MINDEVSIZE`).
const MIN_DEVICE: u64 = 64 << 20;
/// The smallest block that there is, as a power of two (`SPA_MINBLOCKSHIFT`).
const MIN_SHIFT: u8 = 9;

/// Something that is wrong, on the way to an error.
pub(super) type Refused = (ErrorKind, String);

/// A device that was looked at.
pub(super) struct Found {
    /// The absolute path.
    pub(super) path: String,
    pub(super) is_disk: bool,
    pub(super) size: u64,
    /// The smallest block that can be written to it, as a power of two.
    pub(super) block_shift: u8,
    /// The kernel's number of a disk.
    number: u64,
}

impl Found {
    /// Empties what is in front of a disk's first label, which ZFS leaves as it is: the marks of a
    /// file system would be there still, or a table of partitions, and the disk taken for that when
    /// the pool is not imported.
    pub(super) fn empty_start(&self) -> io::Result<()> {
        /// `VDEV_PAD_SIZE`, as a power of two.
        const PAD: u8 = 13;
        // With a larger block what is behind it would be written again, as it was.
        if !self.is_disk || self.block_shift > PAD {
            return Ok(());
        }
        let device = OpenOptions::new().write(true).open(&self.path)?;
        if device.metadata()?.rdev() != self.number {
            return Err(io::Error::other("another disk is there now"));
        }
        device.write_all_at(&[0; 1 << PAD], 0)?;
        device.sync_data()
    }
}

/// The devices that are looked at for one pool.
pub(super) struct Devices {
    in_use: InUse,
    overwrite: bool,
    /// What identifies each that was, to find one that is there twice under two names.
    seen: BTreeMap<(u64, u64), PathBuf>,
}

impl Devices {
    pub(super) fn new(zfs: &Zfs, overwrite: bool) -> Result<Self, Refused> {
        Ok(Self {
            in_use: InUse::read(zfs)?,
            overwrite,
            seen: BTreeMap::new(),
        })
    }

    pub(super) fn look_at_all(
        &mut self,
        paths: &[PathBuf],
        as_spare: bool,
    ) -> Result<Vec<Found>, Refused> {
        paths
            .iter()
            .map(|path| self.look_at(path, as_spare))
            .collect()
    }

    fn look_at(&mut self, path: &Path, as_spare: bool) -> Result<Found, Refused> {
        let shown = path.display();
        let failed = |error: io::Error| {
            let kind = match error.raw_os_error() {
                Some(libc::ENOENT | libc::ENOTDIR | libc::ENXIO | libc::ENODEV) => {
                    ErrorKind::DeviceNotFound
                }
                Some(libc::EACCES | libc::EPERM) => ErrorKind::PermissionDenied,
                Some(libc::EBUSY) => ErrorKind::DeviceInUse,
                _ => ErrorKind::Io,
            };
            (kind, format!("{shown}: {error}"))
        };
        let absolute = std::path::absolute(path).map_err(failed)?;
        let Some(text) = absolute.to_str().filter(|text| !text.contains('\0')) else {
            let why = format!("{shown} is no path that ZFS can keep");
            return Err((ErrorKind::InvalidLayout, why));
        };
        let metadata = absolute.metadata().map_err(failed)?;
        let is_disk = metadata.file_type().is_block_device();
        if !is_disk && !metadata.is_file() {
            let why = format!("{shown} is no block device and no file");
            return Err((ErrorKind::InvalidLayout, why));
        }
        let identity = match is_disk {
            true => (u64::MAX, metadata.rdev()),
            false => (metadata.dev(), metadata.ino()),
        };
        if let Some(other) = self.seen.insert(identity, absolute.clone()) {
            let why = format!("{shown} and {} are the same device", other.display());
            return Err((ErrorKind::InvalidLayout, why));
        }
        let open = |flags| {
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(flags | libc::O_NONBLOCK);
            options.open(&absolute)
        };
        // A disk that is mounted, or that something else has for itself, cannot be had so.
        let exclusive = if is_disk { libc::O_EXCL } else { 0 };
        let device = match open(exclusive) {
            // ZFS itself has those of its pools, the spares too.
            Err(error) if as_spare && error.raw_os_error() == Some(libc::EBUSY) => {
                let device = open(0).map_err(failed)?;
                let label = label::read(&device).map_err(failed)?;
                if label.is_none_or(|label| label.state() != PoolState::Spare) {
                    return Err(failed(error));
                }
                device
            }
            opened => opened.map_err(failed)?,
        };
        let size = label::size(&device).map_err(failed)?;
        self.check_free(&device, as_spare)
            .map_err(failed)?
            .map_or(Ok(()), |why| {
                Err((ErrorKind::DeviceInUse, format!("{shown} {why}")))
            })?;
        if size < MIN_DEVICE {
            let why = format!("{shown} has {size} bytes of the {MIN_DEVICE} that it needs");
            return Err((ErrorKind::DeviceTooSmall, why));
        }
        Ok(Found {
            path: text.to_owned(),
            is_disk,
            size,
            block_shift: if is_disk {
                block_shift(&metadata)
            } else {
                MIN_SHIFT
            },
            number: metadata.rdev(),
        })
    }

    /// By what the device is in use, if it is.
    fn check_free(&self, device: &File, as_spare: bool) -> io::Result<Option<String>> {
        let label = label::read(device)?;
        let Some(label) = label.as_ref().filter(|label| label.is_in_use()) else {
            // Also where there is the label of a pool that was destroyed: that can be an old one at
            // the end of a device that has something else in front.
            let foreign = match self.overwrite {
                true => None,
                false => foreign::look(device)?,
            };
            return Ok(foreign.map(|what| format!("has {what}")));
        };
        let of_pool = |label: &Label| match label.pool_name() {
            Some(name) => format!("is part of the pool {name}"),
            None => "is part of a pool".to_owned(),
        };
        let imported = self.in_use.guids.get(&label.guid());
        Ok(match (label.state(), imported) {
            (PoolState::Spare, _) if as_spare => None,
            (PoolState::Spare | PoolState::Cache, None) => None,
            (_, Some(pool)) => Some(format!("is part of the imported pool {pool}")),
            (_, None) if self.overwrite => None,
            (PoolState::Exported, None) => Some(format!("{}, which is exported", of_pool(label))),
            (_, None) => Some(format!("{}, maybe imported elsewhere", of_pool(label))),
        })
    }
}

/// The smallest block of a disk, as a power of two: what the kernel says, of a partition as of the disk
/// that it is on.
fn block_shift(disk: &Metadata) -> u8 {
    let number = disk.rdev();
    let (major, minor) = (libc::major(number), libc::minor(number));
    let said = ["queue", "../queue"].iter().find_map(|queue| {
        let path = format!("/sys/dev/block/{major}:{minor}/{queue}/logical_block_size");
        fs::read_to_string(path).ok()?.trim().parse::<u64>().ok()
    });
    let shift = said.and_then(u64::checked_ilog2).unwrap_or_default();
    u8::try_from(shift).map_or(MIN_SHIFT, |shift| shift.max(MIN_SHIFT))
}

/// The GUIDs of all devices of the imported pools, with the names of these.
struct InUse {
    guids: BTreeMap<u64, String>,
}

impl InUse {
    fn read(zfs: &Zfs) -> Result<Self, Refused> {
        let configs = zfs.device().pool_configs().map_err(|errno| {
            let why = format!("cannot read which pools are imported: {errno}");
            (ErrorKind::Io, why)
        })?;
        let mut guids = BTreeMap::new();
        for name in configs.names() {
            let name = name.to_string();
            // Only this has the spares and caches, too.
            let config = match zfs.device().pool_stats(&name) {
                Ok(config) => config,
                // It is gone since.
                Err(errno) if errno.raw() == libc::ENOENT => continue,
                Err(errno) => {
                    let why = format!("cannot read which devices {name} has: {errno}");
                    return Err((ErrorKind::Io, why));
                }
            };
            if let Some(root) = config.get_list("vdev_tree") {
                collect_guids(root, &name, &mut guids);
            }
        }
        Ok(Self { guids })
    }
}

fn collect_guids(vdev: &NvList, pool: &str, guids: &mut BTreeMap<u64, String>) {
    if let Some(guid) = vdev.get_u64("guid") {
        guids.insert(guid, pool.to_owned());
    }
    for list in ["children", "spares", "l2cache"] {
        for child in vdev.get_list_array(list).unwrap_or_default() {
            collect_guids(child, pool, guids);
        }
    }
}
