//! Packages of streams: what `zfs send -R`, `-I` and `-p` make.
//!
//! A package begins with a head, which says what is in it: a `BEGIN` record, a name-value list, and
//! an `END` record with the checksum of both. Then come streams, each as if it were sent alone, and
//! in the end another `END` record. The kernel knows nothing of packages: it makes and takes the
//! streams, and programs put them together.
//!
//! [`PackageHead`] is the head as values, read and written without ZFS. With ZFS,
//! [`Zfs::send_package`](crate::Zfs::send_package) makes packages that `zfs receive` takes, and
//! [`Zfs::receive_package`](crate::Zfs::receive_package) takes those that `zfs send` makes.

mod head;
#[cfg(test)]
mod tests;

#[cfg(feature = "lzc")]
mod align;
#[cfg(feature = "lzc")]
mod catalog;
#[cfg(feature = "lzc")]
mod destination;
#[cfg(feature = "lzc")]
mod gather;
#[cfg(feature = "lzc")]
mod local;
#[cfg(feature = "lzc")]
mod receive;
#[cfg(feature = "lzc")]
mod send;
#[cfg(feature = "lzc")]
mod source;

pub use self::head::{
    PackageContents, PackageError, PackageHead, PackagedDataset, PackagedSnapshot,
};

#[cfg(feature = "lzc")]
pub use self::align::{Change, ChangeKind};
#[cfg(feature = "lzc")]
pub use self::destination::PackageTarget;
#[cfg(feature = "lzc")]
pub use self::receive::{
    LOCAL_PROPERTIES, PackageReceive, ReceivedPackage, ReceivedStream, StreamOutcome,
};
#[cfg(feature = "lzc")]
pub use self::send::PackageSend;
