//! Send streams as bytes: what a stream says about itself, read without ZFS.
//!
//! A stream is a sequence of records of 312 bytes, some of them with a payload. All numbers are in
//! the byte order of the machine that made the stream. The first record, [`BeginRecord`], says what
//! follows: which snapshot, from which base, raw or not, with which [`Features`].

mod begin;
mod error;
mod features;

pub use self::begin::{BeginRecord, HeaderType, ObjsetType};
pub use self::error::StreamError;
pub use self::features::{BeginFlags, Features};
pub use crate::nvlist::Endian;
