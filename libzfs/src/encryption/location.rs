//! Loading a key from where its dataset says that it is.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use super::{check_encryption_root, invalid_key};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::key::{Key, KeyFormat, KeyLocation, KeyReadError};
use crate::name::DatasetName;
use crate::property::{self, KeyStatus};

impl Zfs {
    /// Loads the key of an encryption root from the file that its `keylocation` names, as
    /// `zfs load-key` does.
    ///
    /// The path is what stands behind `file://`, with no character unescaped. It is the dataset's
    /// word which file of this machine is read, with the rights of the calling process; nothing of
    /// it gets into an error. What is read is overwritten afterwards. Nothing is waited for: pipes,
    /// terminals and the like are not read, which [`Key::read`] with [`load_key`](Self::load_key)
    /// does.
    ///
    /// Needs the permission `load-key`.
    ///
    /// # Errors
    ///
    /// As for [`load_key`](Self::load_key), and
    ///
    /// * [`ErrorKind::KeyLocationUnsupported`]: the key is to be asked for (`prompt`), or is at a
    ///   URL of `https://` or `http://`, which this crate does not fetch;
    /// * [`ErrorKind::KeyFileNotFound`];
    /// * [`ErrorKind::KeyFileUnreadable`]: it may not be opened, is a directory, a pipe or a device
    ///   that is no disk, or reading it fails;
    /// * [`ErrorKind::InvalidKey`]: what the file has is no key of the dataset's `keyformat`.
    #[doc(alias = "keylocation")]
    pub fn load_key_from_location(&self, root: &DatasetName) -> Result<()> {
        let dataset = self
            .dataset(root)
            .map_err(|error| error.with_operation(Operation::LoadKey))?;
        check_encryption_root(Operation::LoadKey, &dataset)?;
        let refused =
            |kind, why: String| Error::refused(Operation::LoadKey, root.as_str(), kind, why);
        if dataset.key_status()? == KeyStatus::Available {
            let kind = ErrorKind::KeyAlreadyLoaded;
            return Err(Error::new(
                Operation::LoadKey,
                root.as_str(),
                kind,
                kind.usual_errno(),
            ));
        }
        let unsupported = |why| refused(ErrorKind::KeyLocationUnsupported, why);
        let location = dataset.get(&property::KEY_LOCATION)?.map(|p| p.value);
        let path = match location.as_deref().map(str::parse) {
            Some(Ok(KeyLocation::File(path))) => path,
            Some(Ok(KeyLocation::Url(url))) => {
                return Err(unsupported(format!("{url} is not fetched")));
            }
            Some(Ok(KeyLocation::Prompt)) => {
                return Err(unsupported(
                    "it is prompt, for whoever loads the key to give it".into(),
                ));
            }
            Some(Err(error)) => return Err(unsupported(error.to_string())),
            None => return Err(unsupported("there is none".into())),
        };
        let format = dataset.key_format()?;
        let format = format.ok_or_else(|| unsupported("there is no keyformat".into()))?;
        self.load_key(root, &read_key(root, format, &path)?)
    }
}

/// Opens what is no terminal and no pipe, which could keep the caller waiting for ever: the path may
/// be a stranger's word.
fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    let kind = file.metadata()?.file_type();
    match kind.is_fifo() || kind.is_char_device() {
        true => Err(io::Error::from_raw_os_error(libc::ENODEV)),
        false => Ok(file),
    }
}

fn read_key(root: &DatasetName, format: KeyFormat, path: &Path) -> Result<Key> {
    let unreadable = |error: io::Error| {
        let errno = Errno::from(error);
        let kind = match errno.raw() {
            libc::ENOENT => ErrorKind::KeyFileNotFound,
            _ => ErrorKind::KeyFileUnreadable,
        };
        Error::new(Operation::LoadKey, root.as_str(), kind, errno)
            .with_source(path.display().to_string())
    };
    let file = open(path).map_err(unreadable)?;
    Key::read(format, file).map_err(|error| match error {
        KeyReadError::Io(error) => unreadable(error),
        KeyReadError::Key(error) => invalid_key(root, error),
    })
}
