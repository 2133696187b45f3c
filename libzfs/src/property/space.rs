//! What users, groups and projects take of a file system, and how much they may.

use std::fmt;
use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, SnapshotName};

use super::set::{SetProperties, SetsProperties};

/// To whom files belong, and so the space that they take.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpaceOwner {
    /// A user by number.
    User(u32),
    /// A group by number.
    Group(u32),
    /// A project by number.
    Project(u32),
    /// A user of Windows' kind.
    UserSid(Sid),
    /// A group of Windows' kind.
    GroupSid(Sid),
}

/// A security identifier: that of its domain, such as `S-1-5-21-1-2-3`, and a number in that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid {
    domain: String,
    rid: u32,
}

/// The kernel has room for so many bytes of a domain, with the NUL behind.
const MAX_DOMAIN: usize = 255;

impl Sid {
    /// The identifier `DOMAIN-RID`; none if the domain does not begin with `S-1-`, has other
    /// characters behind that than digits and `-`, or more than 255 bytes.
    pub fn new(domain: &str, rid: u32) -> Option<Self> {
        let numbers = domain.strip_prefix("S-1-")?;
        let is_domain = domain.len() <= MAX_DOMAIN
            && numbers.split('-').all(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            });
        is_domain.then(|| Self {
            domain: domain.to_owned(),
            rid,
        })
    }

    /// That of its domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Its number in the domain.
    pub fn rid(&self) -> u32 {
        self.rid
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.domain, self.rid)
    }
}

/// Users, groups or projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Projects.
    Project,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpaceMeasure {
    /// Bytes that files take.
    Used,
    /// Bytes that they may take; 0 is no limit.
    Quota,
    /// How many files there are.
    ObjectsUsed,
    /// How many there may be; 0 is no limit.
    ObjectsQuota,
}

impl OwnerKind {
    /// What `zfs get` has before the `@`, and the kernel's number for it (`zfs_userquota_prop_t`).
    fn property(self, measure: SpaceMeasure) -> (&'static str, u64) {
        use SpaceMeasure::{ObjectsQuota, ObjectsUsed, Quota, Used};
        match (self, measure) {
            (Self::User, Used) => ("userused", 0),
            (Self::User, Quota) => ("userquota", 1),
            (Self::Group, Used) => ("groupused", 2),
            (Self::Group, Quota) => ("groupquota", 3),
            (Self::User, ObjectsUsed) => ("userobjused", 4),
            (Self::User, ObjectsQuota) => ("userobjquota", 5),
            (Self::Group, ObjectsUsed) => ("groupobjused", 6),
            (Self::Group, ObjectsQuota) => ("groupobjquota", 7),
            (Self::Project, Used) => ("projectused", 8),
            (Self::Project, Quota) => ("projectquota", 9),
            (Self::Project, ObjectsUsed) => ("projectobjused", 10),
            (Self::Project, ObjectsQuota) => ("projectobjquota", 11),
        }
    }

    fn owner(self, domain: &str, rid: u32) -> Option<SpaceOwner> {
        Some(match (self, domain) {
            (Self::User, "") => SpaceOwner::User(rid),
            (Self::Group, "") => SpaceOwner::Group(rid),
            (Self::Project, _) => SpaceOwner::Project(rid),
            (Self::User, domain) => SpaceOwner::UserSid(Sid::new(domain, rid)?),
            (Self::Group, domain) => SpaceOwner::GroupSid(Sid::new(domain, rid)?),
        })
    }
}

impl SpaceOwner {
    /// Whether it is a user, a group or a project.
    pub fn kind(&self) -> OwnerKind {
        match self {
            Self::User(_) | Self::UserSid(_) => OwnerKind::User,
            Self::Group(_) | Self::GroupSid(_) => OwnerKind::Group,
            Self::Project(_) => OwnerKind::Project,
        }
    }

    fn number(&self) -> (&str, u32) {
        match self {
            Self::User(id) | Self::Group(id) | Self::Project(id) => ("", *id),
            Self::UserSid(sid) | Self::GroupSid(sid) => (&sid.domain, sid.rid),
        }
    }
}

impl fmt::Display for SpaceOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) | Self::Group(id) | Self::Project(id) => id.fmt(f),
            Self::UserSid(sid) | Self::GroupSid(sid) => sid.fmt(f),
        }
    }
}

impl Zfs {
    /// What one user, group or project takes of a file system or snapshot, or may take:
    /// `userused@ID`, `groupquota@ID`, `projectobjused@ID` and the like. What is written is counted
    /// with a delay of seconds.
    ///
    /// Everybody may ask for himself and his groups; others need the permission of the property,
    /// such as `userused`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::NotAccounted`]: nobody counts that;
    /// * [`ErrorKind::InvalidArgument`]: it is a volume, or a number that no project has;
    /// * [`ErrorKind::KeyNotLoaded`], [`ErrorKind::DatasetNotFound`],
    ///   [`ErrorKind::PermissionDenied`]
    #[doc(alias = "ZFS_IOC_USERSPACE_ONE")]
    #[doc(alias = "zfs_prop_get_userquota")]
    pub fn space_of<N: SetsProperties + ?Sized>(
        &self,
        name: &N,
        owner: &SpaceOwner,
        measure: SpaceMeasure,
    ) -> Result<u64> {
        let name = name.name();
        let (_, property) = owner.kind().property(measure);
        let (domain, rid) = owner.number();
        match self.device().space_of(name, property, domain, rid) {
            Ok(space) => Ok(space),
            // Files of such a domain were never seen here.
            Err(errno) if errno.raw() == libc::ENOENT && !domain.is_empty() => {
                self.read_properties(name)?;
                Ok(0)
            }
            Err(errno) => Err(Error::from_errno(Operation::ReadSpace, name, errno)),
        }
    }

    /// What all users, groups or projects take of a file system or snapshot, or may take, in no
    /// order: `zfs userspace` and its like. Only those are there who take, or may take, something.
    ///
    /// Needs the permission of the property, such as `userused`.
    ///
    /// # Errors
    ///
    /// As for [`space_of`](Self::space_of).
    #[doc(alias = "ZFS_IOC_USERSPACE_MANY")]
    #[doc(alias = "zfs_userspace")]
    pub fn space_by_owner<N: SetsProperties + ?Sized>(
        &self,
        name: &N,
        owners: OwnerKind,
        measure: SpaceMeasure,
    ) -> Result<Vec<(SpaceOwner, u64)>> {
        let name = name.name();
        let (_, property) = owners.property(measure);
        let mut all = Vec::new();
        let mut unknown = None;
        self.device()
            .each_owner(name, property, |entry| {
                let domain = String::from_utf8_lossy(&entry.domain);
                match owners.owner(&domain, entry.rid) {
                    Some(owner) => all.push((owner, entry.space)),
                    None => unknown = Some(domain.into_owned()),
                }
                ControlFlow::Continue(())
            })
            .map_err(|errno| Error::from_errno(Operation::ReadSpace, name, errno))?;
        match unknown {
            None => Ok(all),
            Some(domain) => Err(Error::refused(
                Operation::ReadSpace,
                name,
                ErrorKind::UnexpectedAnswer,
                format!("{domain:?} is no domain"),
            )),
        }
    }

    /// How many bytes were written to a dataset, or a snapshot, since an earlier snapshot of it or
    /// of what it was cloned from: `written@SNAPSHOT`.
    ///
    /// Everybody may ask.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::SnapshotNotFound`]: there is no such earlier snapshot;
    /// * [`ErrorKind::NotAnAncestor`]: it is not an earlier one;
    /// * [`ErrorKind::DatasetNotFound`]
    #[doc(alias = "ZFS_IOC_SPACE_WRITTEN")]
    #[doc(alias = "zfs_prop_get_written")]
    pub fn written_since<N: SetsProperties + ?Sized>(
        &self,
        name: &N,
        since: &SnapshotName,
    ) -> Result<u64> {
        self.written(name.name(), since.as_str()).map_err(|error| {
            let exists = || self.snapshot_exists(since).unwrap_or(true);
            match error.kind() {
                ErrorKind::DatasetNotFound if self.is_there(name.dataset()) && !exists() => {
                    error.with_kind(ErrorKind::SnapshotNotFound)
                }
                _ => error,
            }
        })
    }

    /// As [`written_since`](Self::written_since), since the snapshot that a bookmark was made from:
    /// `written#BOOKMARK`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::BookmarkNotFound`];
    /// * [`ErrorKind::FeatureDisabled`]: the pool had not the feature `bookmark_written` when the
    ///   bookmark was made;
    /// * [`ErrorKind::NotAnAncestor`]: it is not an earlier one;
    /// * [`ErrorKind::DatasetNotFound`]
    #[doc(alias = "ZFS_IOC_SPACE_WRITTEN")]
    pub fn written_since_bookmark<N: SetsProperties + ?Sized>(
        &self,
        name: &N,
        since: &BookmarkName,
    ) -> Result<u64> {
        self.written(name.name(), since.as_str())
    }

    fn written(&self, name: &str, since: &str) -> Result<u64> {
        self.device()
            .space_written(name, since)
            .map_err(|errno| Error::from_errno(Operation::ReadWritten, name, errno))
    }

    fn is_there(&self, dataset: &DatasetName) -> bool {
        self.dataset_exists(dataset).unwrap_or(false)
    }
}

impl SetProperties {
    /// Sets how many bytes a user, group or project may take; 0 is no limit.
    ///
    /// OpenZFS 2.4 panics if two do this at the same time to a file system that is not mounted and
    /// has had no limit of the kind (seen on 2.4.4). Within this process one waits for the other;
    /// another process has to be kept from it by other means.
    pub fn space_quota(self, owner: &SpaceOwner, bytes: u64) -> Self {
        self.quota_of(owner, SpaceMeasure::Quota, bytes)
    }

    /// Sets how many files a user, group or project may have; 0 is no limit. The same goes for it
    /// as for [`space_quota`](Self::space_quota).
    pub fn object_quota(self, owner: &SpaceOwner, files: u64) -> Self {
        self.quota_of(owner, SpaceMeasure::ObjectsQuota, files)
    }

    fn quota_of(mut self, owner: &SpaceOwner, measure: SpaceMeasure, limit: u64) -> Self {
        let (property, number) = owner.kind().property(measure);
        let (domain, rid) = owner.number();
        // The kernel takes the owner from the numbers, but for the domain, which is in the name.
        self.quotas.insert(
            format!("{property}@{rid:x}-{domain}"),
            vec![number, rid.into(), limit],
        );
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_numbers() {
        let sid = Sid::new("S-1-5-21-1-2-3", 1001).unwrap();
        assert_eq!(sid.to_string(), "S-1-5-21-1-2-3-1001");
        assert_eq!((sid.domain(), sid.rid()), ("S-1-5-21-1-2-3", 1001));
        for odd in ["", "S-1-", "S-1-5-", "S-1-a", "S-2-5", "S-1-5\0"] {
            assert_eq!(Sid::new(odd, 1), None, "{odd:?}");
        }
        assert_eq!(Sid::new(&format!("S-1-{}", "1".repeat(252)), 1), None);
    }

    #[test]
    fn owners_are_what_the_kernel_says() {
        assert_eq!(OwnerKind::User.owner("", 7), Some(SpaceOwner::User(7)));
        assert_eq!(
            OwnerKind::Project.owner("", 7),
            Some(SpaceOwner::Project(7))
        );
        let sid = OwnerKind::Group.owner("S-1-5", 7).unwrap();
        assert_eq!(
            (sid.kind(), sid.to_string().as_str()),
            (OwnerKind::Group, "S-1-5-7")
        );
    }
}
