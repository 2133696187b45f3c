//! The ioctls on whole pools.

use libzfs_sys::ioctl;

use super::{ANSWER, Command, Device, Result, text};
use crate::error::Errno;
use crate::nvlist::NvList;

/// Room for the configuration that a pool's import leaves. It cannot be asked for again when it
/// does not fit, since the pool is imported by then.
const IMPORT_ANSWER: usize = 1 << 20;

/// Bytes of an entry of the error log: four numbers (`zbookmark_phys_t`).
const LOG_ENTRY: usize = 32;

/// A block that is damaged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggedError {
    pub(crate) dataset: u64,
    pub(crate) object: u64,
    pub(crate) level: u64,
    pub(crate) block: u64,
}

/// An import that failed, with what the kernel told besides.
#[derive(Debug)]
pub(crate) struct ImportFailed {
    pub(crate) errno: Errno,
    pub(crate) config: Option<NvList>,
}

impl From<Errno> for ImportFailed {
    fn from(errno: Errno) -> Self {
        Self {
            errno,
            config: None,
        }
    }
}

impl Device {
    /// `ZFS_IOC_POOL_CONFIGS`: the configuration of each imported pool under its name.
    pub(crate) fn pool_configs(&self) -> Result<NvList> {
        let mut command = Command::new("")?.answer(ANSWER);
        loop {
            // The state that the caller knows already, of which there is no answer. The kernel
            // leaves the newest here, also where the answer had no room.
            command.zc.zc_cookie = 0;
            match self.call(ioctl::ZFS_IOC_POOL_CONFIGS, &mut command) {
                Ok(()) => return command.list(),
                Err(errno) if errno.raw() == libc::ENOMEM && command.grow() => {}
                // By a signal, while another has the lock on all pools.
                Err(errno) if errno.raw() == libc::EINTR => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// `ZFS_IOC_POOL_CREATE`: a pool of the vdev tree `config`.
    pub(crate) fn pool_create(&self, name: &str, config: &NvList, props: &NvList) -> Result<()> {
        let command = Command::new(name)?.config(config)?.source(props)?;
        self.run(ioctl::ZFS_IOC_POOL_CREATE, command).map(drop)
    }

    /// `ZFS_IOC_POOL_DESTROY`; none of the pool's datasets may be mounted.
    pub(crate) fn pool_destroy(&self, name: &str, history: Option<&str>) -> Result<()> {
        let command = Command::new(name)?.history(history);
        self.run(ioctl::ZFS_IOC_POOL_DESTROY, command).map(drop)
    }

    /// `ZFS_IOC_POOL_EXPORT`; none of the pool's datasets may be mounted. With `force`, a spare of
    /// it may be in use that another pool has, too.
    pub(crate) fn pool_export(&self, name: &str, force: bool, history: Option<&str>) -> Result<()> {
        let mut command = Command::new(name)?.history(history);
        command.zc.zc_cookie = force.into();
        self.run(ioctl::ZFS_IOC_POOL_EXPORT, command).map(drop)
    }

    /// `ZFS_IOC_POOL_TRYIMPORT`: what the pool of this configuration would be like.
    pub(crate) fn pool_try_import(&self, config: &NvList) -> Result<NvList> {
        let command = Command::new("")?.config(config)?.answer(64 << 10);
        self.run(ioctl::ZFS_IOC_POOL_TRYIMPORT, command)?.list()
    }

    /// `ZFS_IOC_POOL_IMPORT`: the pool that `config` describes.
    pub(crate) fn pool_import(
        &self,
        name: &str,
        config: &NvList,
        props: &NvList,
        flags: u64,
    ) -> Result<(), ImportFailed> {
        let mut command = Command::new(name)?
            .config(config)?
            .source(props)?
            .answer(IMPORT_ANSWER);
        command.zc.zc_cookie = flags;
        command.zc.zc_guid = config
            .get_u64("pool_guid")
            .ok_or(Errno::new(libc::EINVAL))?;
        self.call(ioctl::ZFS_IOC_POOL_IMPORT, &mut command)
            .map_err(|errno| ImportFailed {
                errno,
                config: command.list().ok(),
            })
    }

    /// `ZFS_IOC_CLEAR`: forgets the errors of a pool, or of one of its vdevs, and goes on with what
    /// they stopped.
    pub(crate) fn pool_clear(&self, name: &str, vdev: Option<u64>) -> Result<()> {
        /// That a pool that fails to open is not to be rewound (`ZPOOL_NO_REWIND`).
        const NO_REWIND: u64 = 1;
        let mut command = Command::new(name)?;
        command.zc.zc_cookie = NO_REWIND;
        command.zc.zc_guid = vdev.unwrap_or(0);
        self.run(ioctl::ZFS_IOC_CLEAR, command).map(drop)
    }

    /// `ZFS_IOC_ERROR_LOG`: the blocks that are known to be damaged.
    pub(crate) fn pool_errors(&self, name: &str) -> Result<Vec<LoggedError>> {
        let mut room: usize = 1024;
        loop {
            let mut command = Command::new(name)?.answer(room * LOG_ENTRY);
            command.answer_unit = LOG_ENTRY;
            match self.call(ioctl::ZFS_IOC_ERROR_LOG, &mut command) {
                Ok(()) => {
                    // They are at the end; what is left is the number of those in front.
                    let empty = usize::try_from(command.zc.zc_nvlist_dst_size)
                        .unwrap_or(room)
                        .min(room);
                    let entries = command.answer[empty * LOG_ENTRY..].chunks_exact(LOG_ENTRY);
                    return Ok(entries.map(logged_error).collect());
                }
                Err(errno) if errno.raw() == libc::ENOMEM && room < 1 << 24 => room *= 4,
                Err(errno) => return Err(errno),
            }
        }
    }

    /// `ZFS_IOC_DSOBJ_TO_DSNAME`: the dataset or snapshot of this number.
    pub(crate) fn dataset_of(&self, pool: &str, number: u64) -> Result<String> {
        let mut command = Command::new(pool)?;
        command.zc.zc_obj = number;
        let done = self.run(ioctl::ZFS_IOC_DSOBJ_TO_DSNAME, command)?;
        Ok(text(&done.zc.zc_value))
    }

    /// `ZFS_IOC_OBJ_TO_PATH`: where the object of this number is in a file system or a snapshot of
    /// one.
    pub(crate) fn path_of(&self, dataset: &str, object: u64) -> Result<String> {
        let mut command = Command::new(dataset)?;
        command.zc.zc_obj = object;
        let done = self.run(ioctl::ZFS_IOC_OBJ_TO_PATH, command)?;
        Ok(text(&done.zc.zc_value))
    }
}

fn logged_error(entry: &[u8]) -> LoggedError {
    let mut words = entry.chunks_exact(8).map(|word| {
        let word = word.try_into().unwrap_or_default();
        u64::from_ne_bytes(word)
    });
    let mut next = || words.next().unwrap_or(0);
    LoggedError {
        dataset: next(),
        object: next(),
        level: next(),
        block: next(),
    }
}
