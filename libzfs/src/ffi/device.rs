//! `/dev/zfs` itself: the ioctls for what `libzfs_core` has no function for, and for lists that are
//! read. Those its functions would unpack into lists of C's, to be packed again, decoded and freed:
//! more work than reading them is.

mod event;
mod history;
#[cfg(feature = "testing")]
mod inject;
mod list;
mod pool;
mod vdev;

#[cfg(feature = "testing")]
pub(crate) use self::inject::ANY_IO;
pub(crate) use self::list::{Ask, Found, Lister};
pub(crate) use self::pool::{ImportFailed, LoggedError};

use std::ffi::c_char;
use std::fs::{File, OpenOptions};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use libzfs_sys as sys;
use libzfs_sys::ioctl::{self, zfs_cmd, zfs_ioc_t};
use zeroize::Zeroize;

use crate::error::Errno;
use crate::nvlist::NvList;

type Result<T, E = Errno> = std::result::Result<T, E>;

/// The path of the device through which every program talks to ZFS.
const PATH: &str = "/dev/zfs";

/// How large an answer may be: no packed list is longer.
const MAX_ANSWER: usize = i32::MAX as usize;

/// The first buffer for an answer; most are smaller.
const ANSWER: usize = 16 << 10;

/// `/dev/zfs`, open. Holds that end with a process are bound to a descriptor like this one's.
#[derive(Debug)]
pub(crate) struct Device(File);

/// One ioctl being prepared: the structure that all of them take, and the buffers that it points
/// into.
struct Command {
    zc: Box<zfs_cmd>,
    source: Vec<u8>,
    config: Vec<u8>,
    answer: Vec<u8>,
    /// In what the size of the answer is counted, in bytes.
    answer_unit: usize,
    /// What is to be entered into the history, or the room for what is read of it.
    history: Vec<u8>,
}

impl Drop for Command {
    fn drop(&mut self) {
        // What is asked can have a key in it.
        self.source.zeroize();
    }
}

/// Copies a name into a buffer of zeros, of which one byte stays, so that the kernel finds the end.
fn copy_name(buffer: &mut [c_char], name: &str) -> Result<()> {
    if name.len() >= buffer.len() {
        return Err(Errno::new(libc::ENAMETOOLONG));
    }
    for (to, from) in buffer.iter_mut().zip(name.bytes()) {
        *to = c_char::from_ne_bytes([from]);
    }
    Ok(())
}

impl Command {
    fn new(name: &str) -> Result<Self> {
        let mut zc = Box::new(zfs_cmd::default());
        copy_name(&mut zc.zc_name, name)?;
        Ok(Self {
            zc,
            source: Vec::new(),
            config: Vec::new(),
            answer: Vec::new(),
            answer_unit: 1,
            history: Vec::new(),
        })
    }

    fn source(mut self, list: &NvList) -> Result<Self> {
        self.source = list.encode().map_err(|_| Errno::new(libc::EINVAL))?;
        Ok(self)
    }

    fn config(mut self, list: &NvList) -> Result<Self> {
        self.config = list.encode().map_err(|_| Errno::new(libc::EINVAL))?;
        Ok(self)
    }

    fn answer(mut self, size: usize) -> Self {
        self.answer = vec![0; size];
        self
    }

    /// The name that the kernel left.
    fn name(&self) -> String {
        text(&self.zc.zc_name)
    }

    /// The list that the kernel left.
    fn list(&self) -> Result<NvList> {
        let filled = usize::try_from(self.zc.zc_nvlist_dst_size).unwrap_or(usize::MAX);
        let answer = self.answer.get(..filled).ok_or(Errno::new(libc::EIO))?;
        NvList::decode(answer).map_err(|_| Errno::new(libc::EIO))
    }

    /// Makes the room for an answer that the kernel said it needs, with ENOMEM as the sign that
    /// there was too little; false if that is not what it meant.
    fn grow(&mut self) -> bool {
        let had = self.answer.len();
        let needs = usize::try_from(self.zc.zc_nvlist_dst_size).unwrap_or(usize::MAX);
        if had == 0 || needs <= had || needs > MAX_ANSWER {
            return false;
        }
        self.answer = vec![0; needs];
        true
    }

    /// Points the structure at the buffers; they must not change until the ioctl is done.
    fn point(&mut self) {
        // The kernel takes an address for a wish to have an answer, so that there is none where
        // there is no buffer.
        let address = |buffer: &Vec<u8>| {
            if buffer.is_empty() {
                0
            } else {
                buffer.as_ptr() as u64
            }
        };
        let zc = &mut *self.zc;
        zc.zc_nvlist_src = address(&self.source);
        zc.zc_nvlist_src_size = self.source.len() as u64;
        zc.zc_nvlist_conf = address(&self.config);
        zc.zc_nvlist_conf_size = self.config.len() as u64;
        zc.zc_nvlist_dst = match self.answer.len() {
            0 => 0,
            _ => self.answer.as_mut_ptr() as u64,
        };
        zc.zc_nvlist_dst_size = (self.answer.len() / self.answer_unit) as u64;
        zc.zc_history = match self.history.len() {
            0 => 0,
            _ => self.history.as_mut_ptr() as u64,
        };
        zc.zc_history_len = self.history.len() as u64;
    }
}

/// What is in a buffer up to its first NUL.
fn text(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> = buffer
        .iter()
        .map(|c| c.to_ne_bytes()[0])
        .take_while(|&byte| byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What [`Device::objset_stats`] finds.
#[derive(Debug)]
pub(crate) struct Stats {
    pub(crate) properties: NvList,
    /// Whether it is incomplete: a receive that has not ended made it.
    pub(crate) inconsistent: bool,
    pub(crate) is_volume: bool,
}

/// What [`Device::each_owner`] finds: `zfs_useracct_t`.
#[derive(Debug)]
pub(crate) struct OwnedSpace {
    pub(crate) domain: Vec<u8>,
    pub(crate) rid: u32,
    pub(crate) space: u64,
}

impl OwnedSpace {
    const DOMAIN: usize = 256;
    const LEN: usize = Self::DOMAIN + 16;

    /// The domain up to a NUL, the number, four bytes of no meaning, and the space.
    fn read(entry: &[u8]) -> Option<Self> {
        let (domain, rest) = entry.split_at_checked(Self::DOMAIN)?;
        let (rid, rest) = rest.split_first_chunk()?;
        let space = rest.get(4..)?.first_chunk()?;
        Some(Self {
            domain: domain.split(|&byte| byte == 0).next()?.to_vec(),
            rid: u32::from_ne_bytes(*rid),
            space: u64::from_ne_bytes(*space),
        })
    }
}

/// The kernel's number for the type of a volume (`DMU_OST_ZVOL`).
pub(crate) const DMU_OST_ZVOL: u32 = 3;
/// That for the type of a file system.
pub(crate) const DMU_OST_ZFS: u32 = 2;

impl Device {
    pub(crate) fn open() -> Result<Self> {
        Ok(Self(OpenOptions::new().read(true).write(true).open(PATH)?))
    }

    /// Runs the command once. The kernel can leave an answer after an error, too.
    fn call(&self, ioc: zfs_ioc_t, command: &mut Command) -> Result<()> {
        command.point();
        // SAFETY: the structure is as the kernel declares it (the layout tests), with sizes that
        // are those of the buffers it points to, in the unit of this ioctl, which `command` owns
        // and which live until the call returns; the kernel writes into those of the answer and of
        // the history alone. A history that is read by it ends in a NUL.
        let rc = unsafe { libc::ioctl(self.0.as_raw_fd(), ioc.into(), &raw mut *command.zc) };
        match rc {
            0 => Ok(()),
            _ => Err(Errno::last()),
        }
    }

    /// Runs the command; repeats it with a larger buffer while the answer does not fit.
    fn run(&self, ioc: zfs_ioc_t, mut command: Command) -> Result<Command> {
        loop {
            match self.call(ioc, &mut command) {
                Ok(()) => return Ok(command),
                Err(errno) if errno.raw() == libc::ENOMEM && command.grow() => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// `ZFS_IOC_OBJSET_STATS`: all there is to know of a dataset or snapshot.
    pub(crate) fn objset_stats(&self, name: &str) -> Result<Stats> {
        let command = Command::new(name)?.answer(ANSWER);
        let done = self.run(ioctl::ZFS_IOC_OBJSET_STATS, command)?;
        Ok(Stats {
            properties: done.list()?,
            inconsistent: done.zc.zc_objset_stats.dds_inconsistent != 0,
            is_volume: done.zc.zc_objset_stats.dds_type == DMU_OST_ZVOL,
        })
    }

    /// `ZFS_IOC_OBJSET_STATS` without properties: the GUID of a dataset or snapshot, and its
    /// creation txg.
    pub(crate) fn identity(&self, name: &str) -> Result<(u64, u64)> {
        let done = self.run(ioctl::ZFS_IOC_OBJSET_STATS, Command::new(name)?)?;
        let stats = &done.zc.zc_objset_stats;
        Ok((stats.dds_guid, stats.dds_creation_txg))
    }

    /// `ZFS_IOC_OBJSET_ZPLPROPS`: what a file system, or a snapshot of one, has in itself. Without a
    /// key it is not read, and there is none of a volume: `ENOENT` or another error.
    pub(crate) fn zpl_properties(&self, name: &str) -> Result<NvList> {
        let command = Command::new(name)?.answer(4 << 10);
        self.run(ioctl::ZFS_IOC_OBJSET_ZPLPROPS, command)?.list()
    }

    /// `ZFS_IOC_GET_HOLDS`, as `lzc_get_holds`
    pub(crate) fn holds(&self, snapshot: &str) -> Result<NvList> {
        let command = Command::new(snapshot)?.answer(ANSWER);
        self.run(ioctl::ZFS_IOC_GET_HOLDS, command)?.list()
    }

    /// `ZFS_IOC_GET_BOOKMARKS`, as `lzc_get_bookmarks`
    pub(crate) fn bookmarks(&self, dataset: &str, props: &NvList) -> Result<NvList> {
        let command = Command::new(dataset)?.source(props)?.answer(ANSWER);
        self.run(ioctl::ZFS_IOC_GET_BOOKMARKS, command)?.list()
    }

    /// `ZFS_IOC_SET_PROP`: gives a dataset or snapshot these as the properties that it received, in
    /// place of those that it received before.
    pub(crate) fn set_received_properties(&self, name: &str, properties: &NvList) -> Result<()> {
        let mut command = Command::new(name)?.source(properties)?;
        const RECEIVED: u64 = 1;
        command.zc.zc_cookie = RECEIVED;
        self.run(ioctl::ZFS_IOC_SET_PROP, command).map(drop)
    }

    /// `ZFS_IOC_OBJSET_RECVD_PROPS`: the properties that a dataset or snapshot received; none if it
    /// never received any.
    pub(crate) fn received_properties(&self, name: &str) -> Result<Option<NvList>> {
        let command = Command::new(name)?.answer(ANSWER);
        match self.run(ioctl::ZFS_IOC_OBJSET_RECVD_PROPS, command) {
            Err(errno) if errno.raw() == libc::ENOTSUP => Ok(None),
            done => done?.list().map(Some),
        }
    }

    /// `ZFS_IOC_OBJ_TO_STATS` of an object that no dataset has, for which the dataset is opened as
    /// for reading all the same: whether its key fits. (The kernel wants the permission `diff`.)
    pub(crate) fn is_decryptable(&self, name: &str) -> Result<bool> {
        match self.run(ioctl::ZFS_IOC_OBJ_TO_STATS, Command::new(name)?) {
            Ok(_) => Ok(true),
            Err(errno) => match errno.raw() {
                libc::EACCES => Ok(false),
                // There is no such object, or it is a volume.
                libc::EINVAL | libc::ENOENT => Ok(true),
                _ => Err(errno),
            },
        }
    }

    /// `ZFS_IOC_SET_PROP`: sets properties of a dataset or snapshot. On failure there may be a number
    /// for each that was not set; the others were.
    pub(crate) fn set_properties(
        &self,
        name: &str,
        properties: &NvList,
    ) -> Result<(), (Errno, NvList)> {
        let whole = |errno| (errno, NvList::new());
        let command = Command::new(name).and_then(|command| command.source(properties));
        let mut command = command.map_err(whole)?;
        // Each number takes less than its property does.
        let room = command.source.len() + ANSWER;
        command = command.answer(room);
        self.call(ioctl::ZFS_IOC_SET_PROP, &mut command)
            .map_err(|errno| {
                let filled = command.zc.zc_nvlist_dst_filled != 0;
                (
                    errno,
                    filled
                        .then(|| command.list().ok())
                        .flatten()
                        .unwrap_or_default(),
                )
            })
    }

    /// `ZFS_IOC_INHERIT_PROP`: takes a value back; `received` brings back the one that was received.
    pub(crate) fn inherit_property(
        &self,
        name: &str,
        property: &str,
        received: bool,
    ) -> Result<()> {
        let mut command = Command::new(name)?;
        copy_name(&mut command.zc.zc_value, property)?;
        command.zc.zc_cookie = received.into();
        self.run(ioctl::ZFS_IOC_INHERIT_PROP, command).map(drop)
    }

    /// `ZFS_IOC_USERSPACE_ONE`: what the kernel's numbers for a property and an owner lead to; of an
    /// owner with a domain that is not known here `ENOENT`.
    pub(crate) fn space_of(
        &self,
        name: &str,
        property: u64,
        domain: &str,
        rid: u32,
    ) -> Result<u64> {
        let mut command = Command::new(name)?;
        command.zc.zc_objset_type = property;
        copy_name(&mut command.zc.zc_value, domain)?;
        command.zc.zc_guid = rid.into();
        let done = self.run(ioctl::ZFS_IOC_USERSPACE_ONE, command)?;
        Ok(done.zc.zc_cookie)
    }

    /// `ZFS_IOC_USERSPACE_MANY`: the same of each owner, in no order.
    pub(crate) fn each_owner(
        &self,
        name: &str,
        property: u64,
        mut each: impl FnMut(OwnedSpace) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut cookie = 0;
        loop {
            let mut command = Command::new(name)?.answer(100 * OwnedSpace::LEN);
            command.zc.zc_objset_type = property;
            command.zc.zc_cookie = cookie;
            let done = self.run(ioctl::ZFS_IOC_USERSPACE_MANY, command)?;
            let filled = usize::try_from(done.zc.zc_nvlist_dst_size).unwrap_or(usize::MAX);
            let entries = done.answer.get(..filled).ok_or(Errno::new(libc::EIO))?;
            if entries.is_empty() {
                return Ok(());
            }
            cookie = done.zc.zc_cookie;
            for entry in entries.chunks_exact(OwnedSpace::LEN) {
                let entry = OwnedSpace::read(entry).ok_or(Errno::new(libc::EIO))?;
                if each(entry).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// `ZFS_IOC_SPACE_WRITTEN`: bytes written since a snapshot or bookmark.
    pub(crate) fn space_written(&self, name: &str, since: &str) -> Result<u64> {
        let mut command = Command::new(name)?;
        copy_name(&mut command.zc.zc_value, since)?;
        let done = self.run(ioctl::ZFS_IOC_SPACE_WRITTEN, command)?;
        Ok(done.zc.zc_cookie)
    }

    /// `ZFS_IOC_POOL_SET_PROPS`: all or none, but for a `cachefile`. The values have to have the types
    /// that the kernel expects.
    pub(crate) fn pool_set_props(&self, pool: &str, properties: &NvList) -> Result<()> {
        let command = Command::new(pool)?.source(properties)?;
        self.run(ioctl::ZFS_IOC_POOL_SET_PROPS, command).map(drop)
    }

    /// `ZFS_IOC_RENAME` for the snapshots of a dataset and all below it that have one name, which
    /// `lzc_rename` has no flag for.
    pub(crate) fn rename_snapshots(&self, from: &str, to: &str) -> Result<()> {
        const RECURSIVE: u64 = 1;
        let mut command = Command::new(from)?;
        copy_name(&mut command.zc.zc_value, to)?;
        command.zc.zc_cookie = RECURSIVE;
        self.run(ioctl::ZFS_IOC_RENAME, command).map(drop)
    }

    /// `ZFS_IOC_POOL_GET_PROPS`: a pool's properties. `lzc_get_props` is this ioctl, since 2.3.
    pub(crate) fn pool_get_props(&self, pool: &str) -> Result<NvList> {
        let command = Command::new(pool)?.answer(16 << 10);
        self.run(ioctl::ZFS_IOC_POOL_GET_PROPS, command)?.list()
    }

    /// `ZFS_IOC_POOL_STATS`: a pool's configuration and state, of a suspended one too.
    pub(crate) fn pool_stats(&self, name: &str) -> Result<NvList> {
        let command = Command::new(name)?.answer(64 << 10);
        self.run(ioctl::ZFS_IOC_POOL_STATS, command)?.list()
    }

    /// `ZFS_IOC_POOL_SCAN`: starts, pauses, resumes or stops a scrub.
    pub(crate) fn pool_scan(
        &self,
        pool: &str,
        function: u64,
        command: sys::pool_scrub_cmd_t,
    ) -> Result<()> {
        let mut scan = Command::new(pool)?;
        scan.zc.zc_cookie = function;
        scan.zc.zc_tail.legacy.zc_flags = command;
        self.run(ioctl::ZFS_IOC_POOL_SCAN, scan).map(drop)
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
