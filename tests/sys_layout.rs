//! What `libzfs-sys` declares by hand is what the headers of the installed
//! release say: a C program, generated from one list, prints each size, offset
//! and constant, and this test compares.
//!
//! It needs a C compiler, the development files of OpenZFS, and the one header
//! that only the source of the module has (`zfs-dkms` puts it under `/usr/src`).
//! `ZFS_LAYOUT_ROOT` is where to look for them instead of `/`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

use libzfs_sys::{errno, ioctl, optional, replay};

/// One expression in C, and what Rust has for it.
#[derive(Debug)]
struct Claim {
    c: String,
    rust: i128,
}

impl Claim {
    fn new(c: impl Into<String>, rust: impl Into<i128>) -> Self {
        Self {
            c: c.into(),
            rust: rust.into(),
        }
    }

    fn size(c: impl Into<String>, rust: usize) -> Self {
        Self::new(c, i128::try_from(rust).unwrap())
    }
}

/// The size of the field that `pick` picks.
fn size_of_field<T, F>(_pick: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

/// The claims about structures: the size of each, and of each field the size
/// and the offset. A field that is left out does not compile.
macro_rules! structures {
    ($($rust:path as $c:literal { $($field:ident),+ $(,)? })+) => {{
        let mut claims = Vec::new();
        $(
            let _ = |whole: &$rust| {
                let $rust { $($field: _),+ } = whole;
            };
            claims.push(Claim::size(concat!("sizeof (", $c, ")"), size_of::<$rust>()));
            $(
                claims.push(Claim::size(
                    concat!("offsetof (", $c, ", ", stringify!($field), ")"),
                    offset_of!($rust, $field),
                ));
                claims.push(Claim::size(
                    concat!("sizeof (((", $c, " *)0)->", stringify!($field), ")"),
                    size_of_field(|whole: &$rust| &whole.$field),
                ));
            )+
        )+
        claims
    }};
}

/// The claims about constants of one module.
macro_rules! constants {
    ($module:ident: $($name:ident),+ $(,)?) => {
        vec![$(Claim::new(stringify!($name), $module::$name)),+]
    };
}

fn records() -> Vec<Claim> {
    structures! {
        replay::zio_cksum_t as "zio_cksum_t" { zc_word }
        replay::ddt_key_t as "ddt_key_t" { ddk_cksum, ddk_prop }
        replay::drr_begin as "struct drr_begin" {
            drr_magic, drr_versioninfo, drr_creation_time, drr_type, drr_flags, drr_toguid,
            drr_fromguid, drr_toname,
        }
        replay::drr_end as "struct drr_end" { drr_checksum, drr_toguid }
        replay::drr_object as "struct drr_object" {
            drr_object, drr_type, drr_bonustype, drr_blksz, drr_bonuslen, drr_checksumtype,
            drr_compress, drr_dn_slots, drr_flags, drr_raw_bonuslen, drr_toguid,
            drr_indblkshift, drr_nlevels, drr_nblkptr, drr_pad, drr_maxblkid,
        }
        replay::drr_freeobjects as "struct drr_freeobjects" {
            drr_firstobj, drr_numobjs, drr_toguid,
        }
        replay::drr_write as "struct drr_write" {
            drr_object, drr_type, drr_pad, drr_offset, drr_logical_size, drr_toguid,
            drr_checksumtype, drr_flags, drr_compressiontype, drr_pad2, drr_key,
            drr_compressed_size, drr_salt, drr_iv, drr_mac,
        }
        replay::drr_free as "struct drr_free" { drr_object, drr_offset, drr_length, drr_toguid }
        replay::drr_write_byref as "struct drr_write_byref" {
            drr_object, drr_offset, drr_length, drr_toguid, drr_refguid, drr_refobject,
            drr_refoffset, drr_checksumtype, drr_flags, drr_pad2, drr_key,
        }
        replay::drr_spill as "struct drr_spill" {
            drr_object, drr_length, drr_toguid, drr_flags, drr_compressiontype, drr_pad,
            drr_compressed_size, drr_salt, drr_iv, drr_mac, drr_type,
        }
        replay::drr_write_embedded as "struct drr_write_embedded" {
            drr_object, drr_offset, drr_length, drr_toguid, drr_compression, drr_etype, drr_pad,
            drr_lsize, drr_psize,
        }
        replay::drr_object_range as "struct drr_object_range" {
            drr_firstobj, drr_numslots, drr_toguid, drr_salt, drr_iv, drr_mac, drr_flags, drr_pad,
        }
        replay::drr_redact as "struct drr_redact" {
            drr_object, drr_offset, drr_length, drr_toguid,
        }
        replay::drr_checksum as "struct drr_checksum" { drr_pad, drr_checksum }
        replay::dmu_replay_record as "dmu_replay_record_t" { drr_type, drr_payloadlen, drr_u }
    }
}

/// Each body is at the start of the union that Rust has for C's nameless one.
fn bodies() -> Vec<Claim> {
    [
        "begin",
        "end",
        "object",
        "freeobjects",
        "write",
        "free",
        "write_byref",
        "spill",
        "write_embedded",
        "object_range",
        "redact",
        "checksum",
    ]
    .iter()
    .map(|body| {
        Claim::size(
            format!("offsetof (dmu_replay_record_t, drr_u.drr_{body})"),
            offset_of!(replay::dmu_replay_record, drr_u),
        )
    })
    .collect()
}

fn ioctl_structures(release: (u32, u32)) -> Vec<Claim> {
    let mut claims = structures! {
        ioctl::zfs_share_t as "zfs_share_t" { z_exportdata, z_sharedata, z_sharetype, z_sharemax }
        ioctl::zfs_stat_t as "zfs_stat_t" { zs_gen, zs_mode, zs_links, zs_ctime }
        ioctl::dmu_objset_stats_t as "dmu_objset_stats_t" {
            dds_num_clones, dds_creation_txg, dds_guid, dds_type, dds_is_snapshot,
            dds_inconsistent, dds_redacted, dds_origin, dds_flags,
        }
        ioctl::zinject_record as "zinject_record_t" {
            zi_objset, zi_object, zi_start, zi_end, zi_guid, zi_level, zi_error, zi_type, zi_freq,
            zi_failfast, zi_func, zi_iotype, zi_duration, zi_timer, zi_nlanes, zi_cmd, zi_dvas,
        }
        ioctl::zfs_cmd as "zfs_cmd_t" {
            zc_name, zc_nvlist_src, zc_nvlist_src_size, zc_nvlist_dst, zc_nvlist_dst_size,
            zc_nvlist_dst_filled, zc_pad2, zc_history, zc_value, zc_string, zc_guid,
            zc_nvlist_conf, zc_nvlist_conf_size, zc_cookie, zc_objset_type, zc_perm_action,
            zc_history_len, zc_history_offset, zc_obj, zc_iflags, zc_share, zc_objset_stats,
            zc_begin_record, zc_tail, zc_cleanup_fd, zc_simple, zc_pad, zc_sendobj, zc_fromobj,
            zc_createtxg, zc_stat, zc_zoneid,
        }
    };
    // What C has without a name, or under another one in 2.4.
    claims.retain(|claim| !claim.c.contains("zc_tail"));
    let tail = offset_of!(ioctl::zfs_cmd, zc_tail);
    for (field, offset) in [
        (
            "zc_inject_record",
            offset_of!(ioctl::zfs_cmd_legacy_tail, zc_inject_record),
        ),
        (
            "zc_defer_destroy",
            offset_of!(ioctl::zfs_cmd_legacy_tail, zc_defer_destroy),
        ),
        ("zc_flags", offset_of!(ioctl::zfs_cmd_legacy_tail, zc_flags)),
        (
            "zc_action_handle",
            offset_of!(ioctl::zfs_cmd_legacy_tail, zc_action_handle),
        ),
    ] {
        claims.push(Claim::size(
            format!("offsetof (zfs_cmd_t, {field})"),
            tail + offset,
        ));
    }
    if release >= (2, 4) {
        claims.retain(|claim| claim.c != "sizeof (zinject_record_t)");
        claims.push(Claim::size(
            "sizeof (zinject_record_t)",
            size_of::<ioctl::zinject_record_2_4>(),
        ));
        for (field, offset) in [
            (
                "zi_match_count",
                offset_of!(ioctl::zinject_record_2_4, zi_match_count),
            ),
            (
                "zi_inject_count",
                offset_of!(ioctl::zinject_record_2_4, zi_inject_count),
            ),
        ] {
            claims.push(Claim::size(
                format!("offsetof (zinject_record_t, {field})"),
                offset,
            ));
        }
    }
    claims
}

fn numbers() -> Vec<Claim> {
    let mut claims = constants![replay:
        DMU_BACKUP_MAGIC, DMU_SUBSTREAM, DMU_COMPOUNDSTREAM,
        DMU_BACKUP_FEATURE_DEDUP, DMU_BACKUP_FEATURE_DEDUPPROPS, DMU_BACKUP_FEATURE_SA_SPILL,
        DMU_BACKUP_FEATURE_EMBED_DATA, DMU_BACKUP_FEATURE_LZ4, DMU_BACKUP_FEATURE_LARGE_BLOCKS,
        DMU_BACKUP_FEATURE_RESUMING, DMU_BACKUP_FEATURE_REDACTED, DMU_BACKUP_FEATURE_COMPRESSED,
        DMU_BACKUP_FEATURE_LARGE_DNODE, DMU_BACKUP_FEATURE_RAW, DMU_BACKUP_FEATURE_ZSTD,
        DMU_BACKUP_FEATURE_HOLDS, DMU_BACKUP_FEATURE_SWITCH_TO_LARGE_BLOCKS,
        DMU_BACKUP_FEATURE_LONGNAME, DMU_BACKUP_FEATURE_LARGE_MICROZAP,
        DRR_FLAG_CLONE, DRR_FLAG_CI_DATA, DRR_FLAG_FREERECORDS, DRR_FLAG_SPILL_BLOCK,
        DRR_CHECKSUM_DEDUP, DRR_RAW_BYTESWAP, DRR_OBJECT_SPILL, DRR_SPILL_UNMODIFIED,
        DRR_BEGIN, DRR_OBJECT, DRR_FREEOBJECTS, DRR_WRITE, DRR_FREE, DRR_END, DRR_WRITE_BYREF,
        DRR_SPILL, DRR_WRITE_EMBEDDED, DRR_OBJECT_RANGE, DRR_REDACT,
        ZFS_SEND_RESUME_TOKEN_VERSION,
    ];
    claims.extend(constants![optional:
        ZPOOL_PREFETCH_NONE, ZPOOL_PREFETCH_DDT, ZPOOL_PREFETCH_BRT,
        ZPOOL_DDT_PRUNE_NONE, ZPOOL_DDT_PRUNE_AGE, ZPOOL_DDT_PRUNE_PERCENTAGE,
    ]);
    for (name, value) in [
        ("MAXNAMELEN", replay::MAXNAMELEN),
        ("MAXPATHLEN", ioctl::MAXPATHLEN),
        ("ZIO_DATA_SALT_LEN", replay::ZIO_DATA_SALT_LEN),
        ("ZIO_DATA_IV_LEN", replay::ZIO_DATA_IV_LEN),
        ("ZIO_DATA_MAC_LEN", replay::ZIO_DATA_MAC_LEN),
    ] {
        claims.push(Claim::size(name, value));
    }
    claims.extend(
        errno::ALL
            .iter()
            .map(|&(value, name)| Claim::new(name, value)),
    );
    claims.extend(
        ioctl::ALL
            .iter()
            .map(|&(value, name)| Claim::new(name, value)),
    );
    claims
}

/// What the older releases lack, and the first that has it in every one of its
/// patch releases.
const SINCE: &[(&str, (u32, u32))] = &[
    ("DMU_BACKUP_FEATURE_LARGE_MICROZAP", (2, 3)),
    ("DMU_BACKUP_FEATURE_LONGNAME", (2, 3)),
    ("ZFS_ERR_ASHIFT_MISMATCH", (2, 3)),
    ("ZFS_ERR_CRYPTO_NOTSUP", (2, 2)),
    ("ZFS_ERR_NOT_USER_NAMESPACE", (2, 2)),
    ("ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS", (2, 3)),
    ("ZFS_ERR_RESUME_EXISTS", (2, 2)),
    ("ZFS_ERR_STREAM_LARGE_MICROZAP", (2, 3)),
    ("ZFS_ERR_TOO_MANY_SITOUTS", (2, 4)),
    ("ZFS_ERR_VDEV_NOTSUP", (2, 2)),
    ("ZFS_IOC_DDT_PRUNE", (2, 3)),
    ("ZFS_IOC_POOL_PREFETCH", (2, 3)),
    ("ZFS_IOC_POOL_SCRUB", (2, 2)),
    ("ZFS_IOC_USERNS_ATTACH", (2, 2)),
    ("ZFS_IOC_USERNS_DETACH", (2, 2)),
    ("ZFS_IOC_VDEV_GET_PROPS", (2, 2)),
    ("ZFS_IOC_VDEV_SET_PROPS", (2, 2)),
    ("ZPOOL_DDT_PRUNE_AGE", (2, 3)),
    ("ZPOOL_DDT_PRUNE_NONE", (2, 3)),
    ("ZPOOL_DDT_PRUNE_PERCENTAGE", (2, 3)),
    ("ZPOOL_PREFETCH_BRT", (2, 4)),
    ("ZPOOL_PREFETCH_DDT", (2, 3)),
    ("ZPOOL_PREFETCH_NONE", (2, 3)),
    ("dds_flags", (2, 4)),
];

/// The headers to compare with.
struct Headers {
    root: PathBuf,
    module_source: PathBuf,
    release: (u32, u32),
    words: BTreeSet<String>,
}

impl Headers {
    /// Finds them, or panics: without them there is nothing to prove.
    fn find() -> Self {
        let root = PathBuf::from(std::env::var_os("ZFS_LAYOUT_ROOT").unwrap_or_else(|| "/".into()));
        let sources = root.join("usr/src");
        let mut found: Vec<_> = std::fs::read_dir(&sources)
            .unwrap_or_else(|why| panic!("{}: {why}", sources.display()))
            .map(|entry| entry.unwrap().path().join("include"))
            .filter(|dir| dir.join("sys/zfs_ioctl.h").exists())
            .collect();
        assert_eq!(
            found.len(),
            1,
            "one source of the module has to be in {} (package zfs-dkms), not {found:?}",
            sources.display()
        );
        let module_source = found.remove(0);
        let release = release_of(&module_source);
        let public = root.join("usr/include/libzfs/sys/fs/zfs.h");
        let mut words = BTreeSet::new();
        for header in [
            public,
            root.join("usr/include/libzfs/sys/dmu.h"),
            root.join("usr/include/libzfs/sys/zio.h"),
            root.join("usr/include/libspl/sys/param.h"),
            module_source.join("sys/zfs_ioctl.h"),
        ] {
            let text = std::fs::read_to_string(&header).unwrap_or_else(|why| {
                panic!("{}: {why} (package libzfslinux-dev)", header.display())
            });
            words.extend(words_of(&without_comments(&text)).map(str::to_owned));
        }
        Self {
            root,
            module_source,
            release,
            words,
        }
    }

    /// Whether the release has what a claim is about; panics if it lacks
    /// something that it should have.
    fn has(&self, claim: &Claim) -> bool {
        let since = SINCE
            .iter()
            .find(|(name, _)| words_of(&claim.c).any(|word| word == *name));
        match since {
            Some((name, since)) => {
                let there = self.words.contains(*name);
                assert!(
                    there || self.release < *since,
                    "{name} is missing in {:?}",
                    self.release
                );
                there
            }
            None => true,
        }
    }

    /// Compiles and runs the C program, and gives what it printed.
    fn ask(&self, claims: &[Claim]) -> Vec<i128> {
        let mut source = String::from(
            "#include <stddef.h>\n#include <stdio.h>\n#include <libnvpair.h>\n\
             #include <sys/fs/zfs.h>\n#include <sys/zfs_ioctl.h>\n#include <sys/ddt.h>\n\
             #include <sys/zfs_stat.h>\nint main(void) {\n",
        );
        for claim in claims {
            writeln!(source, "\tprintf(\"%lld\\n\", (long long)({}));", claim.c).unwrap();
        }
        source.push_str("\treturn (0);\n}\n");
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let dir = if dir.exists() {
            dir
        } else {
            std::env::temp_dir()
        };
        let stem = dir.join(format!("sys_layout-{}", std::process::id()));
        let (c, program) = (stem.with_extension("c"), stem.with_extension("out"));
        std::fs::write(&c, source).unwrap();
        let include = self.root.join("usr/include");
        let mut cc = Command::new("cc");
        cc.args(["-w", "-D_GNU_SOURCE", "-o"]).arg(&program).arg(&c);
        for dir in [
            include.join("libzfs"),
            include.join("libspl"),
            self.module_source.clone(),
        ] {
            cc.arg("-I").arg(dir);
        }
        let compiled = cc
            .output()
            .unwrap_or_else(|why| panic!("cc: {why} (package gcc)"));
        let said = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{}: {said}", c.display());
        let answer = Command::new(&program).output().unwrap();
        assert!(answer.status.success());
        for path in [&c, &program] {
            std::fs::remove_file(path).unwrap();
        }
        String::from_utf8(answer.stdout)
            .unwrap()
            .lines()
            .map(|line| line.parse().unwrap())
            .collect()
    }
}

/// The release that a directory such as `/usr/src/zfs-2.3.9/include` is of.
fn release_of(module_source: &Path) -> (u32, u32) {
    let name = module_source.parent().and_then(Path::file_name).unwrap();
    let name = name.to_str().unwrap();
    let mut numbers = name.trim_start_matches("zfs-").split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        _ => panic!("{name} names no release"),
    }
}

fn without_comments(source: &str) -> String {
    let mut parts = source.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + " " + part.split_once("*/").map_or("", |(_, code)| code)
    })
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

#[test]
fn layouts_and_numbers_are_those_of_the_headers() {
    let headers = Headers::find();
    let mut claims = records();
    claims.extend(bodies());
    claims.extend(ioctl_structures(headers.release));
    claims.extend(numbers());
    let all = claims.len();
    claims.retain(|claim| headers.has(claim));
    let answers = headers.ask(&claims);
    assert_eq!(answers.len(), claims.len());
    let wrong: Vec<_> = claims
        .iter()
        .zip(&answers)
        .filter(|(claim, answer)| claim.rust != **answer)
        .map(|(claim, answer)| format!("{}: C has {answer}, Rust {}", claim.c, claim.rust))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!(
        "OpenZFS {:?}: {} of {all} sizes, offsets and numbers compared",
        headers.release,
        claims.len()
    );
}

/// A release that brings an error number, an ioctl, a record or a feature flag
/// must not go unnoticed.
#[test]
fn no_number_of_the_headers_is_unknown() {
    let headers = Headers::find();
    let known: BTreeSet<_> = numbers().into_iter().map(|claim| claim.c).collect();
    // Not numbers of the kind, or not for the device.
    const OTHERS: &[&str] = &[
        "DMU_BACKUP_FEATURE_MASK",
        "DRR_IS_DEDUP_CAPABLE",
        "DRR_IS_RAW_BYTESWAPPED",
        "DRR_NUMTYPES",
        "DRR_OBJECT_HAS_SPILL",
        "DRR_OBJECT_PAYLOAD_SIZE",
        "DRR_SPILL_IS_UNMODIFIED",
        "DRR_SPILL_PAYLOAD_SIZE",
        "DRR_WRITE_COMPRESSED",
        "DRR_WRITE_PAYLOAD_SIZE",
        "ZFS_IOC_GETDOSFLAGS",
        "ZFS_IOC_LAST",
        "ZFS_IOC_REWRITE",
        "ZFS_IOC_SETDOSFLAGS",
    ];
    let unknown: Vec<_> = headers
        .words
        .iter()
        .filter(|word| {
            ["ZFS_ERR_", "ZFS_IOC_", "DRR_", "DMU_BACKUP_"]
                .iter()
                .any(|prefix| word.starts_with(prefix) && word.len() > prefix.len())
        })
        .filter(|word| !known.contains(*word) && !OTHERS.contains(&word.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
