//! What a package says of itself before its first stream.

mod contents;

use std::io::{self, Read, Write};

use crate::nvlist::{DecodeError, EncodeError, Encoding, NvList};
use crate::stream::{
    BeginFields, BeginFlags, BeginRecord, Endian, Features, HeaderType, Limits, ObjsetType, Place,
    ReadError, Reader, StreamError, Writer,
};
use crate::{DatasetName, NameError, SnapshotName};

/// The head of a package.
///
/// ```
/// use libzfs::package::PackageHead;
/// use libzfs::stream::{Features, Reader, Writer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let head = PackageHead {
///     snapshot: "tank/prod@mon".parse()?,
///     features: Features::empty(),
///     contents: None,
/// };
/// let mut bytes = Vec::new();
/// head.write(&mut Writer::new(&mut bytes))?;
/// assert_eq!(PackageHead::read(&mut Reader::new(&bytes[..]))?, head);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct PackageHead {
    /// The snapshot that was sent; of a package of a tree, that of its top.
    pub snapshot: SnapshotName,
    /// What a receiver has to know. Streams have features of their own.
    pub features: Features,
    /// What is in the package; nothing if it was made with `zfs send -I` alone.
    pub contents: Option<PackageContents>,
}

/// What is in a package.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PackageContents {
    /// The short name of the snapshot that the package goes on from, of a tree or with `-I`. In a
    /// tree, datasets that do not have it are sent in full.
    pub from: Option<String>,
    /// Whether it is of a tree (`-R`): then what is not in the package is not there any more.
    pub recursive: bool,
    /// Whether it was asked for raw (`-w`). Datasets that are not encrypted are then in it too.
    pub raw: bool,
    /// The datasets, parents before children where a program of OpenZFS made the list.
    pub datasets: Vec<PackagedDataset>,
}

/// A dataset in a package.
#[derive(Clone, PartialEq, Debug)]
pub struct PackagedDataset {
    /// Its GUID.
    pub guid: u64,
    /// Its name where it was sent.
    pub name: DatasetName,
    /// The GUID of the snapshot that the dataset above goes on from, or, where it has no such, of the
    /// one that is sent of it; `None` at the top.
    pub parent_from_guid: Option<u64>,
    /// The GUID of the snapshot that it was cloned from.
    pub origin_guid: Option<u64>,
    /// Whether it has a key of its own.
    pub is_encryption_root: bool,
    /// The properties set on it or received, if they were sent: numbers and texts, as the kernel has
    /// them.
    pub properties: Option<NvList>,
    /// The snapshots, earlier before later. Those of a tree are all that there are up to the one that
    /// is sent, in the package or not.
    pub snapshots: Vec<PackagedSnapshot>,
}

/// A snapshot in a package.
#[derive(Clone, PartialEq, Debug)]
pub struct PackagedSnapshot {
    /// Its short name.
    pub name: String,
    /// Its GUID.
    pub guid: u64,
    /// The properties set on it or received, if they were sent.
    pub properties: Option<NvList>,
    /// The tags of its holds, with the time at which each was made, in seconds since 1970, if they
    /// were sent (`-h`).
    pub holds: Option<Vec<(String, u64)>>,
}

/// What is wrong with the head of a package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// What it is read from failed, or is no stream.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a single stream.
    #[error("the version at byte 16 says that it is a single stream, and no package")]
    SingleStream,
    /// The name in the first record is none of a snapshot.
    #[error("at byte 56 of the package: {0}")]
    Name(#[source] NameError),
    /// What follows the first record is no name-value list, or one in which names may repeat.
    #[error("behind the first record, at byte 312, {0}")]
    List(#[source] DecodeError),
    /// The list has not in it what it should have.
    #[error("in the list at byte 312 of the package, {entry}: {why}")]
    Entry {
        /// Which of its entries.
        entry: String,
        /// What is wrong.
        why: String,
    },
    /// The list cannot be written.
    #[error("the list of the package cannot be written: {0}")]
    Encode(#[source] EncodeError),
    /// The list is longer than a receiver takes.
    #[error("the list of the package has {len} bytes, more than the {limit} that a receiver takes")]
    TooLong {
        /// How long it is.
        len: usize,
        /// How long it may be.
        limit: u64,
    },
}

impl From<PackageError> for io::Error {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::Read(error) => error.into(),
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

impl PackageHead {
    /// Reads the head, up to the first stream.
    ///
    /// Its checksum is not looked at; read from a [`Verify`](crate::stream::Verify) for that.
    ///
    /// # Errors
    ///
    /// [`PackageError`] says what is wrong.
    pub fn read<R: Read>(reader: &mut Reader<R>) -> Result<Self, PackageError> {
        let empty = || ReadError::from(StreamError::Empty);
        let first = reader.next_record()?.ok_or_else(empty)?;
        let begin = match (first.place(), first.begin()) {
            (Place::PackageHead, Some(begin)) => begin,
            _ => return Err(PackageError::SingleStream),
        };
        let mut list = Vec::new();
        reader.read_payload(&mut list)?;
        let head = Self::decode(&begin, &list)?;
        // There is no other record that could follow.
        reader.next_record()?;
        Ok(head)
    }

    /// Reads the head from its first record and what follows that.
    ///
    /// # Errors
    ///
    /// [`PackageError`] says what is wrong.
    pub fn decode(begin: &BeginRecord, list: &[u8]) -> Result<Self, PackageError> {
        if begin.header_type() != HeaderType::Compound {
            return Err(PackageError::SingleStream);
        }
        let name = String::from_utf8_lossy(begin.to_name());
        let snapshot: SnapshotName = name.parse().map_err(PackageError::Name)?;
        let contents = match list {
            [] => None,
            list => {
                let list = NvList::decode_unique(list).map_err(PackageError::List)?;
                Some(PackageContents::from_list(&snapshot, &list)?)
            }
        };
        Ok(Self {
            snapshot,
            features: begin.features(),
            contents,
        })
    }

    /// Makes the first record, and what follows it.
    ///
    /// # Errors
    ///
    /// [`PackageError::Encode`] for a text or a list that no encoding has room for, and
    /// [`PackageError::TooLong`].
    pub fn encode(&self, endian: Endian) -> Result<(BeginRecord, Vec<u8>), PackageError> {
        let list = match &self.contents {
            // XDR is the same in each byte order.
            Some(contents) => contents
                .to_list(&self.snapshot)
                .encode_with(Encoding::Xdr, endian)
                .map_err(PackageError::Encode)?,
            None => Vec::new(),
        };
        let limit = Limits::default().package;
        let len = u32::try_from(list.len())
            .ok()
            .filter(|&len| u64::from(len) <= limit)
            .ok_or(PackageError::TooLong {
                len: list.len(),
                limit,
            })?;
        let fields = BeginFields {
            header_type: HeaderType::Compound,
            features: self.features,
            creation_time: 0,
            objset_type: ObjsetType::None,
            flags: BeginFlags::empty(),
            to_guid: 0,
            from_guid: None,
            to_name: self.snapshot.clone(),
        };
        Ok((BeginRecord::build(&fields, len, endian), list))
    }

    /// Writes the head; streams and [`package_end`](Writer::package_end) are to follow.
    ///
    /// # Errors
    ///
    /// Those of writing, and those of [`encode`](Self::encode) in an [`io::Error`].
    pub fn write<W: Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        let (begin, list) = self.encode(Endian::HOST)?;
        writer.package_head(&begin, &list)
    }
}
