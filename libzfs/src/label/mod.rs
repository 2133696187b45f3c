//! Labels: what a device or file says of the pool that it belongs to.
//!
//! Each device of a pool has four copies of its label, two at its start and two at its end. Reading
//! them needs neither a pool that is imported nor ZFS:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = std::fs::File::open("/dev/sdb1")?;
//! match libzfs::label::read(&device)? {
//!     Some(label) => println!("{:?}, {:?}", label.pool_name(), label.state()),
//!     None => println!("no label of ZFS's"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is taken on trust: a label counts only with its checksum, and its list is decoded as
//! [`nvlist`](crate::nvlist) decodes any. The checksum is against damage; whoever can write to a
//! device can write a label with a right one.
//!
//! A label is 256 KiB. Behind 16 KiB that are of no interest here come 112 KiB that hold a list in
//! XDR and end in a magic number and a checksum: SHA-256 over those 112 KiB, with the place of the
//! checksum taken by the offset at which they are on the device.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use bstr::BStr;
use sha2::{Digest, Sha256};

use crate::nvlist::{DecodeError, NvList};

/// The size of a label, of which a device has four.
const LABEL: u64 = 256 << 10;
/// Where the list begins in a label.
const LIST_AT: u64 = 16 << 10;
/// Bytes of the magic number and the checksum at the end.
const TRAILER: usize = 40;
/// Bytes of the checksum.
const CHECKSUM: usize = 32;
const MAGIC: u64 = 0x0210_da7a_b10c_7a11;

/// What a label says of the pool that the device belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "pool_state_t")]
pub enum PoolState {
    /// It is imported, or was when its host went down.
    Active,
    /// It was exported.
    Exported,
    /// It was destroyed.
    Destroyed,
    /// The device is a hot spare, maybe of several pools.
    Spare,
    /// The device is a cache.
    Cache,
    /// What this crate does not know.
    Other(u64),
}

impl PoolState {
    pub(crate) fn from_number(number: u64) -> Self {
        match number {
            0 => Self::Active,
            1 => Self::Exported,
            2 => Self::Destroyed,
            3 => Self::Spare,
            4 => Self::Cache,
            other => Self::Other(other),
        }
    }
}

/// A label with the right checksum.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    config: NvList,
    guid: u64,
    state: PoolState,
}

/// Why bytes are no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// They are not as many as a label's list takes.
    #[error("a label's list takes {} bytes, not {len}", Label::LEN)]
    Length {
        /// How many they are.
        len: usize,
    },
    /// There is none: the magic number is not there.
    #[error("no label: there is no magic number")]
    NoMagic,
    /// There is one, which is damaged or comes from another place.
    #[error("the label's checksum is wrong")]
    Checksum,
    /// The checksum is right, and the list is none.
    #[error("the label's list: {0}")]
    List(#[from] DecodeError),
    /// The list lacks what every label has.
    #[error("the label has no {0}")]
    Missing(&'static str),
}

impl Label {
    /// Bytes of the part of a label that [`parse`](Self::parse) takes.
    pub const LEN: usize = 112 << 10;

    /// Reads the list of a label, which was found at this offset in bytes on its device.
    ///
    /// # Errors
    ///
    /// [`LabelError`]: they are no label, or a damaged one.
    pub fn parse(bytes: &[u8], offset: u64) -> Result<Self, LabelError> {
        if bytes.len() != Self::LEN {
            return Err(LabelError::Length { len: bytes.len() });
        }
        let (content, trailer) = bytes.split_at(Self::LEN - TRAILER);
        let words: Vec<[u8; 8]> = trailer
            .chunks_exact(8)
            .filter_map(|word| word.try_into().ok())
            .collect();
        let [magic, checksum @ ..] = &words[..] else {
            return Err(LabelError::NoMagic);
        };
        // Which of the two it is says in which order its writer has bytes.
        let (read, offset): (fn([u8; 8]) -> u64, _) = if u64::from_le_bytes(*magic) == MAGIC {
            (u64::from_le_bytes, offset.to_le_bytes())
        } else if u64::from_be_bytes(*magic) == MAGIC {
            (u64::from_be_bytes, offset.to_be_bytes())
        } else {
            return Err(LabelError::NoMagic);
        };
        let digest = Sha256::new()
            .chain_update(content)
            .chain_update(magic)
            .chain_update(offset)
            .chain_update([0; CHECKSUM - 8])
            .finalize();
        let stored = checksum.iter().flat_map(|&word| read(word).to_be_bytes());
        if !stored.eq(digest.iter().copied()) {
            return Err(LabelError::Checksum);
        }
        let (config, _) = NvList::decode_prefix(content)?;
        let guid = config.get_u64("guid").filter(|&guid| guid != 0);
        let state = config.get_u64("state");
        Ok(Self {
            guid: guid.ok_or(LabelError::Missing("guid"))?,
            state: PoolState::from_number(state.ok_or(LabelError::Missing("state"))?),
            config,
        })
    }

    /// The GUID of the device as a vdev.
    pub fn guid(&self) -> u64 {
        self.guid
    }

    /// What the label says of the pool.
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// The name that the pool had; spares and caches have none.
    pub fn pool_name(&self) -> Option<&BStr> {
        self.config.get_bstr("name")
    }

    /// The pool's GUID; spares and caches have none.
    pub fn pool_guid(&self) -> Option<u64> {
        self.config.get_u64("pool_guid")
    }

    /// The transaction group in which the label was written; 0 where the device was about to be
    /// added to a pool and that did not come to its end.
    pub fn txg(&self) -> u64 {
        self.config.get_u64("txg").unwrap_or(0)
    }

    /// The number of the host that last wrote to the pool, if that had one.
    pub fn host_id(&self) -> Option<u64> {
        self.config.get_u64("hostid")
    }

    /// The name of the host that last wrote to the pool.
    pub fn host_name(&self) -> Option<&BStr> {
        self.config.get_bstr("hostname")
    }

    /// Whether the device was made part of something and still is, as far as it knows itself.
    pub fn is_in_use(&self) -> bool {
        match self.state {
            PoolState::Destroyed => false,
            PoolState::Spare | PoolState::Cache => true,
            PoolState::Active | PoolState::Exported | PoolState::Other(_) => self.txg() != 0,
        }
    }

    /// All that it says.
    pub fn config(&self) -> &NvList {
        &self.config
    }
}

/// The newest label of a device or file, or none if there is no good one.
///
/// # Errors
///
/// Those of reading, if there is no good label in what can be read.
#[doc(alias = "zpool_read_label")]
pub fn read(device: &File) -> io::Result<Option<Label>> {
    let mut bytes = vec![0; Label::LEN];
    let mut newest: Option<Label> = None;
    let mut unreadable = None;
    for offset in offsets(size(device)?) {
        if let Err(error) = device.read_exact_at(&mut bytes, offset) {
            unreadable = Some(error);
        } else if let Ok(label) = Label::parse(&bytes, offset) {
            let older = |other: &Label| other.txg() < label.txg();
            if newest.as_ref().is_none_or(older) {
                newest = Some(label);
            }
        }
    }
    match (newest, unreadable) {
        (None, Some(error)) => Err(error),
        (newest, _) => Ok(newest),
    }
}

/// The size of a file or of a block device in bytes.
pub(crate) fn size(mut device: &File) -> io::Result<u64> {
    device.seek(SeekFrom::End(0))
}

/// Where the lists of the labels are on a device of this size; none where it has no room for them.
fn offsets(size: u64) -> impl Iterator<Item = u64> {
    let end = size / LABEL * LABEL;
    let starts = [
        0,
        LABEL,
        end.wrapping_sub(2 * LABEL),
        end.wrapping_sub(LABEL),
    ];
    let has_room = end >= 4 * LABEL;
    starts
        .into_iter()
        .filter(move |_| has_room)
        .map(|start| start + LIST_AT)
}
