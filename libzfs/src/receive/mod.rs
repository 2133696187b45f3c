//! Receiving: a stream becomes a snapshot.

#[cfg(feature = "tokio")]
mod asynchronous;
mod explain;
mod heal;
mod intake;
mod received;

use std::mem;
use std::os::fd::BorrowedFd;

use crate::encryption::new_encryption_root;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::RawReceive;
use crate::handle::Zfs;
use crate::key::Key;
use crate::name::{MAX_NAME_LEN, SnapshotName};
use crate::nvlist::{NvList, Value};
use crate::property::{self, Encryption, PropertyValue};
use crate::redaction::redact_snaps;
use crate::stream::{BeginFlags, BeginRecord, Features, ObjsetType};
use crate::transfer::{TransferControl, Watch};

pub use self::intake::{FromReader, StreamSource};
use self::intake::{Intake, Receiver};
pub use self::received::Received;

impl Zfs {
    /// Begins to receive a stream as `snapshot`; see [`ReceiveBuilder`].
    ///
    /// The snapshot gets this name, whatever the stream says of its own. A full stream makes the
    /// dataset, an incremental one adds to it.
    #[doc(alias = "lzc_receive")]
    pub fn receive(&self, snapshot: &SnapshotName) -> ReceiveBuilder {
        ReceiveBuilder {
            zfs: self.clone(),
            snapshot: snapshot.clone(),
            origin: None,
            properties: NvList::new(),
            of_file_systems: Vec::new(),
            received: None,
            encryption: None,
            resumable: false,
            force: false,
            controls: Vec::new(),
            invalid: None,
        }
    }
}

/// What only makes sense where a receive makes a dataset with a key of its own. Otherwise the
/// kernel takes some of these, refuses some, and ignores some without a word, depending on the
/// stream.
const ENCRYPTION_PROPERTIES: &[&str] = &[
    "encryption",
    "keyformat",
    "keylocation",
    "pbkdf2iters",
    "pbkdf2salt",
];

/// Those of them that a caller can choose beside the key.
const KEY_PROPERTIES: &[&str] = &["keylocation", "pbkdf2iters"];

/// A receive about to begin.
///
/// Nothing is mounted. Whether the stream is raw, resumes another, or carries a payload in its
/// first record is read from that record, and need not be said.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let file = std::fs::File::open("/backup/prod-2.zfs")?;
/// let received = zfs
///     .receive(&"vault/prod@rep-2".parse()?)
///     .resumable()
///     .exclude("mountpoint")
///     .set("readonly", true)
///     .run(&file)?;
/// received.all()?;
/// println!("{} bytes, raw: {}", received.bytes(), received.begin().is_raw());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is received before run()"]
pub struct ReceiveBuilder {
    zfs: Zfs,
    snapshot: SnapshotName,
    origin: Option<SnapshotName>,
    /// Set locally, or left out.
    properties: NvList,
    /// Those of them that volumes do not have.
    of_file_systems: Vec<String>,
    /// Set as received.
    received: Option<NvList>,
    encryption: Option<(Encryption, Key)>,
    resumable: bool,
    force: bool,
    controls: Vec<TransferControl>,
    /// The first property that was refused, and why.
    invalid: Option<String>,
}

impl ReceiveBuilder {
    /// Keeps what was received if the stream is interrupted, to be resumed with the token in the
    /// dataset's `receive_resume_token` (`zfs receive -s`).
    pub fn resumable(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// Sets a property of the dataset, in place of what the stream brings (`zfs receive -o`).
    ///
    /// Properties of encryption cannot be set: the dataset is encrypted as its parent is, or as
    /// the raw stream is, or with [`encryption`](Self::encryption), beside which `keylocation` and
    /// `pbkdf2iters` can be set.
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        match value.into().to_native(name) {
            Ok(value) => {
                self.properties.insert(name, value);
            }
            Err(error) => {
                self.invalid.get_or_insert(error.to_string());
            }
        }
        self
    }

    /// As [`set`](Self::set), and nothing if the stream turns out to be of a volume: for properties
    /// that volumes do not have, such as `canmount`.
    pub fn set_on_file_system(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.of_file_systems.push(name.to_owned());
        self.set(name, value)
    }

    /// Has a property inherited (`zfs receive -x`): what the stream brings of it is left out, and
    /// what is set on the dataset itself is **dropped**.
    pub fn exclude(mut self, name: &str) -> Self {
        match property::check_name(name) {
            Ok(()) => {
                self.properties.insert(name, Value::Boolean);
            }
            Err(error) => {
                self.invalid.get_or_insert(error.to_string());
            }
        }
        self
    }

    /// Gives the dataset these as the properties that it received: what `zfs receive` does with
    /// those in a package (`zfs send -p`). A stream itself has none, so that they have to come to
    /// the receiver in another way.
    ///
    /// They take the place of **all** that the dataset received before, also if there are none. A
    /// dataset that has never received properties loses those that are **set on it** as well, save
    /// those given here with [`set`](Self::set): the kernel takes them for leftovers of a time
    /// before it could tell the two apart.
    ///
    /// What is set on the dataset itself counts more than what it received. Properties of
    /// encryption cannot be received.
    pub fn received_properties<N, V>(mut self, properties: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: Into<PropertyValue>,
    {
        let mut list = NvList::new();
        for (name, value) in properties {
            let name = name.as_ref();
            match value.into().to_native(name) {
                Ok(_) if ENCRYPTION_PROPERTIES.contains(&name) => {
                    self.invalid
                        .get_or_insert(format!("{name} cannot be received"));
                }
                Ok(value) => {
                    list.insert(name, value);
                }
                Err(error) => {
                    self.invalid.get_or_insert(error.to_string());
                }
            }
        }
        self.received = Some(list);
        self
    }

    /// Encrypts the new dataset with `key`, as an encryption root of its own
    /// (`zfs receive -o encryption=... -o keyformat=...`). The key is loaded then.
    ///
    /// Only for a full stream that is not raw and makes a new dataset; for any other the receive
    /// is refused, because the data would not be encrypted with this key. A passphrase is treated
    /// as by [`DatasetBuilder::encryption`](crate::DatasetBuilder::encryption).
    ///
    /// If such a receive is interrupted and resumed, the resuming stream is received *without*
    /// this call: how the dataset is encrypted is settled.
    pub fn encryption(mut self, suite: Encryption, key: Key) -> Self {
        self.encryption = Some((suite, key));
        self
    }

    /// The snapshot here that the stream of a clone builds on (`zfs receive -o origin=`). A full
    /// stream can be received as a clone as well.
    pub fn origin(mut self, origin: &SnapshotName) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    /// **Destroys** what stands in the way (`zfs receive -F`): changes of the destination since
    /// its newest snapshot, and snapshots that the stream's base does not have; of a full stream,
    /// all that there is.
    pub fn force_rollback(mut self) -> Self {
        self.force = true;
        self
    }

    /// Has `control` watch the receive and stop it.
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.controls.push(control.clone());
        self
    }

    /// Receives the stream that `source` has: a [`SendStream`](crate::SendStream), any
    /// descriptor open for reading, of a file from its current position on, or anything that reads,
    /// as a [`FromReader`].
    ///
    /// Returns when the stream has ended. Exactly the stream is read, so that what follows it is
    /// still there; only of what is no stream, or has records that are not known here, all is read
    /// that comes before the kernel has refused it.
    ///
    /// The kernel is given a pipe that blocks. From anything else, and with a
    /// [control](Self::controlled_by) from all, the stream is copied into a pipe of this process, so
    /// that what reading fails with is not taken for what ZFS means by the same number.
    ///
    /// A process that is killed (`SIGKILL`) ends, whenever that is, and with it the receive. That needs
    /// Linux 5.9 and `/proc`; without, one that is killed while the kernel begins a receive may stay in
    /// the kernel, and the dataset busy, until the machine is started anew.
    ///
    /// Needs the permissions `receive`, `mount` and `create`; for a property that is set its own,
    /// without which it is one of [`Received::property_failures`]. Since OpenZFS 2.3,
    /// `receive:append` is enough instead of `receive` unless the receive is forced.
    ///
    /// # Errors
    ///
    /// Found in the stream's first record, before anything is changed:
    ///
    /// * [`ErrorKind::EmptyStream`], [`ErrorKind::StreamTruncated`], [`ErrorKind::NotAStream`];
    /// * [`ErrorKind::PackageStream`]: a stream of `zfs send -R`, `-p` or `-I`;
    /// * [`ErrorKind::InvalidProperty`], [`ErrorKind::InvalidKey`], [`ErrorKind::KeyWouldShow`],
    ///   [`ErrorKind::BadDescriptor`];
    /// * [`ErrorKind::OriginNeeded`]: the stream is of a clone;
    /// * [`ErrorKind::EncryptionMismatch`]: a key was given, and the stream is raw or makes no new
    ///   dataset;
    /// * [`ErrorKind::NameTooLong`]: an incremental stream, or a forced one, for a dataset of more
    ///   than 249 bytes: the kernel would panic (seen on 2.3.9; the sources of 2.1 and 2.4 are alike);
    /// * [`ErrorKind::ResumeMismatch`]: the stream resumes another, and only one of them is raw or has
    ///   large blocks: the kernel would lose data without a word;
    /// * [`ErrorKind::StreamFeatureUnsupported`], [`ErrorKind::RedactionMismatch`]: with an
    ///   [`origin`](Self::origin) and a parent that is encrypted, a stream that is neither raw nor
    ///   resumes another, and has no large blocks, or whose origin is redacted. The kernel would panic
    ///   if the parent has large blocks, or the redaction does not fit (as the sources of 2.1, 2.3
    ///   and 2.4 have it); neither is seen from here, so that some that it would take are refused.
    ///
    /// Found by the kernel:
    ///
    /// * [`ErrorKind::SnapshotExists`], [`ErrorKind::DatasetExists`] for a full stream or that of
    ///   a clone, [`ErrorKind::DatasetNotFound`], [`ErrorKind::ParentNotFound`],
    ///   [`ErrorKind::PoolNotFound`], [`ErrorKind::WrongParent`] below a volume, or a volume in
    ///   place of a file system with children, [`ErrorKind::SnapshotNotFound`] for the origin,
    ///   [`ErrorKind::PoolsDiffer`] for an origin in another pool,
    ///   [`ErrorKind::NoMatchingSnapshot`], [`ErrorKind::DestinationModified`],
    ///   [`ErrorKind::ResumableStateExists`] (of which the receive may still be running),
    ///   [`ErrorKind::Busy`];
    /// * [`ErrorKind::SourceFailed`], [`ErrorKind::TimedOut`]: of the descriptor or reader, whatever
    ///   else its error means as well;
    /// * with a control, [`ErrorKind::Cancelled`], [`ErrorKind::Stalled`],
    ///   [`ErrorKind::StillRunning`];
    /// * [`ErrorKind::Interrupted`]: the process was stopped and continued (`SIGSTOP`), or `setuid` or
    ///   one of its kin was called in it. Signals do not reach the thread, but these two cannot be
    ///   kept from it;
    /// * [`ErrorKind::StreamTruncated`], [`ErrorKind::BadStream`], [`ErrorKind::PayloadTooLarge`];
    /// * [`ErrorKind::ResumeMismatch`]: a stream that resumes another;
    /// * [`ErrorKind::StreamFeatureUnsupported`], [`ErrorKind::UnknownStreamFeature`],
    ///   [`ErrorKind::EncryptionUnsupported`];
    /// * [`ErrorKind::LargeBlockMismatch`]: large blocks were received before, and the stream has
    ///   none;
    /// * [`ErrorKind::KeyNotLoaded`]: the stream is not raw and the dataset encrypted;
    /// * [`ErrorKind::EncryptionMismatch`]: the stream is raw and the dataset not encrypted, or
    ///   encrypted otherwise; or an encrypted one is to be replaced;
    /// * [`ErrorKind::IvsetGuidMismatch`], [`ErrorKind::IvsetGuidMissing`],
    ///   [`ErrorKind::SpillBlockFlagMissing`]: of raw streams, whose base here was received
    ///   otherwise, or that very old releases made;
    /// * [`ErrorKind::RedactionMismatch`];
    /// * [`ErrorKind::NoSpace`], [`ErrorKind::QuotaExceeded`] (also for the number of snapshots or
    ///   file systems), [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`].
    ///
    /// If `source` is a [`SendStream`](crate::SendStream) and the send failed by itself, its error
    /// is returned.
    ///
    /// Where something is left with which the receive can be resumed, it is the error's
    /// [`resume_token`](Error::resume_token).
    ///
    /// # Releases
    ///
    /// A full stream forced onto a dataset that exists, interrupted and then resumed without
    /// [`force_rollback`](Self::force_rollback), is [`ErrorKind::ResumableStateExists`] since
    /// OpenZFS 2.2.
    #[doc(alias = "lzc_receive_with_cmdprops")]
    #[doc(alias = "lzc_receive_with_header")]
    #[doc(alias = "lzc_receive_one")]
    #[doc(alias = "lzc_receive_resumable")]
    pub fn run(self, source: impl StreamSource) -> Result<Received> {
        self.check()?;
        source.feed(self.intake()?)
    }

    /// Refuses what is wrong whatever the stream is.
    fn check(&self) -> Result<()> {
        if let Some(why) = self.invalid() {
            return Err(self.refused(ErrorKind::InvalidProperty, why));
        }
        if self.snapshot.as_str().contains('%') {
            let why = "% is kept for ZFS's own names".to_owned();
            return Err(self.refused(ErrorKind::InvalidName, why));
        }
        Ok(())
    }

    fn intake(mut self) -> Result<Intake> {
        let (operation, snapshot) = (Operation::Receive, self.snapshot.clone());
        let mut watch = Watch::default();
        for control in mem::take(&mut self.controls) {
            watch
                .add(&control)
                .map_err(|error| Error::from_io(operation, snapshot.as_str(), error))?;
        }
        Ok(Intake {
            receiver: Receiver {
                zfs: self.zfs.clone(),
                operation,
                snapshot,
            },
            watch,
            take: Box::new(move |receiver, begin, fd| self.take(receiver, begin, fd)),
        })
    }

    fn refused(
        &self,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(Operation::Receive, self.snapshot.as_str(), kind, why)
    }

    /// What is wrong with the properties.
    fn invalid(&self) -> Option<String> {
        let wrong = ENCRYPTION_PROPERTIES.iter().find(|name| {
            let with_key = self.encryption.is_some() && KEY_PROPERTIES.contains(name);
            match self.properties.get(name) {
                Some(Value::Boolean) => true,
                Some(_) => !with_key,
                None => false,
            }
        });
        self.invalid
            .clone()
            .or_else(|| wrong.map(|name| format!("{name} cannot be set or excluded here")))
    }

    /// Receives what follows the first record.
    fn take(
        &self,
        receiver: &Receiver,
        begin: BeginRecord,
        fd: BorrowedFd<'_>,
    ) -> Result<Received> {
        self.check_room(&begin)?;
        self.check_resumed(&begin)?;
        self.check_origin(&begin)?;
        let adds_to_a_clone = begin.flags().contains(BeginFlags::CLONE) && !begin.is_resuming();
        if adds_to_a_clone && self.origin.is_none() {
            let kind = ErrorKind::OriginNeeded;
            return Err(Error::new(
                Operation::Receive,
                self.snapshot.as_str(),
                kind,
                kind.usual_errno(),
            ));
        }
        let mut properties = self.properties.clone();
        if begin.objset_type() == ObjsetType::Zvol {
            for name in &self.of_file_systems {
                properties.remove(name);
            }
        }
        let mut key = None;
        if let Some((suite, given)) = &self.encryption {
            self.check_encryption(&begin)?;
            let name = self.snapshot.as_str();
            key = Some(new_encryption_root(
                Operation::Receive,
                name,
                *suite,
                given,
                &mut properties,
            )?);
        }
        tracing::debug!(snapshot = %self.snapshot, raw = begin.is_raw(), "receive");
        let raw = RawReceive {
            snapshot: self.snapshot.as_str(),
            received_props: self.received.as_ref(),
            local_props: (!properties.is_empty()).then_some(&properties),
            key: key.as_ref(),
            origin: self.origin.as_ref().map(SnapshotName::as_str),
            force: self.force,
            // What a resumed stream adds to must not be lost if it is interrupted again.
            resumable: self.resumable || begin.is_resuming(),
            heal: false,
            begin: &begin,
        };
        let error = match receiver.run(&raw, fd) {
            Ok(Ok(received)) => return Ok(Received::new(begin, received)),
            Ok(Err(error)) => self.explain(&begin, error),
            Err(error) => error,
        };
        if !raw.resumable {
            return Err(error);
        }
        let dataset = self.zfs.dataset(self.snapshot.dataset());
        let token = dataset.and_then(|dataset| dataset.receive_resume_token());
        Err(error.with_resume_token(token.unwrap_or_default()))
    }

    /// Refuses what would panic the kernel: into a dataset that exists it receives by way of a
    /// hidden one below, of whose name it takes for granted that it fits.
    fn check_room(&self, begin: &BeginRecord) -> Result<()> {
        const HIDDEN: &str = "/%recv";
        let room = MAX_NAME_LEN - HIDDEN.len();
        let dataset = self.snapshot.dataset().as_str();
        if dataset.len() <= room || (begin.is_full() && !self.force) {
            return Ok(());
        }
        let why = format!("a dataset that a stream is added to can have at most {room} bytes");
        Err(self.refused(ErrorKind::NameTooLong, why))
    }

    /// Refuses a stream that resumes another and has blocks of another size, or of another kind:
    /// the kernel does not compare, and takes an object that it has a part of for another one,
    /// whose data it frees.
    fn check_resumed(&self, begin: &BeginRecord) -> Result<()> {
        if !begin.is_resuming() {
            return Ok(());
        }
        let operation = Operation::Receive;
        let token = match self.zfs.dataset(self.snapshot.dataset()) {
            Ok(dataset) => dataset.receive_resume_token(),
            // The kernel tells that as well.
            Err(error) if error.kind() == ErrorKind::DatasetNotFound => return Ok(()),
            Err(error) => Err(error),
        };
        let Some(token) = token.map_err(|error| error.with_operation(operation))? else {
            return Ok(());
        };
        let fields = token.fields();
        let large = begin.features().contains(Features::LARGE_BLOCKS);
        if (large, begin.is_raw()) == (fields.large_block, fields.raw) {
            return Ok(());
        }
        let why = "one of them is raw or has large blocks, and the other is not or has none";
        Err(self.refused(ErrorKind::ResumeMismatch, why))
    }

    /// Refuses a clone below an encrypted dataset where the kernel could find that the stream does
    /// not fit: it then gives back a key of the parent that it has not taken, and panics.
    ///
    /// Whether the parent has large blocks is not to be seen, so that a stream without them is
    /// refused in any case.
    fn check_origin(&self, begin: &BeginRecord) -> Result<()> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        let Some(parent) = self.snapshot.dataset().parent() else {
            return Ok(());
        };
        if begin.is_raw() || begin.is_resuming() {
            return Ok(());
        }
        let here = |error: Error| error.with_operation(Operation::Receive);
        match self.zfs.dataset(&parent) {
            Ok(parent) if parent.encryption().map_err(here)?.is_on() => {}
            Ok(_) => return Ok(()),
            // The kernel looks for both before it comes to that.
            Err(error) if error.kind() == ErrorKind::DatasetNotFound => return Ok(()),
            Err(error) => return Err(here(error)),
        }
        let redacted = match self.zfs.snapshot(origin) {
            Ok(origin) => redact_snaps(origin.properties()).is_some(),
            Err(error) if error.kind() == ErrorKind::SnapshotNotFound => return Ok(()),
            Err(error) => return Err(here(error)),
        };
        if redacted {
            let why = "below an encrypted dataset the kernel could panic: the origin is redacted";
            return Err(self.refused(ErrorKind::RedactionMismatch, why));
        }
        if !begin.features().contains(Features::LARGE_BLOCKS) {
            let why = "below an encrypted dataset the kernel could panic: \
                the stream has no large blocks";
            return Err(self.refused(ErrorKind::StreamFeatureUnsupported, why));
        }
        Ok(())
    }

    /// Refuses a key where the data would end up without it: in an existing dataset, in a clone,
    /// or under the key that the stream brings.
    fn check_encryption(&self, begin: &BeginRecord) -> Result<()> {
        let mismatch = if begin.is_raw() {
            "the stream is raw and brings its own encryption"
        } else if begin.is_resuming() {
            "the stream resumes another, which has settled it"
        } else if !begin.is_full() || self.origin.is_some() {
            "the stream adds to what is there, and makes no new encryption root"
        } else if self.force {
            "a dataset that is forced to make room keeps its own encryption"
        } else if begin.features().contains(Features::EMBED_DATA) {
            let why = "it has embedded blocks, which encryption does not allow";
            return Err(self.refused(ErrorKind::StreamFeatureUnsupported, why));
        } else {
            return Ok(());
        };
        Err(self.refused(ErrorKind::EncryptionMismatch, mismatch))
    }
}
