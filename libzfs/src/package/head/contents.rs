//! The list that says what is in a package.

use std::collections::HashSet;

use super::{PackageContents, PackageError, PackagedDataset, PackagedSnapshot};
use crate::nvlist::{NvList, Value};
use crate::{DatasetName, NameError, SnapshotName};

impl PackageContents {
    /// The dataset of that name.
    #[must_use]
    pub fn dataset(&self, name: &DatasetName) -> Option<&PackagedDataset> {
        self.datasets.iter().find(|dataset| dataset.name == *name)
    }

    pub(super) fn from_list(top: &SnapshotName, list: &NvList) -> Result<Self, PackageError> {
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
            recursive: !flag(list, "not_recursive")?,
            raw: flag(list, "raw")?,
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

    pub(super) fn to_list(&self, top: &SnapshotName) -> NvList {
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
        let mut guids = HashSet::new();
        for (short, value) in sublist(list, "snaps")?.iter() {
            let entry = format!("snaps/{short}");
            let guid = value.as_u64();
            let guid = guid.ok_or_else(|| wrong(&entry, "not a number"))?;
            if !guids.insert(guid) {
                return Err(wrong(&entry, format!("the GUID {guid} is there twice")));
            }
            let short = String::from_utf8_lossy(short).into_owned();
            name.snapshot(&short)
                .map_err(|error| wrong(&entry, error.to_string()))?;
            snapshots.push(PackagedSnapshot {
                properties: properties_of(list, "snapprops", &short)?,
                holds: holds_of(list, &short)?,
                guid,
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
            is_encryption_root: flag(list, "is_encroot")?,
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

/// What is said by being there. Some of C looks at the type too, and some does not.
fn flag(list: &NvList, entry: &str) -> Result<bool, PackageError> {
    match list.get(entry) {
        None => Ok(false),
        Some(Value::Boolean) => Ok(true),
        Some(_) => Err(wrong(entry, "there is more to it than that it is there")),
    }
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
