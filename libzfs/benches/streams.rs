//! Reading streams, side by side with `zstream dump` and with what the memory gives.
//!
//! `cargo xtask bench streams` runs it. Neither side needs a kernel module, so that it runs on the
//! machine itself; what is compared takes turns, and the medians are shown.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libzfs::stream::record::{Free, Write as WriteRecord};
use libzfs::stream::{
    BeginFields, BeginFlags, BeginRecord, Endian, Features, HeaderType, ObjsetType, Reader,
    Records, Verify, Writer, verify,
};

/// How often each is measured.
const ROUNDS: usize = 9;

/// How much is read at once: so little that a processor's cache has room for it.
const BUFFER: usize = 128 << 10;

/// Numbers that look like noise (splitmix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

/// A stream of about `len` bytes with blocks of that size, the same in each run.
fn write_stream(to: impl Write, len: usize, block: usize) -> io::Result<()> {
    let fields = BeginFields {
        header_type: HeaderType::Substream,
        features: Features::SA_SPILL | Features::LARGE_BLOCKS,
        creation_time: 1_700_000_000,
        objset_type: ObjsetType::Zfs,
        flags: BeginFlags::FREERECORDS,
        to_guid: 1,
        from_guid: None,
        to_name: "tank/bench@s".parse().map_err(io::Error::other)?,
    };
    let mut writer = Writer::new(to);
    writer.begin(&BeginRecord::build(&fields, 0, Endian::HOST), &[])?;
    let mut noise = Noise(1);
    let mut payload = vec![0; block];
    for word in payload.chunks_exact_mut(8) {
        word.copy_from_slice(&noise.next().to_le_bytes());
    }
    for number in 0..(len / block) as u64 {
        // Not the same block again and again.
        payload[..8].copy_from_slice(&noise.next().to_le_bytes());
        let write = WriteRecord {
            object: 2,
            object_type: 19,
            offset: number * block as u64,
            logical_size: block as u64,
            to_guid: 1,
            ..WriteRecord::default()
        };
        writer.record(&write.into(), &payload)?;
    }
    let free = Free {
        object: 2,
        offset: len as u64,
        length: u64::MAX,
        to_guid: 1,
    };
    writer.record(&free.into(), &[])?;
    writer.end(1)
}

fn timed(run: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let begun = Instant::now();
    run()?;
    Ok(begun.elapsed())
}

/// One way to do it, and what it is called.
type Way<'a> = (&'a str, Box<dyn Fn() -> io::Result<()> + 'a>);

/// Measures all in turns, and shows each beside the first.
fn compare(len: u64, ways: &[Way<'_>]) -> io::Result<()> {
    let mut times = vec![Vec::new(); ways.len()];
    for round in 0..=ROUNDS {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let time = timed(way)?;
            // The first one fills the caches.
            if round > 0 {
                times.push(time);
            }
        }
    }
    let mut first = None;
    for ((name, _), times) in ways.iter().zip(&mut times) {
        times.sort_unstable();
        let median = times[times.len() / 2].as_secs_f64();
        let first = *first.get_or_insert(median);
        println!(
            "  {name:<46} {:>8.1} ms {:>7.2} GB/s {:>7.2} x",
            median * 1e3,
            len as f64 / median / 1e9,
            first / median
        );
    }
    Ok(())
}

/// Reads all, and looks at nothing.
fn drain(mut from: impl Read) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    while from.read(&mut buffer)? > 0 {}
    black_box(&buffer);
    Ok(())
}

/// `zstream`, with the loader and the libraries of its own packages.
struct Zstream {
    tree: PathBuf,
}

impl Zstream {
    fn dump(&self, options: &[&str], stream: &Path) -> io::Result<()> {
        let libraries = self.tree.join("usr/lib/x86_64-linux-gnu");
        let status = Command::new(self.tree.join("lib64/ld-linux-x86-64.so.2"))
            .arg("--library-path")
            .arg(libraries)
            .arg(self.tree.join("usr/sbin/zstream"))
            .arg("dump")
            .args(options)
            .arg(stream)
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!("zstream dump: {status}")));
        }
        Ok(())
    }
}

/// The most memory that this process has had, in bytes.
fn peak_memory() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
    let kib = kib.and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map(|kib| kib << 10)
        .ok_or_else(|| io::Error::other("no VmHWM in /proc/self/status"))
}

/// A stream in a file in memory: a disk would be part of what is measured.
struct Stream {
    path: PathBuf,
    len: u64,
}

impl Stream {
    fn new(len: usize, block: usize) -> io::Result<Self> {
        let name = format!("/dev/shm/bench-streams-{}-{block}", std::process::id());
        let path = PathBuf::from(name);
        write_stream(io::BufWriter::new(File::create(&path)?), len, block)?;
        let len = path.metadata()?.len();
        Ok(Self { path, len })
    }

    fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn from_file(zstream: &Zstream, stream: &Stream) -> io::Result<()> {
    let dump = |options: &'static [&str]| Box::new(move || zstream.dump(options, &stream.path));
    let verify = || drain(Verify::new(stream.open()?));
    let buffered = || {
        let file = BufReader::with_capacity(BUFFER, stream.open()?);
        drain(Verify::new(file))
    };
    let walk = || {
        let mut reader = Reader::new(stream.open()?);
        while reader.next_record()?.is_some() {}
        Ok(())
    };
    compare(
        stream.len,
        &[
            ("zstream dump", dump(&[])),
            ("Verify", Box::new(verify)),
            ("Verify of a BufReader", Box::new(buffered)),
        ],
    )?;
    compare(
        stream.len,
        &[
            ("zstream dump -C", dump(&["-C"])),
            ("Reader", Box::new(walk)),
            ("read, and nothing else", Box::new(|| drain(stream.open()?))),
        ],
    )
}

fn in_memory(zstream: &Zstream, stream: &Stream) -> io::Result<()> {
    let bytes = std::fs::read(&stream.path)?;
    let look = || {
        let words = bytes.chunks_exact(8).filter_map(|word| word.first_chunk());
        let sum = words.fold(0_u64, |sum, word| {
            sum.wrapping_add(u64::from_le_bytes(*word))
        });
        black_box(sum);
        Ok(())
    };
    let walk = || {
        for item in Records::new(&bytes) {
            black_box(item?.0.body());
        }
        Ok(())
    };
    let verify = || {
        black_box(verify(&bytes)?);
        Ok(())
    };
    compare(
        stream.len,
        &[
            ("zstream dump", Box::new(|| zstream.dump(&[], &stream.path))),
            ("verify", Box::new(verify)),
            ("each word looked at, and nothing else", Box::new(look)),
            ("Records", Box::new(walk)),
        ],
    )
}

fn measure(zstream: &Zstream) -> io::Result<()> {
    let streams = [
        (
            "512 MiB in blocks of 128 KiB",
            Stream::new(512 << 20, 128 << 10)?,
        ),
        (
            "256 MiB in blocks of 4 KiB",
            Stream::new(256 << 20, 4 << 10)?,
        ),
    ];
    for (name, stream) in &streams {
        println!("{name}, from a file");
        from_file(zstream, stream)?;
    }
    println!("  at most {} KiB of memory so far", peak_memory()? >> 10);
    for (name, stream) in &streams {
        println!("{name}, in memory");
        in_memory(zstream, stream)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let (Some(tree), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: streams DIRECTORY, in which the packages of zstream are unpacked");
        return ExitCode::from(2);
    };
    let zstream = Zstream { tree: tree.into() };
    match measure(&zstream) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("streams: {error}");
            ExitCode::FAILURE
        }
    }
}
