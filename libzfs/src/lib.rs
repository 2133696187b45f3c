//! Safe bindings to OpenZFS, for programs that would otherwise start `zfs` and parse what it
//! prints.
//!
//! Everything begins with [`Zfs::open`]. Names are checked when they are made ([`DatasetName`],
//! [`SnapshotName`], [`BookmarkName`]), results are values, and an [`Error`] says which operation
//! failed on what and why.
//!
//! ```no_run
//! use libzfs::{KeyStatus, SnapshotName, Zfs};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let zfs = Zfs::open()?;
//! let base: SnapshotName = "tank/prod@rep-1".parse()?;
//! let snap: SnapshotName = "tank/prod@rep-2".parse()?;
//! let send = zfs.send(&snap).from(&base).raw();
//! println!("about {} bytes", send.size()?);
//!
//! let copy: SnapshotName = "vault/prod@rep-2".parse()?;
//! let received = zfs
//!     .receive(&copy)
//!     .resumable()
//!     .exclude("mountpoint")
//!     .set("readonly", true)
//!     .run(send.start()?)?;
//! received.all()?;
//! println!("{} bytes", received.bytes());
//! assert_eq!(zfs.dataset(copy.dataset())?.key_status()?, KeyStatus::Unavailable);
//! # Ok(())
//! # }
//! ```
//!
//! # What it runs on
//!
//! Linux with OpenZFS 2.1 or later; one binary runs on 2.1, 2.3 and 2.4, which is what it is tested
//! on. What a release does not have is an error of the kind [`ErrorKind::Unsupported`].
//!
//! # Features
//!
//! * `lzc` (default): everything that talks to ZFS, linked with `libzfs_core` and libnvpair. Without
//!   it the crate is pure Rust and needs no ZFS library: names, nvlists, send streams, resume tokens,
//!   the derivation of keys, the labels of devices and the plans of replications.
//! * `tokio`: sends and receives in tasks of tokio's.
//! * `serde`: nvlists, and what is learned of streams, as serde sees them. A list loses nothing, also
//!   in JSON, and what is read is bounded as what is decoded is; nothing is hidden.
//! * `mount`: file systems are mounted as `zfs mount` does it, and unmounted. It takes the C library
//!   libzfs, which is looked for at run time.
//! * `replicate`: replication that is carried out, here, with a server on another machine, and through
//!   spools; `wire` is what of it is written down for others, without ZFS.
//! * `ssh`: such a server is reached by OpenSSH's client, which is started for it.
//! * `zstd`: spools whose files are compressed, which links zstd in.
//! * `filter`: spools whose files go through another program, which is started for it.
//! * `testing`: [`testing::Pool`], a pool on files for a test.
//!
//! # What it never does
//!
//! It starts no process (but OpenSSH's client with the feature `ssh`, and what a filter is with `filter`),
//! prints nothing, installs no signal handler and does not exit. What it does is logged with `tracing`,
//! without keys. Nothing that a caller passes makes C abort; that memory runs out still does, in
//! `libzfs_core` as in Rust's own library.

// The text above speaks of what is there by default.
#![cfg_attr(not(feature = "lzc"), allow(rustdoc::broken_intra_doc_links))]
// What is not `ffi` is safe Rust, but for the choice of instructions in `fletcher4`.
#![deny(unsafe_code)]

mod fletcher4;
pub mod key;
pub mod label;
mod name;
pub mod nvlist;
pub mod package;
pub mod replicate;
pub mod resume_token;
pub mod stream;

#[cfg(feature = "lzc")]
mod bookmark;
#[cfg(feature = "lzc")]
mod boot_environment;
#[cfg(feature = "lzc")]
mod checkpoint;
#[cfg(feature = "lzc")]
mod clone;
#[cfg(feature = "lzc")]
mod dataset;
#[cfg(feature = "lzc")]
mod dedup;
#[cfg(feature = "lzc")]
mod encryption;
#[cfg(feature = "lzc")]
mod error;
#[cfg(feature = "lzc")]
#[allow(unsafe_code, reason = "it is where C is called")]
mod ffi;
#[cfg(feature = "lzc")]
mod handle;
#[cfg(feature = "lzc")]
mod hold;
#[cfg(feature = "lzc")]
mod hold_guard;
#[cfg(feature = "lzc")]
mod list;
#[cfg(feature = "lzc")]
mod mount;
#[cfg(feature = "lzc")]
mod pool;
#[cfg(feature = "lzc")]
pub mod program;
#[cfg(feature = "lzc")]
mod promote;
#[cfg(feature = "lzc")]
pub mod property;
#[cfg(feature = "lzc")]
mod receive;
#[cfg(feature = "lzc")]
mod redaction;
#[cfg(feature = "lzc")]
mod rename;
#[cfg(feature = "lzc")]
mod rollback;
#[cfg(feature = "lzc")]
mod scrub;
#[cfg(feature = "lzc")]
mod send;
#[cfg(feature = "lzc")]
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "lzc")]
mod transfer;
#[cfg(feature = "lzc")]
mod vdev;
#[cfg(feature = "lzc")]
mod vdev_property;
#[cfg(feature = "lzc")]
mod wait;

pub use self::key::{Key, KeyError, KeyFormat, KeyLocation};
pub use self::name::{
    BookmarkName, DatasetName, HoldTag, IncrementalSource, MAX_NAME_LEN, MAX_NESTING,
    MAX_POOL_NAME_LEN, NameError, NameErrorReason, PoolName, SnapshotName, check_user_property,
};
pub use self::resume_token::ResumeToken;

#[cfg(feature = "lzc")]
pub use self::bookmark::{Bookmark, Redaction};
#[cfg(feature = "lzc")]
pub use self::boot_environment::BootEnvironment;
#[cfg(feature = "lzc")]
pub use self::clone::CloneBuilder;
#[cfg(feature = "lzc")]
pub use self::dataset::{Dataset, DatasetBuilder};
#[cfg(feature = "lzc")]
pub use self::dedup::{DedupPrune, PoolTable};
#[cfg(feature = "lzc")]
pub use self::encryption::{ChangeKey, EncryptionRoot, EncryptionRoots, KeyOutcome};
#[cfg(feature = "lzc")]
pub use self::error::{Errno, Error, ErrorKind, Failure, Operation, Result};
#[cfg(feature = "lzc")]
pub use self::ffi::UserlandLibrary;
#[cfg(feature = "lzc")]
pub use self::handle::{Zfs, kernel_version, userland_library};
#[cfg(feature = "lzc")]
pub use self::hold::{HoldTime, Holds};
#[cfg(feature = "lzc")]
pub use self::hold_guard::HoldGuard;
#[cfg(feature = "lzc")]
pub use self::list::{Catalog, Entry, EntryName, ListBuilder, Listing, Names, Order, Refreshed};
#[cfg(feature = "mount")]
pub use self::mount::MountBuilder;
#[cfg(feature = "lzc")]
pub use self::mount::MountPoint;
#[cfg(feature = "lzc")]
pub use self::pool::{
    AddVdevs, AttachDevice, CreatePool, DamagedBlock, Event, Events, EventsFrom, FoundPool,
    FoundPools, History, HistoryRecord, ImportPool, ImportedPool, IoStatistics, Latency,
    LatencyHistogram, NewDraid, NewVdev, PoolStatus, RunningScrub, Scan, ScanKind, ScanState,
    VdevClass, VdevKind, VdevReason, VdevState, VdevStats, VdevStatus,
};
#[cfg(feature = "lzc")]
pub use self::program::Program;
#[cfg(feature = "lzc")]
pub use self::property::{CanMount, Encryption, KeyStatus, Properties, Property, Source};
#[cfg(feature = "lzc")]
pub use self::receive::{FromReader, ReceiveBuilder, Received, StreamSource};
#[cfg(feature = "lzc")]
pub use self::rollback::Rollback;
#[cfg(feature = "lzc")]
pub use self::scrub::Scrub;
#[cfg(feature = "tokio")]
pub use self::send::AsyncSendStream;
#[cfg(feature = "lzc")]
pub use self::send::{HeadSend, ResumedSend, SavedSend, SendBuilder, SendFlags, SendStream};
#[cfg(feature = "lzc")]
pub use self::snapshot::{Destroy, Snapshot};
#[cfg(feature = "tokio")]
pub use self::transfer::ProgressUpdates;
#[cfg(feature = "lzc")]
pub use self::transfer::{Progress, TransferControl};
#[cfg(feature = "lzc")]
pub use self::vdev::{TrimBuilder, VdevGuid, VdevOutcome};
#[cfg(feature = "lzc")]
pub use self::wait::{DatasetActivity, PoolActivity, Waiter};

/// The program in the README, which has to compile.
#[cfg(all(doctest, feature = "lzc"))]
#[doc = include_str!("../../README.md")]
struct Readme;
