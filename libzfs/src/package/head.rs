//! What a package says of itself before its first stream.

use std::collections::HashSet;
use std::io::{self, Read, Write};

use crate::nvlist::{DecodeError, EncodeError, Encoding, NvList, Value};
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

impl PackageContents {
    /// The dataset of that name.
    #[must_use]
    pub fn dataset(&self, name: &DatasetName) -> Option<&PackagedDataset> {
        self.datasets.iter().find(|dataset| dataset.name == *name)
    }

    fn from_list(top: &SnapshotName, list: &NvList) -> Result<Self, PackageError> {
        let to = text(list, "tosnap")?;
        if to != top.short_name() {
            let why = format!("the first record says that {top} was sent");
            return Err(wrong("tosnap", why));
        }
        let from = match list.get("fromsnap") {
            Some(_) => Some(text(list, "fromsnap")?.to_owned()),
            None => None,
        };
        if let Some(from) = &from {
            top.dataset()
                .snapshot(from)
                .map_err(|error| wrong("fromsnap", error.to_string()))?;
        }
        let mut contents = Self {
            from,
            recursive: !list.contains("not_recursive"),
            raw: list.contains("raw"),
            datasets: Vec::new(),
        };
        let mut names = HashSet::new();
        for (key, value) in sublist(list, "fss")?.iter() {
            let entry = format!("fss/{key}");
            let Some(list) = value.as_list() else {
                return Err(wrong(&entry, "not a list"));
            };
            let guid = key
                .strip_prefix(b"0x")
                .and_then(|digits| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
            let guid = guid.ok_or_else(|| wrong(&entry, "its name is not a GUID"))?;
            let dataset =
                PackagedDataset::from_list(guid, list).map_err(|error| error.below(&entry))?;
            if !dataset.name.is_within(top.dataset()) {
                let why = format!("{} is not within {}", dataset.name, top.dataset());
                return Err(wrong(&entry, why));
            }
            if !names.insert(dataset.name.clone()) {
                return Err(wrong(&entry, format!("{} is there twice", dataset.name)));
            }
            contents.datasets.push(dataset);
        }
        Ok(contents)
    }

    fn to_list(&self, top: &SnapshotName) -> NvList {
        let mut list = NvList::new();
        if let Some(from) = &self.from {
            list.insert("fromsnap", from.as_str());
        }
        list.insert("tosnap", top.short_name());
        if !self.recursive {
            list.insert("not_recursive", Value::Boolean);
        }
        if self.raw {
            list.insert("raw", Value::Boolean);
        }
        let datasets: NvList = self
            .datasets
            .iter()
            .map(|dataset| {
                (
                    format!("{:#x}", dataset.guid),
                    Value::from(dataset.to_list()),
                )
            })
            .collect();
        list.with("fss", datasets)
    }
}

impl PackagedDataset {
    /// The snapshot of that short name.
    #[must_use]
    pub fn snapshot(&self, short: &str) -> Option<&PackagedSnapshot> {
        self.snapshots
            .iter()
            .find(|snapshot| snapshot.name == short)
    }

    fn from_list(guid: u64, list: &NvList) -> Result<Self, PackageError> {
        let name: DatasetName = text(list, "name")?
            .parse()
            .map_err(|error: NameError| wrong("name", error.to_string()))?;
        let mut snapshots = Vec::new();
        for (short, value) in sublist(list, "snaps")?.iter() {
            let entry = format!("snaps/{short}");
            let guid = value.as_u64();
            let short = String::from_utf8_lossy(short).into_owned();
            name.snapshot(&short)
                .map_err(|error| wrong(&entry, error.to_string()))?;
            snapshots.push(PackagedSnapshot {
                properties: properties_of(list, "snapprops", &short)?,
                holds: holds_of(list, &short)?,
                guid: guid.ok_or_else(|| wrong(&entry, "not a number"))?,
                name: short,
            });
        }
        let properties = match list.get("props") {
            Some(_) => Some(properties("props", sublist(list, "props")?)?),
            None => None,
        };
        Ok(Self {
            guid,
            name,
            parent_from_guid: number(list, "parentfromsnap")?,
            origin_guid: number(list, "origin")?,
            is_encryption_root: list.contains("is_encroot"),
            properties,
            snapshots,
        })
    }

    fn to_list(&self) -> NvList {
        let mut list = NvList::new()
            .with("name", self.name.as_str())
            .with("parentfromsnap", self.parent_from_guid.unwrap_or(0));
        if let Some(origin) = self.origin_guid {
            list.insert("origin", origin);
        }
        if let Some(properties) = &self.properties {
            list.insert("props", properties.clone());
        }
        if self.is_encryption_root {
            list.insert("is_encroot", Value::Boolean);
        }
        let mut guids = NvList::new();
        let mut properties = NvList::new();
        let mut holds = NvList::new();
        for snapshot in &self.snapshots {
            guids.insert(snapshot.name.as_str(), snapshot.guid);
            if let Some(list) = &snapshot.properties {
                properties.insert(snapshot.name.as_str(), list.clone());
            }
            if let Some(tags) = &snapshot.holds {
                let tags: NvList = tags
                    .iter()
                    .map(|(tag, time)| (tag.as_str(), Value::from(*time)))
                    .collect();
                holds.insert(snapshot.name.as_str(), tags);
            }
        }
        list.insert("snaps", guids);
        list.insert("snapprops", properties);
        if !holds.is_empty() {
            list.insert("snapholds", holds);
        }
        list
    }
}

impl PackageError {
    /// The same of an entry that is in another.
    fn below(self, above: &str) -> Self {
        match self {
            Self::Entry { entry, why } => Self::Entry {
                entry: format!("{above}/{entry}"),
                why,
            },
            error => error,
        }
    }
}

fn wrong(entry: &str, why: impl Into<String>) -> PackageError {
    PackageError::Entry {
        entry: entry.to_owned(),
        why: why.into(),
    }
}

fn text<'a>(list: &'a NvList, entry: &str) -> Result<&'a str, PackageError> {
    let text = list.get(entry).and_then(Value::as_str);
    text.ok_or_else(|| wrong(entry, "there is no such text"))
}

fn sublist<'a>(list: &'a NvList, entry: &str) -> Result<&'a NvList, PackageError> {
    let sublist = list.get(entry).and_then(Value::as_list);
    sublist.ok_or_else(|| wrong(entry, "there is no such list"))
}

/// A GUID that may be missing, or 0 for none.
fn number(list: &NvList, entry: &str) -> Result<Option<u64>, PackageError> {
    match list.get(entry) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(0) => Ok(None),
            Some(number) => Ok(Some(number)),
            None => Err(wrong(entry, "not a number")),
        },
    }
}

/// What a list of lists by snapshot has for one of them.
fn of_snapshot<'a>(
    list: &'a NvList,
    entry: &str,
    short: &str,
) -> Result<Option<&'a NvList>, PackageError> {
    if !list.contains(entry) {
        return Ok(None);
    }
    match sublist(list, entry)?.get(short) {
        None => Ok(None),
        Some(value) => match value.as_list() {
            Some(list) => Ok(Some(list)),
            None => Err(wrong(&format!("{entry}/{short}"), "not a list")),
        },
    }
}

fn properties_of(list: &NvList, entry: &str, short: &str) -> Result<Option<NvList>, PackageError> {
    match of_snapshot(list, entry, short)? {
        Some(list) => properties(&format!("{entry}/{short}"), list).map(Some),
        None => Ok(None),
    }
}

fn properties(entry: &str, list: &NvList) -> Result<NvList, PackageError> {
    for (name, value) in list.iter() {
        if value.as_u64().is_none() && value.as_bstr().is_none() {
            let why = "neither a number nor a text";
            return Err(wrong(&format!("{entry}/{name}"), why));
        }
    }
    Ok(list.clone())
}

fn holds_of(list: &NvList, short: &str) -> Result<Option<Vec<(String, u64)>>, PackageError> {
    let Some(holds) = of_snapshot(list, "snapholds", short)? else {
        return Ok(None);
    };
    let mut tags = Vec::new();
    for (tag, time) in holds.iter() {
        let entry = || format!("snapholds/{short}/{tag}");
        let time = time.as_u64();
        let time = time.ok_or_else(|| wrong(&entry(), "not a number"))?;
        tags.push((String::from_utf8_lossy(tag).into_owned(), time));
    }
    Ok(Some(tags))
}
