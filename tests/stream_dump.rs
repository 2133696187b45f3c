//! Streams as OpenZFS makes them, read here and by `zstream dump`, which have to say the same.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::ffi::CString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::nvlist::{Encoding, NvList};
use libzfs::stream::{
    BeginFields, BeginRecord, Body, Endian, Features, Guard, Place, Reader, Record, RecordType,
    Records, Require, StreamError, Summary, Verify, Writer, verify,
};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ResumeToken, SendBuilder, SendFlags, SnapshotName};
use support::{
    encrypted, file_with, noise, pool, release, snapshot, stream_of, write_file, zfs_says,
};

/// A stream, and what it is.
struct Sample {
    what: &'static str,
    stream: Vec<u8>,
}

/// Data that compresses, the more so the shorter the pattern.
fn text(len: usize) -> Vec<u8> {
    b"the same again and again, "
        .iter()
        .copied()
        .cycle()
        .take(len)
        .collect()
}

fn set_xattr(path: &Path, name: &str, value: &[u8]) {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let name = CString::new(name).unwrap();
    let value_ptr = value.as_ptr().cast();
    // SAFETY: two C strings, and a value as long as is said.
    let result = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value_ptr, value.len(), 0) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

/// What makes records of most types: blocks of noise and of text, one that fits its pointer, holes,
/// and an attribute that does not fit the dnode.
fn populate(pool: &Pool, dataset: &DatasetName) {
    let mount = pool.mount(dataset).unwrap();
    let path = |name: &str| mount.path().join(name);
    fs::write(path("noise"), noise(1, 9000)).unwrap();
    fs::write(path("text"), text(20_000)).unwrap();
    fs::write(path("tiny"), text(60)).unwrap();
    File::create(path("sparse"))
        .unwrap()
        .set_len(4 << 20)
        .unwrap();
    for number in 0..20 {
        fs::write(path(&format!("short-lived-{number}")), b"x").unwrap();
    }
    fs::write(path("attributed"), b"x").unwrap();
    set_xattr(&path("attributed"), "user.large", &noise(2, 600));
    mount.unmount().unwrap();
}

/// What makes an incremental stream interesting.
fn change(pool: &Pool, dataset: &DatasetName) {
    let mount = pool.mount(dataset).unwrap();
    let path = |name: &str| mount.path().join(name);
    for number in 0..20 {
        fs::remove_file(path(&format!("short-lived-{number}"))).unwrap();
    }
    fs::write(path("noise"), noise(3, 5000)).unwrap();
    fs::write(path("new"), text(300)).unwrap();
    mount.unmount().unwrap();
}

/// A file system whose system attributes have little room, with what `populate` makes.
fn data(pool: &Pool, path: &str, options: &[&str]) -> DatasetName {
    let name = pool.dataset(path);
    let mut args = vec!["create", "-o", "canmount=noauto", "-o", "xattr=sa"];
    args.extend(["-o", "dnodesize=legacy", "-o", "compression=lz4"]);
    args.extend(options);
    args.push(name.as_str());
    zfs_says(&args);
    populate(pool, &name);
    name
}

/// What `zfs send` writes: an opinion that is not ours.
fn zfs_sends(args: &[&str]) -> Vec<u8> {
    let output = Command::new("zfs").arg("send").args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    output.stdout
}

/// The first part of a full stream, and what resumes it.
fn resumed(pool: &Pool, send: &SendBuilder) -> (ResumeToken, Vec<u8>) {
    let stream = stream_of(send);
    let target = pool.snapshot("resumed@s");
    let part = &stream[..stream.len() * 2 / 3];
    let cut = pool
        .zfs()
        .receive(&target)
        .resumable()
        .run(file_with(pool, part));
    cut.unwrap_err();
    let dataset = pool.zfs().dataset(target.dataset()).unwrap();
    let token = dataset.receive_resume_token().unwrap().unwrap();
    let rest = pool
        .zfs()
        .resume_send(send.snapshot().dataset(), &token)
        .unwrap();
    let mut bytes = Vec::new();
    rest.start().unwrap().read_to_end(&mut bytes).unwrap();
    (token, bytes)
}

/// The device of a volume, which takes a moment to come. Nothing in a guest makes links to it.
fn device_of(volume: &DatasetName) -> PathBuf {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        for entry in fs::read_dir("/dev").unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            // Partitions have a `p`.
            if !name.starts_with("zd") || name.contains('p') {
                continue;
            }
            let said = Command::new("/usr/lib/udev/zvol_id")
                .arg(&path)
                .output()
                .unwrap();
            // Volumes of other tests come and go.
            if String::from_utf8(said.stdout).unwrap().trim() == volume.as_str() {
                return path;
            }
        }
        assert!(Instant::now() < deadline, "no device of {volume}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// A snapshot of a volume with something in it.
fn volume(pool: &Pool, path: &str) -> SnapshotName {
    let name = pool.dataset(path);
    pool.zfs().create(&name).volume(1 << 20).run().unwrap();
    let mut device = File::options().write(true).open(device_of(&name)).unwrap();
    device.write_all(&noise(4, 40_000)).unwrap();
    device.sync_all().unwrap();
    drop(device);
    snapshot(pool.zfs(), &name, "s")
}

/// A snapshot without the file `noise`, as seen by who may not read it.
fn redacted(pool: &Pool, whole: &SnapshotName) -> Vec<u8> {
    let clone = pool.dataset("public");
    zfs_says(&[
        "clone",
        "-o",
        "canmount=noauto",
        whole.as_str(),
        clone.as_str(),
    ]);
    let mount = pool.mount(&clone).unwrap();
    fs::remove_file(mount.path().join("noise")).unwrap();
    mount.unmount().unwrap();
    let public = snapshot(pool.zfs(), &clone, "s");
    let book = whole.dataset().bookmark("book").unwrap();
    pool.zfs().redact(whole, &book, &[public]).unwrap();
    stream_of(&pool.zfs().send(whole).redacted(&book))
}

/// Streams of every kind, of which none is large.
fn samples(pool: &Pool) -> Vec<Sample> {
    let zfs = pool.zfs();
    let plain = data(pool, "plain", &[]);
    let one = snapshot(zfs, &plain, "one");
    change(pool, &plain);
    let two = snapshot(zfs, &plain, "two");

    let large = data(pool, "large", &["-o", "recordsize=1M"]);
    write_file(pool, &large, "large", &noise(5, 300_000));
    let large = snapshot(zfs, &large, "s");

    let secret = encrypted(pool, "secret");
    for property in ["xattr=sa", "dnodesize=legacy", "compression=lz4"] {
        zfs_says(&["set", property, secret.as_str()]);
    }
    populate(pool, &secret);
    let secret_one = snapshot(zfs, &secret, "one");
    change(pool, &secret);
    let secret_two = snapshot(zfs, &secret, "two");

    let tree = data(pool, "tree", &[]);
    data(pool, "tree/child", &["-o", "org.example:note=child"]);
    zfs_says(&["snapshot", "-r", &format!("{tree}@one")]);
    change(pool, &tree);
    zfs_says(&["snapshot", "-r", &format!("{tree}@two")]);

    encrypted(pool, "vault");
    let vault = volume(pool, "vault/volume");

    let sample = |what, stream| Sample { what, stream };
    let sent = |what, send: SendBuilder| Sample {
        what,
        stream: stream_of(&send),
    };
    let flags = |name: &SnapshotName, flags| zfs.send(name).flags(flags);
    vec![
        sent("plain", zfs.send(&one)),
        sent("compressed", flags(&one, SendFlags::COMPRESSED)),
        sent("embedded", flags(&one, SendFlags::EMBED_DATA)),
        sent("large blocks", flags(&large, SendFlags::LARGE_BLOCKS)),
        sent("large blocks, split", zfs.send(&large)),
        sent("incremental", zfs.send(&two).from(&one)),
        sent("raw", zfs.send(&secret_one).raw()),
        sent(
            "raw, incremental",
            zfs.send(&secret_two).from(&secret_one).raw(),
        ),
        sent("decrypted", zfs.send(&secret_one)),
        sample("resumed", resumed(pool, &zfs.send(&large)).1),
        sample("redacted", redacted(pool, &one)),
        sent("a volume", zfs.send(&volume(pool, "volume"))),
        sent("raw, a volume", zfs.send(&vault).raw()),
        sent("raw, of plain text", zfs.send(&two).raw()),
        sample("-R", zfs_sends(&["-R", &format!("{tree}@two")])),
        sample("-p", zfs_sends(&["-p", one.as_str()])),
        sample("-I", zfs_sends(&["-I", one.as_str(), two.as_str()])),
        sample("-RI", zfs_sends(&["-RI", "@one", &format!("{tree}@two")])),
        sample("-Rw", zfs_sends(&["-Rw", secret_two.as_str()])),
    ]
}

/// What `zstream dump -vv` says of a stream, but for lists, which it writes in its own way, and empty
/// lines.
fn zstream_says(pool: &Pool, stream: &[u8], options: &str) -> String {
    let path = pool.directory().join("dumped");
    fs::write(&path, stream).unwrap();
    let mut command = Command::new("zstream");
    let output = command.args(["dump", options]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let complaints = String::from_utf8(output.stderr).unwrap();
    for line in complaints.lines() {
        // C does not decode a native list of the other byte order.
        let foreign = Records::new(stream).next().unwrap().unwrap().0.endian() != Endian::HOST;
        assert!(foreign && line.contains("not supported"), "{line}");
    }
    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines = String::new();
    let mut in_list = false;
    for line in said.lines() {
        // A list begins so, and ends before the next line that is not indented.
        let goes_on = line.is_empty() || line.starts_with('\t');
        in_list = line == "nvlist version: 0" || in_list && goes_on;
        if !in_list && !line.is_empty() {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    lines
}

/// Line by line, so that it can be read what is not the same.
#[track_caller]
fn assert_same(what: &str, said: &str, expected: &str) {
    for (said, expected) in said.lines().zip(expected.lines()) {
        assert_eq!(said, expected, "{what}");
    }
    assert_eq!(said.lines().count(), expected.lines().count(), "{what}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One record as `zstream dump -vv` shows it.
fn show(out: &mut String, record: &Record<'_>) -> std::fmt::Result {
    let payload = record.payload_len();
    match record.body() {
        Body::Begin(begin) => {
            let bytes = begin.as_bytes();
            let version = bytes[16..24].try_into().unwrap();
            let header_type = match begin.endian() {
                Endian::Little => u64::from_le_bytes(version),
                Endian::Big => u64::from_be_bytes(version),
            } & 3;
            writeln!(out, "BEGIN record\n\thdrtype = {header_type}")?;
            writeln!(out, "\tfeatures = {:x}", begin.features().bits())?;
            writeln!(out, "\tmagic = {:x}", BeginRecord::MAGIC)?;
            writeln!(out, "\tcreation_time = {:x}", begin.creation_time())?;
            writeln!(out, "\ttype = {}", begin.objset_type().number())?;
            writeln!(out, "\tflags = 0x{:x}", begin.flags().bits())?;
            writeln!(out, "\ttoguid = {:x}", begin.to_guid())?;
            writeln!(out, "\tfromguid = {:x}", begin.from_guid().unwrap_or(0))?;
            writeln!(out, "\ttoname = {}", begin.to_name())?;
            writeln!(out, "\tpayloadlen = {payload}")?;
            return Ok(());
        }
        Body::End(end) => writeln!(out, "END checksum = {}", end.checksum)?,
        Body::Object(it) => writeln!(
            out,
            "OBJECT object = {} type = {} bonustype = {} blksz = {} bonuslen = {} dn_slots = {} \
             raw_bonuslen = {} flags = {} maxblkid = {} indblkshift = {} nlevels = {} nblkptr = {}",
            it.object,
            it.object_type,
            it.bonus_type,
            it.block_size,
            it.bonus_len,
            it.dnode_slots,
            it.raw_bonus_len,
            it.flags.bits(),
            it.max_block_id,
            it.indirect_block_shift,
            it.levels,
            it.block_pointers
        )?,
        Body::FreeObjects(it) => writeln!(
            out,
            "FREEOBJECTS firstobj = {} numobjs = {}",
            it.first_object, it.count
        )?,
        Body::Write(it) => writeln!(
            out,
            "WRITE object = {} type = {} checksum type = {} compression type = {} flags = {} \
             offset = {} logical_size = {} compressed_size = {} payload_size = {payload} \
             props = {:x} salt = {} iv = {} mac = {}",
            it.object,
            it.object_type,
            it.checksum_type,
            it.compression,
            it.flags.bits(),
            it.offset,
            it.logical_size,
            it.compressed_size,
            it.key_prop,
            hex(&it.salt),
            hex(&it.iv),
            hex(&it.mac)
        )?,
        Body::Free(it) => writeln!(
            out,
            "FREE object = {} offset = {} length = {}",
            it.object,
            it.offset,
            i64::from_ne_bytes(it.length.to_ne_bytes())
        )?,
        Body::Spill(it) => writeln!(
            out,
            "SPILL block for object = {} length = {} flags = {} compression type = {} \
             compressed_size = {} payload_size = {payload} salt = {} iv = {} mac = {}",
            it.object,
            it.length,
            it.flags.bits(),
            it.compression,
            it.compressed_size,
            hex(&it.salt),
            hex(&it.iv),
            hex(&it.mac)
        )?,
        Body::WriteEmbedded(it) => writeln!(
            out,
            "WRITE_EMBEDDED object = {} offset = {} length = {} toguid = {:x} comp = {} \
             etype = {} lsize = {} psize = {}",
            it.object,
            it.offset,
            it.length,
            it.to_guid,
            it.compression,
            it.embedded_type,
            it.logical_size,
            it.physical_size
        )?,
        Body::ObjectRange(it) => writeln!(
            out,
            "OBJECT_RANGE firstobj = {} numslots = {} flags = {} salt = {} iv = {} mac = {}",
            it.first_object,
            it.slots,
            it.flags.bits(),
            hex(&it.salt),
            hex(&it.iv),
            hex(&it.mac)
        )?,
        Body::Redact(it) => writeln!(
            out,
            "REDACT object = {} offset = {} length = {}",
            it.object, it.offset, it.length
        )?,
        Body::WriteByRef(_) => panic!("no release makes this: {record:?}"),
    }
    let mut checksum = record.checksum().unwrap_or_default();
    if !record.endian().is_host() {
        // It turns the others round, and forgets this one.
        checksum.0 = checksum.0.map(u64::swap_bytes);
    }
    writeln!(out, "    checksum = {checksum}")
}

/// What `zstream dump -vv` should say.
fn expected(stream: &[u8], summary: &Summary) -> String {
    let mut out = String::new();
    for item in Records::new(stream) {
        show(&mut out, &item.unwrap().0).unwrap();
    }
    out.push_str("SUMMARY:\n");
    for record_type in [
        RecordType::Begin,
        RecordType::End,
        RecordType::Object,
        RecordType::FreeObjects,
        RecordType::Write,
        RecordType::WriteByRef,
        RecordType::WriteEmbedded,
        RecordType::Free,
        RecordType::Spill,
    ] {
        let count = summary.records.of(record_type);
        let (records, payload) = (count.records, count.payload);
        writeln!(
            out,
            "\tTotal DRR_{record_type} records = {records} ({payload} bytes)"
        )
        .unwrap();
    }
    let total = summary.records.total();
    let overhead = total.records * BeginRecord::LEN as u64;
    writeln!(out, "\tTotal records = {}", total.records).unwrap();
    for (what, bytes) in [
        ("payload size", total.payload),
        ("header overhead", overhead),
        ("stream length", summary.bytes),
    ] {
        writeln!(out, "\tTotal {what} = {bytes} (0x{bytes:x})").unwrap();
    }
    out
}

/// The same stream, as a machine of that byte order makes it.
fn twin(stream: &[u8], endian: Endian) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for item in Records::new(stream) {
        let (record, payload) = item.unwrap();
        match (record.body(), record.place()) {
            (Body::Begin(begin), place) => {
                let payload = if payload.is_empty() {
                    Vec::new()
                } else {
                    // XDR is the same everywhere, but for the byte that says who wrote it.
                    let encoding = match payload[0] {
                        0 => Encoding::Native,
                        _ => Encoding::Xdr,
                    };
                    let list = NvList::decode(payload).unwrap();
                    list.encode_with(encoding, endian).unwrap()
                };
                let fields = BeginFields {
                    header_type: begin.header_type(),
                    features: begin.features(),
                    creation_time: begin.creation_time(),
                    objset_type: begin.objset_type(),
                    flags: begin.flags(),
                    to_guid: begin.to_guid(),
                    from_guid: begin.from_guid(),
                    to_name: begin.to_name().to_string().parse().unwrap(),
                };
                let begin = BeginRecord::build(&fields, payload.len().try_into().unwrap(), endian);
                match place {
                    Place::PackageHead => writer.package_head(&begin, &payload).unwrap(),
                    _ => writer.begin(&begin, &payload).unwrap(),
                }
            }
            // Is there with the record before.
            (_, Place::PackageHead) => {}
            (_, Place::PackageEnd) => writer.package_end().unwrap(),
            (body, Place::Stream) => writer.record(&body, payload).unwrap(),
        }
    }
    writer.into_inner()
}

#[test]
fn each_record_is_as_zstream_says() {
    let pool = pool("dump");
    let samples = samples(&pool);
    let mut seen = [0; RecordType::COUNT];
    for Sample { what, stream } in &samples {
        let summary = verify(stream).unwrap_or_else(|error| panic!("{what}: {error}"));
        for record_type in RecordType::ALL {
            seen[record_type as usize] += summary.records.of(record_type).records;
        }
        println!(
            "{what}: {} bytes, {} records",
            stream.len(),
            summary.records.total().records
        );
        assert_same(
            what,
            &zstream_says(&pool, stream, "-vv"),
            &expected(stream, &summary),
        );

        let mut passed = Vec::new();
        let mut through = Verify::new(&stream[..]);
        through.read_to_end(&mut passed).unwrap();
        assert!(passed == *stream && through.is_done(), "{what}");
        assert_eq!(through.summary(), &summary, "{what}");
        let mut reader = Reader::new(&stream[..]);
        let mut records = 0;
        while reader.next_record().unwrap().is_some() {
            records += 1;
        }
        assert_eq!(records, summary.records.total().records, "{what}");

        // What is written here is what was read, to the last byte.
        assert!(twin(stream, Endian::HOST) == *stream, "{what}");
        let turned = twin(stream, Endian::HOST.swapped());
        let turned_summary = verify(&turned).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(turned_summary.records, summary.records, "{what}");
        assert!(twin(&turned, Endian::HOST) == *stream, "{what}");
        // Of a stream that it has to turn round it cannot compare the checksums of records.
        let said = zstream_says(&pool, &turned, "-Cvv");
        assert_same(what, &said, &expected(&turned, &turned_summary));
    }
    for record_type in RecordType::ALL {
        let expected = record_type != RecordType::WriteByRef;
        assert_eq!(seen[record_type as usize] > 0, expected, "{record_type}");
    }

    let of = |wanted| {
        let sample = samples.iter().find(|sample| sample.what == wanted).unwrap();
        verify(&sample.stream).unwrap()
    };
    let says = |property, name: &str| zfs_says(&["get", "-Hpo", "value", property, name]);
    let one = pool.snapshot("plain@one");
    let plain = &of("plain").streams[0];
    assert_eq!(plain.to_guid.to_string(), says("guid", one.as_str()));
    assert_eq!(
        plain.creation_time.to_string(),
        says("creation", one.as_str())
    );
    assert_eq!(plain.to_name, one.as_str());
    assert_eq!(
        (plain.from_guid, plain.encryption, plain.is_raw()),
        (None, None, false)
    );
    assert_eq!(of("incremental").streams[0].from_guid, Some(plain.to_guid));

    let secret = pool.dataset("secret");
    let raw = &of("raw").streams[0];
    let encryption = raw.encryption.unwrap();
    assert!(raw.is_raw());
    assert_eq!(encryption.suite_name(), Some("aes-256-gcm"));
    assert_eq!(
        encryption.key_format().unwrap().to_string(),
        says("keyformat", secret.as_str())
    );
    assert_eq!(
        says("ivsetguid", &format!("{secret}@one")),
        encryption.to_ivset_guid.to_string()
    );
    assert_eq!(encryption.from_ivset_guid, 0);
    let next = of("raw, incremental").streams[0].encryption.unwrap();
    assert_eq!(next.from_ivset_guid, encryption.to_ivset_guid);
    assert_eq!(next.key_guid, encryption.key_guid);
    assert_eq!(of("decrypted").streams[0].encryption, None);

    assert!(of("resumed").streams[0].resume.is_some());
    assert!(
        of("resumed").streams[0]
            .features
            .contains(Features::RESUMING)
    );
    assert_eq!(of("redacted").streams[0].redacted_by, Some(1));
    let package = of("-R");
    assert_eq!(
        package.to_name().unwrap(),
        format!("{}@two", pool.dataset("tree")).as_str()
    );
    assert_eq!((package.stream_count, package.streams.len()), (4, 4));
    assert!(package.complete && !package.is_single());
}

#[test]
fn what_is_raw_passes_a_guard_and_nothing_else() {
    let pool = pool("guarded");
    let mut raw = 0;
    for Sample { what, stream } in samples(&pool) {
        let summary = verify(&stream).unwrap();
        let is_raw = summary
            .streams
            .iter()
            .all(libzfs::stream::StreamSummary::is_raw);
        for (require, packages) in [
            (Require::new().raw(), false),
            (Require::new().raw().packages(), true),
        ] {
            let mut passed = Vec::new();
            let result = Guard::new(&stream[..], require.known_features()).read_to_end(&mut passed);
            let expected = is_raw && (summary.is_single() || packages);
            assert_eq!(result.is_ok(), expected, "{what}: {result:?}");
            assert!(passed == if expected { &stream[..] } else { &[] }, "{what}");
        }
        // It is known which key it is.
        let key = summary.streams[0].encryption.map(|keys| keys.key_guid);
        assert_eq!(key.is_some(), summary.streams[0].is_raw(), "{what}");
        if let Some(key) = key {
            let require = Require::new().key_guid(key).packages();
            let mut guard = Guard::new(&stream[..], require);
            guard.read_to_end(&mut Vec::new()).unwrap();
            raw += 1;
        }
    }
    // Full, incremental, of a volume, and a package.
    assert_eq!(raw, 4);
}

/// A number after the one given, all over its range (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn below(state: &mut u64, end: usize) -> usize {
    usize::try_from(next(state) % end as u64).unwrap()
}

#[test]
fn every_cut_and_every_flipped_bit_is_named() {
    const CUTS: usize = 1_000;
    const FLIPS: usize = 10_000;
    let pool = pool("damage");
    let samples = samples(&pool);
    let mut state = 1;
    for (turn, Sample { what, stream }) in samples.iter().enumerate() {
        let borders = Records::new(stream).map(|item| item.unwrap().0.offset());
        let mut cuts: Vec<_> = borders
            .map(|offset| usize::try_from(offset).unwrap())
            .collect();
        for _ in 0..CUTS.div_ceil(samples.len()) {
            cuts.push(below(&mut state, stream.len()));
        }
        for cut in cuts {
            let error = verify(&stream[..cut]).unwrap_err();
            assert!(error.is_truncated(), "{what}, cut at {cut}: {error}");
            assert_eq!(error.offset(), cut as u64, "{what}");
            let through = Verify::new(&stream[..cut]).read_to_end(&mut Vec::new());
            let through = through.unwrap_err();
            assert_eq!(StreamError::in_io(&through), Some(&error), "{what}");
        }

        // Where a record's checksum is: whatever is flipped is seen at the next one at the latest.
        let checksums: Vec<_> = Records::new(stream)
            .map(|item| item.unwrap().0)
            .map(|record| record.offset() + BeginRecord::LEN as u64)
            .collect();
        let lengths: Vec<_> = Records::new(stream)
            .map(|item| item.unwrap().0)
            .filter(|record| record.record_type() == RecordType::Begin)
            .map(|record| usize::try_from(record.offset()).unwrap())
            .flat_map(|at| at + 4..at + 8)
            .collect();
        let mut bytes = stream.clone();
        let share = FLIPS / samples.len() + usize::from(turn < FLIPS % samples.len());
        for _ in 0..share {
            let at = below(&mut state, bytes.len());
            let bit = 1 << below(&mut state, 8);
            bytes[at] ^= bit;
            let error = match verify(&bytes) {
                Ok(_) => panic!("{what}: bit {bit:#x} at {at} was not missed"),
                Err(error) => error,
            };
            let behind = checksums.partition_point(|&end| end <= at as u64);
            let limit = checksums
                .get(behind + 1)
                .copied()
                .unwrap_or(bytes.len() as u64);
            // But for a length that is wrong in a first record, which says where the next is.
            assert!(
                lengths.contains(&at) || error.offset() <= limit,
                "{what}, {at}: {error}"
            );
            bytes[at] ^= bit;
        }
        assert!(bytes == *stream);
    }
}

#[test]
fn a_token_is_as_zstream_says() {
    let pool = pool("tokens");
    let zfs = pool.zfs();
    let plain = data(&pool, "plain", &[]);
    write_file(&pool, &plain, "more", &noise(5, 300_000));
    let one = snapshot(zfs, &plain, "one");
    let secret = encrypted(&pool, "secret");
    write_file(&pool, &secret, "more", &noise(6, 300_000));
    let two = snapshot(zfs, &secret, "two");
    for send in [zfs.send(&one).flags(SendFlags::all()), zfs.send(&two).raw()] {
        let (token, rest) = resumed(&pool, &send);
        zfs.discard_partial_receive(&pool.dataset("resumed"))
            .unwrap();
        let fields = token.fields();
        let summary = verify(&rest).unwrap();
        if fields.raw {
            let mut guard = Guard::new(&rest[..], Require::new().raw().single());
            guard.read_to_end(&mut Vec::new()).unwrap();
        }
        let resume = summary.streams[0].resume.unwrap();
        assert_eq!(
            (resume.object, resume.offset),
            (fields.object, fields.offset)
        );

        let output = Command::new("zstream")
            .args(["token", token.as_str()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        let mut said: Vec<_> = said.lines().map(str::trim).collect();
        let mut expected = vec![
            format!("object: {}", fields.object),
            format!("offset: {}", fields.offset),
            format!("bytes: {}", fields.bytes),
            format!("toguid: {}", fields.to_guid),
            format!("toname: '{}'", fields.to_name),
        ];
        for (name, set) in [
            ("largeblockok", fields.large_block),
            ("embedok", fields.embed),
            ("compressok", fields.compress),
            ("rawok", fields.raw),
        ] {
            if set {
                expected.push(name.to_owned());
            }
        }
        said.sort_unstable();
        expected.sort_unstable();
        assert_eq!(said, expected, "on {:?}", release());
        // And one that is made here.
        let made = ResumeToken::build(fields, token.endian()).unwrap();
        let again = Command::new("zstream")
            .args(["token", made.as_str()])
            .output()
            .unwrap();
        assert!(again.status.success(), "{again:?}");
        let again = String::from_utf8(again.stdout).unwrap();
        let mut again: Vec<_> = again.lines().map(str::trim).collect();
        again.sort_unstable();
        assert_eq!(again, said);
    }
}
