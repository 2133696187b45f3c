//! Store and forward: streams that wait in a directory for a receiver that the sender cannot ask.
//!
//! A spool is a directory with two files for each stream: the stream, perhaps compressed and
//! encrypted by another program, in `NAME.zfs`, and what has to be known of it in `NAME.json`, its
//! [`Sidecar`]. The sidecar comes last and goes last: a stream without one is not there yet. Names are
//! `SET.SEQUENCE.GUID.BASE`, so that the same stream has the same name, but nothing depends on them.
//!
//! [`SpoolSender`] fills it and [`SpoolReceiver`] empties it. In between it may be carried about and
//! copied to several receivers, in any order, as long as the sidecars come after their streams.

#[cfg(feature = "replicate")]
mod directory;
#[cfg(all(feature = "replicate", feature = "filter"))]
mod filter;
#[cfg(feature = "replicate")]
mod queue;
#[cfg(feature = "replicate")]
mod receiver;
#[cfg(feature = "replicate")]
mod sender;
mod sidecar;
#[cfg(feature = "replicate")]
mod stream;
#[cfg(feature = "replicate")]
#[cfg(test)]
mod tests;

#[cfg(all(feature = "replicate", feature = "filter"))]
pub use self::filter::Filter;
#[cfg(feature = "replicate")]
pub use self::queue::Wait;
#[cfg(feature = "replicate")]
pub use self::receiver::{BadStream, Outcome, SpoolReceiver, SpoolStream};
#[cfg(feature = "replicate")]
pub use self::sender::{DatasetSent, SpoolSender, SpoolSent};
pub use self::sidecar::{
    Compression, MAX_SIDECAR_LEN, RelativeName, Sha256Digest, Sidecar, SidecarBase, SidecarError,
};

/// What the name of a stream ends with.
#[cfg(feature = "replicate")]
const STREAM: &str = ".zfs";

/// What the name of a sidecar ends with.
#[cfg(feature = "replicate")]
const SIDECAR: &str = ".json";
