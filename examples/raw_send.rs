//! Raw-encrypted replication from end to end, on pools made of files: what the project is for.
//!
//! `cargo xtask demo` runs it on a real kernel module; on a machine that has one, it runs as root
//! with `cargo run --example raw_send`. It touches nothing but the pools that it makes.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use libzfs::testing::Pool;
use libzfs::{
    Encryption, ErrorKind, HoldTag, Key, KeyStatus, SnapshotName, Zfs, kernel_version,
    userland_library,
};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Prints what a step proved, or fails with what did not hold.
macro_rules! proved {
    ($holds:expr, $($what:tt)*) => {
        if $holds {
            println!("  ok  {}", format_args!($($what)*));
        } else {
            return Err(format!("does not hold: {}", format_args!($($what)*)).into());
        }
    };
}

const PASSPHRASE: &str = "correct horse battery staple";

fn main() -> Result<()> {
    let zfs = Zfs::open()?;
    let userland = userland_library()
        .version
        .unwrap_or_else(|| "of unknown release".into());
    println!(
        "OpenZFS: kernel module {}, library {userland}",
        kernel_version()?
    );

    step("Two pools: a source, and a vault that never gets a key");
    let source = Pool::builder().label("source").build()?;
    let vault = Pool::builder().label("vault").build()?;
    println!("      {} and {}", source.name(), vault.name());

    step("An encrypted dataset with data in it");
    let prod = source.dataset("prod");
    zfs.create(&prod)
        .encryption(Encryption::Aes256Gcm, Key::passphrase(PASSPHRASE)?)
        .run()?;
    // Bytes that nothing compresses: they are on disk as they are, unless they are encrypted.
    let secret = random_bytes(64 << 10)?;
    let mount = source.mount(&prod)?;
    fs::write(mount.path().join("secret"), &secret)?;
    fs::write(mount.path().join("bulk"), random_bytes(24 << 20)?)?;
    let dataset = zfs.dataset(&prod)?;
    proved!(
        dataset.encryption()? == Encryption::Aes256Gcm
            && dataset.key_status()? == KeyStatus::Available,
        "{prod}: encryption={}, keystatus={}",
        dataset.encryption()?,
        dataset.key_status()?
    );

    step("A full raw send, received unmounted");
    let rep_1 = prod.snapshot("rep-1")?;
    zfs.create_snapshots(std::slice::from_ref(&rep_1))?;
    let send = zfs.send(&rep_1).raw();
    let estimate = send.size()?;
    let copy = vault.dataset("prod");
    let received = receive(&zfs, &copy.snapshot("rep-1")?).run(send.start()?)?;
    received.all()?;
    proved!(
        received.begin().is_raw(),
        "{} received; {} bytes where {estimate} were estimated",
        copy.snapshot("rep-1")?,
        received.bytes()
    );
    proved!(
        zfs.mount_points_of(&copy)?.is_empty(),
        "the copy is not mounted"
    );

    step("The vault holds ciphertext");
    let dataset = zfs.dataset(&copy)?;
    proved!(
        dataset.encryption()? == Encryption::Aes256Gcm,
        "encryption={}",
        dataset.encryption()?
    );
    proved!(
        dataset.key_status()? == KeyStatus::Unavailable,
        "keystatus={}",
        dataset.key_status()?
    );
    proved!(
        dataset.encryption_root()?.as_ref() == Some(&copy),
        "encryptionroot={copy}: a root of its own"
    );
    let refused = vault.mount(&copy).err().map(|error| error.kind());
    proved!(
        refused == Some(ErrorKind::KeyNotLoaded),
        "reading it is refused: key not loaded"
    );
    proved!(
        !contains(&vault.vdevs()[0].path, &secret)?,
        "the vault's disk has none of the secret"
    );

    step("An incremental raw send, and holds on both anchors");
    fs::write(mount.path().join("more"), random_bytes(8 << 20)?)?;
    let rep_2 = prod.snapshot("rep-2")?;
    zfs.create_snapshots(std::slice::from_ref(&rep_2))?;
    let send = zfs.send(&rep_2).from(&rep_1).raw();
    let estimate = send.size()?;
    let received = receive(&zfs, &copy.snapshot("rep-2")?).run(send.start()?)?;
    received.all()?;
    proved!(
        received.begin().from_guid() == Some(zfs.snapshot(&rep_1)?.guid()?),
        "{} bytes on top of rep-1 where {estimate} were estimated",
        received.bytes()
    );
    let tag: HoldTag = "rep".parse()?;
    for anchor in [&rep_2, &copy.snapshot("rep-2")?] {
        zfs.hold(&tag, std::slice::from_ref(anchor))?.all()?;
        let destroyed = zfs.destroy_snapshots(std::slice::from_ref(anchor), Default::default());
        let refused = destroyed.err().map(|error| error.kind());
        proved!(
            refused == Some(ErrorKind::SnapshotHeld),
            "{anchor} is held and cannot be lost"
        );
    }

    step("A transfer that is cut off, and resumed from its token");
    fs::write(mount.path().join("still more"), random_bytes(8 << 20)?)?;
    let rep_3 = prod.snapshot("rep-3")?;
    zfs.create_snapshots(std::slice::from_ref(&rep_3))?;
    let mut stream = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(source.directory().join("stream"))?;
    zfs.send(&rep_3).from(&rep_2).raw().write_to(&stream)?;
    let whole = stream.metadata()?.len();
    stream.set_len(whole / 2)?;
    stream.seek(SeekFrom::Start(0))?;
    let target = copy.snapshot("rep-3")?;
    let cut = receive(&zfs, &target)
        .run(&stream)
        .err()
        .map(|error| error.kind());
    proved!(
        cut == Some(ErrorKind::StreamTruncated),
        "after {} of {whole} bytes: stream truncated",
        whole / 2
    );
    let token = zfs
        .dataset(&copy)?
        .receive_resume_token()?
        .ok_or("no resume token")?;
    proved!(
        token.fields().raw && token.fields().to_guid == zfs.snapshot(&rep_3)?.guid()?,
        "the token is for rep-3 and raw, with {} bytes received",
        token.fields().bytes
    );
    let rest = zfs.resume_send(&prod, &token)?;
    let received = receive(&zfs, &target).run(rest.start()?)?;
    received.all()?;
    proved!(
        received.bytes() < whole && zfs.snapshot(&target)?.guid()? == token.fields().to_guid,
        "resumed with {} bytes; the GUID is the source's",
        received.bytes()
    );

    step("The vault passes the copy on, still without a key");
    let third = Pool::builder().label("third").build()?;
    let restored = third.dataset("prod");
    receive(&zfs, &restored.snapshot("rep-3")?)
        .run(zfs.send(&target).raw().start()?)?
        .all()?;
    proved!(
        zfs.dataset(&copy)?.key_status()? == KeyStatus::Unavailable,
        "{restored} received; the vault's key was never loaded"
    );

    step("The third place unlocks it and has the source's bytes");
    let wrong = zfs.load_key(&restored, &Key::passphrase("incorrect horse")?);
    let wrong = wrong.err().map(|error| error.kind());
    proved!(
        wrong == Some(ErrorKind::WrongKey),
        "a wrong passphrase is refused"
    );
    zfs.load_key(&restored, &Key::passphrase(PASSPHRASE)?)?;
    let there = third.mount(&restored)?;
    for file in ["secret", "bulk", "more", "still more"] {
        let same = fs::read(mount.path().join(file))? == fs::read(there.path().join(file))?;
        proved!(same, "{file}: equal");
    }

    step("The counter-proof: the same send without raw");
    let mistake = vault.dataset("mistake");
    zfs.receive(&mistake.snapshot("rep-1")?)
        .run(zfs.send(&rep_1).start()?)?
        .all()?;
    proved!(
        zfs.dataset(&mistake)?.encryption()? == Encryption::Off,
        "it is received as encryption=off"
    );
    proved!(
        contains(&vault.vdevs()[0].path, &secret)?,
        "and the secret is on the vault's disk, in plain text: THIS IS THE MISTAKE to avoid"
    );

    println!("\nAll steps hold.");
    Ok(())
}

fn step(what: &str) {
    println!("\n{what}");
}

/// A receive as a vault wants it.
fn receive(zfs: &Zfs, snapshot: &SnapshotName) -> libzfs::ReceiveBuilder {
    zfs.receive(snapshot)
        .resumable()
        .exclude("mountpoint")
        .set("readonly", true)
}

fn random_bytes(len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Whether the file has a piece of `secret`, wherever a block may begin.
fn contains(file: &Path, secret: &[u8]) -> Result<bool> {
    let piece = &secret[..512];
    let bytes = fs::read(file)?;
    Ok(bytes.chunks_exact(512).any(|sector| sector == piece))
}
