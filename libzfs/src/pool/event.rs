//! Events: what the module tells of all pools as it happens.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use bstr::BStr;

use crate::error::{Error, Operation, Result};
use crate::ffi::Device;
use crate::handle::Zfs;
use crate::nvlist::NvList;
use crate::vdev::VdevGuid;

#[cfg(doc)]
use crate::error::ErrorKind;

/// How often [`Events::next_within`] looks.
const POLL: Duration = Duration::from_millis(20);

impl Zfs {
    /// The events of all pools from some point on. The module keeps the last of them, 1024 if it
    /// was not told otherwise.
    ///
    /// Reading them takes them from nobody else.
    ///
    /// Needs root.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::EventsFrom;
    ///
    /// for event in zfs.events(EventsFrom::Now)? {
    ///     let event = event?;
    ///     println!("{:?} {:?} {:?}", event.time(), event.class(), event.pool());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::ZfsNotAvailable`], [`ErrorKind::OutOfResources`]: no descriptor of its own is
    ///   to be had;
    /// * [`ErrorKind::PermissionDenied`];
    /// * [`ErrorKind::InvalidArgument`]: the event of [`EventsFrom::After`] is kept no more, so that
    ///   it cannot be told what was lost
    #[doc(alias = "zpool_events_seek")]
    #[doc(alias = "ZFS_IOC_EVENTS_SEEK")]
    pub fn events(&self, from: EventsFrom) -> Result<Events> {
        let failed = |errno| Error::from_errno(Operation::ReadEvents, "this system", errno);
        // Where a reader is belongs to its descriptor, so that this one has its own.
        let device = Device::open()
            .map_err(|errno| Error::from_errno(Operation::Open, "/dev/zfs", errno))?;
        let number = match from {
            EventsFrom::Oldest => 0,
            EventsFrom::Now => u64::MAX,
            EventsFrom::After(number) => number,
        };
        device.seek_event(number).map_err(failed)?;
        Ok(Events { device })
    }
}

/// Where [`Zfs::events`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventsFrom {
    /// With the oldest that the module keeps.
    Oldest,
    /// With what happens from now on.
    Now,
    /// Behind the event of this [number](Event::number).
    After(u64),
}

/// The events of all pools; see [`Zfs::events`].
///
/// As an iterator it waits for the next event and does not end; an error can be
/// [`ErrorKind::Interrupted`] by a signal.
#[derive(Debug)]
pub struct Events {
    device: Device,
}

impl Events {
    /// The next event, if there is one by now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedAnswer`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "zpool_events_next")]
    #[doc(alias = "ZFS_IOC_EVENTS_NEXT")]
    pub fn next_ready(&mut self) -> Result<Option<Event>> {
        self.read(false)
    }

    /// The next event, if there is one before the time is over.
    ///
    /// # Errors
    ///
    /// As for [`next_ready`](Self::next_ready).
    pub fn next_within(&mut self, limit: Duration) -> Result<Option<Event>> {
        let begun = Instant::now();
        loop {
            let event = self.next_ready()?;
            let left = limit.saturating_sub(begun.elapsed());
            if event.is_some() || left.is_zero() {
                return Ok(event);
            }
            thread::sleep(POLL.min(left));
        }
    }

    fn read(&mut self, wait: bool) -> Result<Option<Event>> {
        match self.device.next_event(wait) {
            Ok(next) => Ok(next.map(|(list, lost)| Event { list, lost })),
            Err(errno) => Err(Error::from_errno(
                Operation::ReadEvents,
                "this system",
                errno,
            )),
        }
    }
}

impl Iterator for Events {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read(true).transpose()
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    list: NvList,
    lost: u64,
}

impl Event {
    /// What happened, such as `sysevent.fs.zfs.pool_import` or `ereport.fs.zfs.checksum`.
    pub fn class(&self) -> &BStr {
        self.list.get_bstr("class").unwrap_or_default()
    }

    /// Its number; they count up, without a gap, from when the module was loaded.
    pub fn number(&self) -> u64 {
        self.list.get_u64("eid").unwrap_or(0)
    }

    /// How many events were lost before this one, because this reader was late, or because the
    /// module makes only so many of a kind in a second. The latter are told to one reader alone.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// When it happened.
    pub fn time(&self) -> Option<SystemTime> {
        let Some(&[seconds, nanos]) = self.list.get("time")?.as_i64_array() else {
            return None;
        };
        let since = Duration::new(seconds.try_into().ok()?, nanos.try_into().ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    /// The name of the pool.
    pub fn pool(&self) -> Option<&BStr> {
        self.list.get_bstr("pool")
    }

    /// The GUID of the pool.
    pub fn pool_guid(&self) -> Option<u64> {
        self.list.get_u64("pool_guid")
    }

    /// The vdev.
    pub fn vdev(&self) -> Option<VdevGuid> {
        self.list.get_u64("vdev_guid").map(VdevGuid::new)
    }

    /// All that there is to tell; what it is differs with the class.
    pub fn list(&self) -> &NvList {
        &self.list
    }
}
