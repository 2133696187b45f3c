//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use libzfs::replicate::{Marks, Policy, UserValue};
use libzfs::{DatasetName, HoldTag, SnapshotName};
use serde::Deserialize;

use crate::exit::EXPLAINED;
use crate::place::Place;
use crate::units::{Bytes, Span};

/// Raw-encrypted ZFS replication to a place that never has the keys
///
/// Encrypted datasets are sent as they are on disk and received without their keys: whoever has the
/// destination, its disks or its root account, has ciphertext. Copies are verified after each
/// transfer, and `zvault verify` says at any time whether the promise is kept.
#[derive(Parser)]
#[command(name = "zvault", version, after_help = EXPLAINED, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Common {
    /// Print the result as JSON: one document, and of `run` one for each part
    #[arg(long, global = true, help_heading = "Common options")]
    pub(crate) json: bool,
    /// Say on standard error what is done; twice: in detail
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Common options")]
    pub(crate) verbose: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what a push or a pull would do
    #[command(after_help = PLAN)]
    Plan(Plan),
    /// Replicate a dataset of this machine, with all below it
    #[command(after_help = PUSH)]
    Push(Transfer),
    /// Replicate a dataset of another machine to this one, with all below it
    #[command(after_help = PULL)]
    Pull(Transfer),
    /// Run a job of the configuration: replicate, verify what is here, and prune
    #[command(after_help = RUN)]
    Run(Run),
    /// Check that copies are what a vault promises
    #[command(after_help = VERIFY)]
    Verify(Verify),
    /// Show pools, and what is replicated to and from here
    Status(Status),
    /// Destroy old snapshots, but none that is held or that a replication goes on from
    #[command(after_help = PRUNE)]
    Prune(Prune),
    /// Hold snapshots, so that nobody can destroy them
    #[command(after_help = HOLD)]
    Hold(Hold),
    /// Release held snapshots
    Release(Hold),
    /// Load the keys of a tree, to read a copy or to restore from it
    #[command(after_help = UNLOCK)]
    Unlock(Unlock),
    /// Unmount a tree and unload its keys
    Lock(Lock),
    /// Serve a zvault on another machine, over standard input and output
    #[command(after_help = SERVE)]
    Serve(Serve),
    /// Store and forward: leave streams in a directory, and receive them from one
    #[command(subcommand)]
    Spool(Spool),
    /// Look into send streams, without the kernel module
    #[command(subcommand)]
    Stream(Stream),
    /// Show the versions of zvault, of the OpenZFS library and of the kernel module
    Version,
    /// Print a script that completes command lines
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man pages into a directory
    Man {
        /// The directory, such as /usr/local/share/man/man1
        directory: PathBuf,
    },
}

/// From where to where.
#[derive(Args)]
pub(crate) struct Replicate {
    /// The dataset that is replicated, with all below it
    pub(crate) source: Place,
    /// What becomes its copy; what is above it has to be there
    pub(crate) destination: Place,
    /// The name of this replication, by which it knows what it sent last: one for each source and
    /// destination. Unless it is said, it is made of the destination
    #[arg(long, value_name = "NAME")]
    pub(crate) marks: Option<Marks>,
}

/// Which snapshots are replicated.
#[derive(Args, Clone)]
pub(crate) struct Snapshots {
    /// Take snapshots first, of the whole tree at once, with the time behind this
    #[arg(long, value_name = "PREFIX")]
    pub(crate) take: Option<String>,
    /// Send only snapshots whose names begin so
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) only: String,
    /// Of several new snapshots send only the newest
    #[arg(long)]
    pub(crate) newest: bool,
}

/// What is wanted of a replication.
#[derive(Args, Clone)]
pub(crate) struct Want {
    /// What the copies are for
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
    #[command(flatten)]
    pub(crate) snapshots: Snapshots,
    /// Replicate only what matches: a name below the source, where `*` stands for anything but a
    /// `/`, `**` for anything, and `.` for the source itself. What is above it comes along as its
    /// place, with its data, whatever leaves it out
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include: Vec<String>,
    /// Leave out what matches, with all below it
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
    /// Replicate only what has this user property, its own or inherited, such as
    /// `org.example:copy=yes`
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) with: Vec<UserValue>,
    /// Leave out what has this user property, its own or inherited
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) without: Vec<UserValue>,
    /// How many bytes a second may pass, such as 50M
    #[arg(long, value_name = "BYTES")]
    pub(crate) rate: Option<Bytes>,
    /// Give a stream up of which nothing moves for so long
    #[arg(long, value_name = "TIME")]
    pub(crate) stall: Option<Span>,
    /// How many datasets are replicated at once
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) at_once: usize,
    /// Let the keys of copies be changed, for the one run behind a change that is known of: a source on
    /// another machine brings its new one, and what was changed on a copy is replaced by the source's.
    /// The copy, with all its snapshots, asks for that from then on. Where ssh forces a command on the
    /// destination, that has to allow it too
    #[arg(long)]
    pub(crate) allow_key_changes: bool,
    /// An option for ssh, as its configuration has it
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) ssh_option: Vec<String>,
    /// What is started on the other machine, in place of `zvault serve ROLE --marks NAME -- DATASET`
    #[arg(long, value_name = "COMMAND")]
    pub(crate) ssh_command: Option<String>,
}

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) replicate: Replicate,
    #[command(flatten)]
    pub(crate) want: Want,
    /// Write the plan to a file, for `--plan` of push and pull
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Transfer {
    #[command(flatten)]
    pub(crate) replicate: Replicate,
    #[command(flatten)]
    pub(crate) want: Want,
    /// Do what this plan says, and nothing else: what has changed since is left as it is. Policy,
    /// --only, --newest and --allow-key-changes have to be those of the plan
    #[arg(long, value_name = "FILE", conflicts_with = "take")]
    pub(crate) plan: Option<PathBuf>,
}

const PLAN: &str = "\
Nothing is changed, and so no snapshots are taken. Sizes are estimates. What stands in the way is said with
what can be done about it, and exits with 3.

Examples:
  zvault plan tank/prod vault/prod
  zvault plan tank/prod vault/prod --save plan.json
  zvault push tank/prod vault/prod --plan plan.json";

const PUSH: &str = "\
Everything is sent raw: what is not encrypted is not sent. Copies are received
unmounted, readonly=on and canmount=off (noauto for a standby), and verified;
nothing there is ever rolled back or overwritten. What was interrupted is gone on with by the same
command.

Examples:
  zvault push tank/prod vault/prod --take rep-
  zvault push tank/prod ssh://backup@vault.example/vault/prod --marks offsite
  zvault push tank/prod vault/prod --only rep- --exclude scratch";

const PULL: &str = "\
As push, with the source on the other machine. That is not trusted with the keys
of copies: a stream that would change one is refused, unless it is allowed.

Examples:
  zvault pull ssh://root@prod.example/tank/prod vault/prod --take rep-";

#[derive(Args)]
pub(crate) struct Run {
    /// The job
    pub(crate) job: String,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "/etc/zvault.toml")]
    pub(crate) config: PathBuf,
}

const RUN: &str = "\
Examples:
  zvault run offsite
  systemctl enable --now zvault@offsite.timer

A configuration with one job:
  [jobs.offsite]
  source = \"tank/prod\"
  destination = \"ssh://backup@vault.example/vault/prod\"
  take = \"rep-\"";

#[derive(Args)]
pub(crate) struct Verify {
    /// The copies; each with all below it
    #[arg(required = true, value_name = "DATASET")]
    pub(crate) datasets: Vec<DatasetName>,
    /// What they are copies of, here or on another machine, to compare snapshots with
    #[arg(long, value_name = "DATASET")]
    pub(crate) source: Option<Place>,
    /// The datasets only have copies below them, and are none themselves
    #[arg(long, conflicts_with = "source")]
    pub(crate) below: bool,
    /// The replication that has to have verified each copy
    #[arg(long, value_name = "NAME")]
    pub(crate) marks: Option<Marks>,
    /// How old the newest verified snapshot may be, such as 26h
    #[arg(long, value_name = "TIME")]
    pub(crate) max_age: Option<Span>,
    /// What the copies are for
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
}

const VERIFY: &str = "\
Each copy has to be encrypted, with its key not loaded and from no dataset
outside, not mounted, readonly=on and canmount=off (a standby may have its key
loaded, be mounted read-only, and canmount=noauto); what was verified of it
has to be there still, and held. With --source, each snapshot is looked for on
the other side by its GUID: a copy that has gone its own way, and a dataset
without a copy, are found. Exits with 3 if anything is not as promised, and with
1 if it could not be looked at, as where it is gone.

Examples:
  zvault verify vault/prod
  zvault verify vault/prod --source tank/prod --max-age 26h
  zvault verify --below vault --json";

/// [`Policy`], as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PolicyName {
    /// No key is ever loaded there
    #[default]
    Vault,
    /// Keys can be loaded there, for as long as the copies are in use
    Standby,
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Vault => Self::Vault,
            PolicyName::Standby => Self::WarmStandby,
        }
    }
}

#[derive(Args)]
pub(crate) struct Status {
    /// Datasets, each with all below it; all that is replicated, if there are none
    #[arg(value_name = "DATASET")]
    pub(crate) datasets: Vec<DatasetName>,
}

#[derive(Args)]
pub(crate) struct Prune {
    /// The dataset, with all below it
    pub(crate) dataset: DatasetName,
    /// Only snapshots whose names begin so; all others stay
    #[arg(long, value_name = "PREFIX", required = true)]
    pub(crate) tag: String,
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Say what would go, and destroy nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Keep {
    /// Keep so many of the newest
    #[arg(long, value_name = "COUNT")]
    pub(crate) newest: Option<usize>,
    /// Keep those that are not older, such as 14d
    #[arg(long, value_name = "TIME")]
    pub(crate) younger: Option<Span>,
    /// Keep the newest of each of so many hours
    #[arg(long, value_name = "COUNT")]
    pub(crate) hourly: Option<usize>,
    /// Keep the newest of each of so many days (UTC)
    #[arg(long, value_name = "COUNT")]
    pub(crate) daily: Option<usize>,
    /// Keep the newest of each of so many weeks, which begin on Thursdays
    #[arg(long, value_name = "COUNT")]
    pub(crate) weekly: Option<usize>,
}

const PRUNE: &str = "\
A snapshot stays if any of the options keeps it. What is held, has clones, or
is what a replication goes on from stays in any case, and why is said.

Examples:
  zvault prune tank/prod --tag rep- --newest 3 --hourly 48 -n
  zvault prune vault/prod --tag rep- --daily 30 --weekly 26";

#[derive(Args)]
pub(crate) struct Hold {
    /// The tag
    pub(crate) tag: HoldTag,
    /// The snapshots
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<SnapshotName>,
    /// The snapshots of the same names of all datasets below, too
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// The tag is one of zvault's own, `zvault:NAME`, without which a replication may have to begin
    /// anew
    #[arg(long)]
    pub(crate) anchors: bool,
}

const HOLD: &str = "\
Examples:
  zvault hold audit-2026 vault/prod@rep-7
  zvault hold -r audit-2026 vault/prod@rep-7
  zvault release -r audit-2026 vault/prod@rep-7";

#[derive(Args)]
pub(crate) struct Unlock {
    /// The dataset, with all below it
    pub(crate) dataset: DatasetName,
    #[command(flatten)]
    pub(crate) key: KeyArguments,
    /// Mount the dataset here then, only for reading
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) at: Option<PathBuf>,
}

#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct KeyArguments {
    /// The file that has the key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The number of an open descriptor that the key is read from; a file from its beginning
    #[arg(long, value_name = "NUMBER")]
    pub(crate) key_fd: Option<u32>,
}

const UNLOCK: &str = "\
The one key is tried for each encryption root of the tree that is locked. It is
asked for at the terminal unless it comes from a file or a descriptor; it is
never on the command line. While a key is loaded, `zvault verify` says that the
vault's promise is broken: it is.

Examples:
  zvault unlock vault/prod --at /mnt/restore
  zvault unlock vault/prod --key-file /run/keys/prod
  pass show prod | zvault unlock vault/prod --key-fd 0
  zvault lock vault/prod";

#[derive(Args)]
pub(crate) struct Lock {
    /// The dataset, with all below it
    pub(crate) dataset: DatasetName,
}

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) role: Role,
    /// The dataset that the client may have, with all below it
    pub(crate) dataset: DatasetName,
    /// Another one that it may have
    #[arg(long, value_name = "DATASET")]
    pub(crate) and: Vec<DatasetName>,
    /// Marks that it may set and take away
    #[arg(long, value_name = "NAME")]
    pub(crate) marks: Vec<Marks>,
    /// What copies are for
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
    /// Let the client take snapshots
    #[arg(long)]
    pub(crate) allow_snapshots: bool,
    /// Let the client rename copies, for the one run after datasets were renamed at the source
    #[arg(long)]
    pub(crate) allow_renames: bool,
    /// Let streams change the keys of copies, for the one run after a key was changed at the source
    #[arg(long)]
    pub(crate) allow_key_changes: bool,
}

/// What a client may do.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Role {
    /// It may send raw streams to here
    #[arg(long)]
    pub(crate) receive_only: bool,
    /// It may have raw streams from here
    #[arg(long)]
    pub(crate) send_raw_only: bool,
    /// It may look
    #[arg(long)]
    pub(crate) read_only: bool,
}

const SERVE: &str = "\
Made for a forced command of sshd: whoever has the key gets this and nothing
else, whatever command it asks for. What is refused is logged to the system's
log (authpriv), and to standard error, which is the client's. In authorized_keys:

  restrict,command=\"zvault serve --receive-only --marks offsite vault/prod\" ssh-ed25519 AAAA...";

#[derive(Subcommand)]
pub(crate) enum Spool {
    /// Leave all that is new in a directory, for a receiver that cannot be asked what it has
    Send(SpoolSend),
    /// Receive what is in a directory, in whatever order it came
    Receive(SpoolReceive),
    /// Say what is in a directory, and what waits for what
    List(SpoolList),
}

#[derive(Args)]
#[command(after_help = SPOOL)]
pub(crate) struct SpoolSend {
    /// The dataset, with all below it
    pub(crate) source: DatasetName,
    /// The directory
    pub(crate) directory: PathBuf,
    /// The name of the set, by which it is known what was sent last: one for each destination
    #[arg(long, value_name = "NAME")]
    pub(crate) marks: Marks,
    /// The name of the copy below the receiver's prefix; that of the dataset, unless it is said
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) snapshots: Snapshots,
    /// Go on from the snapshot with this GUID, which the receiver has: for when streams were lost
    #[arg(long, value_name = "GUID")]
    pub(crate) known: Vec<u64>,
    /// Compress with zstd at this level, 0 for its own choice
    #[arg(long, value_name = "LEVEL")]
    pub(crate) zstd: Option<i32>,
    /// A program, with arguments separated by blanks, that each stream goes through
    #[arg(long, value_name = "COMMAND")]
    pub(crate) filter: Option<String>,
}

#[derive(Args)]
#[command(after_help = SPOOL)]
pub(crate) struct SpoolReceive {
    /// The directory
    pub(crate) directory: PathBuf,
    /// The dataset below which the copies are, which has to be there
    pub(crate) prefix: DatasetName,
    /// Receive what is of this set, and nothing else; also several times. Who can write to the
    /// directory could move the marks of other replications otherwise
    #[arg(long, value_name = "NAME")]
    pub(crate) marks: Vec<Marks>,
    /// What the copies are for
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
    /// Let streams change the keys of copies, for the one run after a key was changed at the source
    #[arg(long)]
    pub(crate) allow_key_changes: bool,
    /// A program, with arguments separated by blanks, that undoes what the sender's did
    #[arg(long, value_name = "COMMAND")]
    pub(crate) filter: Option<String>,
}

#[derive(Args)]
#[command(after_help = SPOOL)]
pub(crate) struct SpoolList {
    /// The directory
    pub(crate) directory: PathBuf,
    /// The dataset below which the copies are
    pub(crate) prefix: DatasetName,
    /// Have what is of another set wait; also several times
    #[arg(long, value_name = "NAME")]
    pub(crate) marks: Vec<Marks>,
    /// Read the streams that are not there yet, to see that they are good
    #[arg(long)]
    pub(crate) check: bool,
    /// A program, with arguments separated by blanks, that undoes what the sender's did
    #[arg(long, value_name = "COMMAND")]
    pub(crate) filter: Option<String>,
}

const SPOOL: &str = "\
A stream is removed once it was received and verified, or is there already; nothing
else is. A stream that is damaged exits with 3, and stays; so does one that waits for
somebody to decide, as the copy has gone its own way. One whose base is missing
waits for that. Where the disk or the filter fails it exits with 1.

Examples:
  zvault spool send tank/prod /media/carried --marks carried --take rep-
  zvault spool list /media/carried vault/site-a --check
  zvault spool receive /media/carried vault/site-a --marks carried";

#[derive(Subcommand)]
pub(crate) enum Stream {
    /// Say what a stream is of, and how it is encrypted; for that its first records are read
    Info(StreamFile),
    /// Read a stream to its end and compare all checksums
    Verify(StreamFile),
}

#[derive(Args)]
#[command(after_help = STREAM)]
pub(crate) struct StreamFile {
    /// The file that has the stream; `-` is standard input
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
}

const STREAM: &str = "\
Examples:
  zvault stream info /backup/prod.zfs
  zfs send -w tank/prod@rep-1 | zvault stream verify";

const COMPLETIONS: &str = "\
Examples:
  zvault completions bash > /etc/bash_completion.d/zvault
  zvault completions zsh > /usr/share/zsh/site-functions/_zvault
  zvault completions fish > /etc/fish/completions/zvault.fish";
