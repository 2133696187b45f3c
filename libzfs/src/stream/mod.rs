//! Send streams as bytes: what a stream says about itself, read without ZFS.
//!
//! A stream is a sequence of records of 312 bytes, some of them with a payload. All numbers are in
//! the byte order of the machine that made the stream. The first record, [`BeginRecord`], says what
//! follows: which snapshot, from which base, raw or not, with which [`Features`]. The last is `END`.
//! All types are in [`record`].
//!
//! A package (`zfs send -R`, `-I`, `-p`) is a head, which is a `BEGIN` record with an nvlist of what
//! is in it and an `END` record; streams as above; and another `END` record.
//!
//! [`Records`] walks over what is in memory, [`Reader`] over what can be read; both know packages
//! too. [`Verify`] passes a stream on and compares its checksums meanwhile, and [`Guard`] passes on
//! only what it is told to. [`Writer`] makes streams and packages.

mod begin;
mod check;
mod error;
mod features;
mod guard;
mod pass;
mod raw;
mod reader;
pub mod record;
mod slice;
pub mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod verify;
mod walk;
mod writer;

pub use self::begin::{BeginFields, BeginRecord, HeaderType, ObjsetType};
pub use self::check::verify;
pub use self::error::{ReadError, StreamError};
pub use self::features::{BeginFlags, Features};
pub use self::guard::{Guard, Require, Unmet};
pub use self::reader::{Payload, Reader};
pub use self::record::{Body, Checksum, Place, Record, RecordFlags, RecordType};
pub use self::slice::Records;
pub use self::summary::{StreamSummary, Summary};
pub use self::verify::Verify;
pub use self::walk::Limits;
pub use self::writer::Writer;
pub use crate::nvlist::Endian;
