//! The history of a pool: what was done to it, by which program.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use bstr::BStr;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;

/// How much of a history is read at a time.
const CHUNK: usize = 128 << 10;
/// No record is longer than the ioctl's own limit, many times over.
const MAX_RECORD: usize = 64 << 20;

impl Zfs {
    /// Reads the history of a pool, the oldest first.
    ///
    /// Needs root.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// for record in zfs.pool_history(&"tank".parse()?) {
    ///     let record = record?;
    ///     if let Some(command) = record.command() {
    ///         println!("{:?} {command}", record.time());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The iterator ends with [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    /// [`ErrorKind::PoolSuspended`], or [`ErrorKind::UnexpectedAnswer`] for a record that is
    /// damaged.
    #[doc(alias = "zpool_get_history")]
    #[doc(alias = "ZFS_IOC_POOL_GET_HISTORY")]
    pub fn pool_history(&self, pool: &PoolName) -> History {
        History {
            zfs: self.clone(),
            pool: pool.clone(),
            offset: 0,
            pending: Vec::new(),
            records: VecDeque::new(),
            ended: false,
            gaps: false,
        }
    }
}

/// The records of a pool's history; see [`Zfs::pool_history`].
///
/// It is read as it goes, so that what is entered meanwhile is in it, too.
#[derive(Debug)]
pub struct History {
    zfs: Zfs,
    pool: PoolName,
    offset: u64,
    /// The beginning of a record of which the rest is still to be read.
    pending: Vec<u8>,
    records: VecDeque<NvList>,
    ended: bool,
    /// Whether some of it was overwritten before it was read.
    gaps: bool,
}

impl History {
    /// From where another one [has read to](Self::offset).
    pub(crate) fn from(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Up to where it is read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether all that was entered since it was begun is in it.
    pub(crate) fn is_whole(&self) -> bool {
        !self.gaps && self.pending.is_empty()
    }

    /// Reads more; `false` at the end.
    fn read(&mut self) -> Result<bool> {
        let pool = self.pool.as_str();
        let (bytes, next) = self
            .zfs
            .device()
            .pool_history(pool, self.offset, CHUNK)
            .map_err(|errno| Error::from_errno(Operation::ReadHistory, pool, errno))?;
        if bytes.is_empty() {
            return Ok(false);
        }
        if next.wrapping_sub(self.offset) != bytes.len() as u64 {
            // What was next is overwritten by now; it goes on with the oldest that is left.
            self.pending.clear();
            self.gaps = true;
        }
        self.offset = next;
        self.pending.extend(bytes);
        let unreadable = |why: String| {
            let kind = ErrorKind::UnexpectedAnswer;
            Err(Error::refused(Operation::ReadHistory, pool, kind, why))
        };
        let mut done = 0;
        while let Some((len, rest)) = self.pending[done..].split_first_chunk::<8>() {
            let Some(len) = usize::try_from(u64::from_le_bytes(*len))
                .ok()
                .filter(|&len| len <= MAX_RECORD)
            else {
                return unreadable("a record is longer than any can be".into());
            };
            let Some(record) = rest.get(..len) else {
                break;
            };
            match NvList::decode_prefix(record) {
                Ok((list, _)) => self.records.push_back(list),
                Err(error) => return unreadable(error.to_string()),
            }
            done += 8 + len;
        }
        self.pending.drain(..done);
        Ok(true)
    }
}

impl Iterator for History {
    type Item = Result<HistoryRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(list) = self.records.pop_front() {
                return Some(Ok(HistoryRecord(list)));
            }
            if self.ended {
                return None;
            }
            match self.read() {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Something that was done to a pool. It has a [command](Self::command), an
/// [ioctl](Self::ioctl) or an [event](Self::event).
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRecord(NvList);

impl HistoryRecord {
    #[cfg(test)]
    pub(crate) fn new(list: NvList) -> Self {
        Self(list)
    }

    /// When it was done, to the second; the beginning of 1970 where the record has no time that can
    /// be.
    pub fn time(&self) -> SystemTime {
        let seconds = self.0.get_u64("history time").unwrap_or(0);
        // Whoever made the pool wrote this.
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The program with what it did, in the words of that program.
    pub fn command(&self) -> Option<&BStr> {
        self.0.get_bstr("history command")
    }

    /// The name of the ioctl that a program called, such as `snapshot`;
    /// [`list`](Self::list) has its arguments.
    pub fn ioctl(&self) -> Option<&BStr> {
        self.0.get_bstr("ioctl")
    }

    /// What the module did of its own, such as `create` or `scan done`, with what there is to say of
    /// it.
    pub fn event(&self) -> Option<(&BStr, &BStr)> {
        let text = self.0.get_bstr("history internal str");
        Some((self.0.get_bstr("internal_name")?, text.unwrap_or_default()))
    }

    /// The dataset that it was done to.
    pub fn dataset(&self) -> Option<&BStr> {
        self.0.get_bstr("dsname")
    }

    /// The transaction group in which it was done, of what the module did of its own.
    pub fn txg(&self) -> Option<u64> {
        self.0.get_u64("history txg")
    }

    /// The number of the user who did it.
    pub fn uid(&self) -> Option<u64> {
        self.0.get_u64("history who")
    }

    /// The host on which it was done.
    pub fn host(&self) -> Option<&BStr> {
        self.0.get_bstr("history hostname")
    }

    /// All that was recorded.
    pub fn list(&self) -> &NvList {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_cannot_be_is_none() {
        let at = |seconds: u64| HistoryRecord(NvList::new().with("history time", seconds)).time();
        assert_eq!(at(7), SystemTime::UNIX_EPOCH + Duration::from_secs(7));
        assert_eq!(at(u64::MAX), SystemTime::UNIX_EPOCH);
    }
}
