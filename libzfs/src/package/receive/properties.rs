//! Which of a package's properties are received.

use bstr::ByteSlice;

use super::PackageReceive;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name::DatasetName;
use crate::nvlist::{NvList, Value};
use crate::property::{PropertyValue, Source};

/// Properties that say what a machine does with a dataset, and not what it is: which a package from
/// elsewhere does not decide unless it is [asked](PackageReceive::receive_local_properties) to.
///
/// With them a package could have its content mounted over a directory of the receiver, shared, or
/// trusted with device nodes; or keep space for itself that others need.
pub const LOCAL_PROPERTIES: &[&str] = &[
    "canmount",
    "context",
    "defcontext",
    "devices",
    "exec",
    "fscontext",
    "jailed",
    "mlslabel",
    "mountpoint",
    "overlay",
    "refreservation",
    "reservation",
    "rootcontext",
    "setuid",
    "sharenfs",
    "sharesmb",
    "snapdev",
    "volmode",
    "zoned",
];

/// Properties that are never received, because they belong to a key and not to what is encrypted
/// with it: `keylocation` names a file or a URL that the receiver would read.
const KEY_PROPERTIES: &[&str] = &["keylocation"];

/// Properties that volumes do not have.
const OF_FILE_SYSTEMS: &[&str] = &[
    "aclinherit",
    "aclmode",
    "acltype",
    "atime",
    "canmount",
    "devices",
    "dnodesize",
    "exec",
    "mountpoint",
    "nbmand",
    "overlay",
    "quota",
    "recordsize",
    "refquota",
    "relatime",
    "setuid",
    "sharenfs",
    "sharesmb",
    "special_small_blocks",
    "vscan",
    "xattr",
    "zoned",
];

/// Whether volumes have this property, too.
pub(super) fn is_of_volumes(name: &str) -> bool {
    !OF_FILE_SYSTEMS.contains(&name)
}

impl PackageReceive {
    /// Those of the properties that are received.
    pub(super) fn received(&self, properties: &NvList) -> Result<Vec<(String, PropertyValue)>> {
        let mut received = Vec::new();
        for (name, value) in properties.iter() {
            let name = name.to_str_lossy().into_owned();
            let left_out = self.excluded.contains(&name)
                || KEY_PROPERTIES.contains(&&*name)
                || (!self.local_properties && LOCAL_PROPERTIES.contains(&&*name));
            if left_out {
                continue;
            }
            let value = match value {
                Value::U64(number) => PropertyValue::Number(*number),
                value => match value.as_str() {
                    Some(text) => PropertyValue::Text(text.to_owned()),
                    None => {
                        let why = format!("the value of {name} is not UTF-8");
                        return Err(self.refused(ErrorKind::InvalidProperty, why));
                    }
                },
            };
            received.push((name, value));
        }
        Ok(received)
    }
    /// The properties that are set on a dataset, where it would lose them to what it receives: a
    /// dataset that never received any is taken for one from before there were received properties.
    pub(super) fn kept(&self, dataset: &DatasetName) -> Result<Vec<(String, PropertyValue)>> {
        let name = dataset.as_str();
        let received = self.zfs.device().received_properties(name);
        let received =
            received.map_err(|errno| Error::from_errno(Operation::ReadProperties, name, errno))?;
        if received.is_some() {
            return Ok(Vec::new());
        }
        let dataset = self.zfs.dataset(dataset)?;
        let properties = dataset.properties();
        let mut kept = Vec::new();
        for name in properties.names() {
            let Some(name) = name
                .to_str()
                .ok()
                .filter(|name| !KEY_PROPERTIES.contains(name))
            else {
                continue;
            };
            let local = properties
                .raw(name)
                .filter(|property| property.source == Source::Local);
            match local.map(|property| property.value) {
                Some(Value::U64(number)) => kept.push((name.to_owned(), (*number).into())),
                Some(value) => {
                    let text = value.as_str().map(PropertyValue::from);
                    kept.extend(text.map(|text| (name.to_owned(), text)));
                }
                None => {}
            }
        }
        Ok(kept)
    }
}
