//! Reading all that there is of a dataset, snapshot or bookmark.

use crate::error::{Error, Operation, Result};
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::nvlist::NvList;

use super::info::PropertyHolder;
use super::list::TEMPORARY;
use super::{Properties, mounts};

/// A name of something that has properties: a dataset, a snapshot or a bookmark.
pub trait HasProperties: sealed::Named {}

impl HasProperties for DatasetName {}
impl HasProperties for SnapshotName {}
impl HasProperties for BookmarkName {}

pub(super) mod sealed {
    pub trait Named {
        fn name(&self) -> &str;
        fn dataset(&self) -> &crate::DatasetName;
        fn bookmark(&self) -> Option<&crate::BookmarkName> {
            None
        }
    }
}

impl sealed::Named for DatasetName {
    fn name(&self) -> &str {
        self.as_str()
    }

    fn dataset(&self) -> &DatasetName {
        self
    }
}

impl sealed::Named for SnapshotName {
    fn name(&self) -> &str {
        self.as_str()
    }

    fn dataset(&self) -> &DatasetName {
        self.dataset()
    }
}

impl sealed::Named for BookmarkName {
    fn name(&self) -> &str {
        self.as_str()
    }

    fn dataset(&self) -> &DatasetName {
        self.dataset()
    }

    fn bookmark(&self) -> Option<&BookmarkName> {
        Some(self)
    }
}

impl Zfs {
    /// Reads all that `zfs get all` shows of a dataset, snapshot or bookmark.
    ///
    /// Beyond what [`dataset`](Self::dataset) and [`snapshot`](Self::snapshot) read in one call of
    /// the kernel:
    ///
    /// * what a file system has in itself: [`VERSION`](super::VERSION),
    ///   [`NORMALIZATION`](super::NORMALIZATION), [`CASE_SENSITIVITY`](super::CASE_SENSITIVITY),
    ///   [`UTF8ONLY`](super::UTF8ONLY) and, since 2.4, the default quotas. They may be absent while a key
    ///   is not loaded;
    /// * [`MOUNTED`](super::MOUNTED), and which values an option of the mount stands in for, with
    ///   the source [`Temporary`](super::Source::Temporary);
    /// * [what was received](Properties::received), also where a local value holds;
    /// * the pool's `altroot`, for [`Properties::mountpoint`].
    ///
    /// These are calls of their own, so that a change made meanwhile may be in one and not in
    /// another. Everybody may read properties.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::property::{ALL, Source};
    ///
    /// let data = zfs.all_properties(&"tank/data".parse::<libzfs::DatasetName>()?)?;
    /// for info in ALL.iter().filter(|info| !info.is_hidden()) {
    ///     if let Some(property) = data.exact(info) {
    ///         println!("{}\t{property}\t{}", info.name(), property.source);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`](crate::ErrorKind::DatasetNotFound),
    /// [`ErrorKind::BookmarkNotFound`](crate::ErrorKind::BookmarkNotFound),
    /// [`ErrorKind::PoolSuspended`](crate::ErrorKind::PoolSuspended)
    #[doc(alias = "ZFS_IOC_OBJSET_ZPLPROPS")]
    #[doc(alias = "ZFS_IOC_OBJSET_RECVD_PROPS")]
    pub fn all_properties<N: HasProperties + ?Sized>(&self, name: &N) -> Result<Properties> {
        if let Some(bookmark) = name.bookmark() {
            let list = self.read_bookmark(bookmark)?;
            return Ok(Properties::new(bookmark.as_str(), list));
        }
        let name = name.name();
        let mut properties = self.read_properties(name)?;
        let failed = |errno| Error::from_errno(Operation::ReadProperties, name, errno);
        self.add_zpl_properties(&mut properties);
        match self.device().received_properties(name) {
            Ok(received) => properties.received = received.unwrap_or_default(),
            Err(errno) => return Err(failed(errno)),
        }
        let options = mounts::options(name)
            .map_err(|error| Error::from_io(Operation::ReadProperties, name, error))?;
        properties.apply_mount(options.as_deref());
        if properties
            .mountpoint()
            .is_some_and(|path| path.starts_with('/'))
        {
            let pool = name.split(['/', '@']).next().unwrap_or(name);
            let pool = Properties::new(pool, self.device().pool_get_props(pool).map_err(failed)?);
            let altroot = pool
                .raw("altroot")
                .and_then(|altroot| altroot.value.as_str());
            properties.altroot = altroot.map(str::to_owned);
        }
        Ok(properties)
    }

    /// Enters what a file system, or a snapshot of one, has in itself.
    pub(super) fn add_zpl_properties(&self, properties: &mut Properties) {
        // There is none of a volume, nor of what is locked or half received; any other reason would
        // have kept the other properties from being read.
        if let Ok(zpl) = self.device().zpl_properties(&properties.own) {
            for (property, value) in &zpl {
                let entry = NvList::new().with("value", value.clone());
                properties.list.insert(property, entry);
            }
        }
    }
}

impl Properties {
    /// Enters that it is mounted with these options, or that it is not.
    fn apply_mount(&mut self, options: Option<&[bstr::BString]>) {
        if self.holder() == PropertyHolder::FileSystem {
            let mounted = NvList::new().with("value", u64::from(options.is_some()));
            self.list.insert("mounted", mounted);
        }
        let has = |option: &str| options.is_some_and(|all| all.iter().any(|one| one == option));
        for option in mounts::OPTIONS {
            let Some(info) = super::info(option.property).filter(|info| self.has(info)) else {
                continue;
            };
            let set = self.raw(info.name).map(|property| property.value.clone());
            let is_on = set
                .or_else(|| info.default_value())
                .and_then(|value| value.as_u64());
            let stands = match is_on {
                Some(0) if has(option.on) => 1_u64,
                Some(1..) if !has(option.on) && has(option.off) => 0,
                _ => continue,
            };
            let entry = NvList::new()
                .with("value", stands)
                .with("source", TEMPORARY);
            self.list.insert(info.name, entry);
        }
    }
}
