//! What bindgen is asked for. Shared by the build script and by the example
//! `bindings`, which refreshes and checks the copies in `bindings/`.

use std::path::PathBuf;

use bindgen::callbacks::{EnumVariantCustomBehavior, EnumVariantValue, ParseCallbacks};
use bindgen::{Builder, EnumVariation, RustEdition, RustTarget};

/// A release of OpenZFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// 2 in 2.3.9.
    pub(crate) major: u32,
    /// 3 in 2.3.9.
    pub(crate) minor: u32,
    /// 9 in 2.3.9.
    pub(crate) patch: u32,
}

impl Version {
    /// The oldest release that is supported.
    pub(crate) const OLDEST: Self = Self {
        major: 2,
        minor: 1,
        patch: 0,
    };

    /// Reads `2.3.9`, `2.3` and `2.4.0-rc1`; what follows the numbers is left
    /// aside.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.').map(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse::<u32>().ok()
        });
        Some(Self {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next().flatten().unwrap_or(0),
        })
    }

    /// `2.3`, the part that names a branch of releases.
    pub(crate) fn major_minor(self) -> String {
        format!("{}.{}", self.major, self.minor)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Where the headers of one OpenZFS release are.
#[derive(Debug, Clone)]
pub(crate) struct Headers {
    /// Directories for `-I`.
    pub(crate) include_paths: Vec<PathBuf>,
    /// The root for `--sysroot`, when the headers are not this machine's.
    pub(crate) sysroot: Option<PathBuf>,
}

/// Types of `sys/fs/zfs.h` that are integers: property ids, and enumerations
/// whose values go through `libzfs_core` or through an nvlist.
const TYPES: &[&str] = &[
    "dmu_objset_type_t",
    "dsl_scan_state_t",
    "lzc_dataset_type",
    "lzc_send_flags",
    "pool_initialize_func_t",
    "pool_scan_func_t",
    "pool_scrub_cmd_t",
    "pool_state_t",
    "pool_trim_func_t",
    "spa_load_state_t",
    "vdev_aux_t",
    "vdev_initializing_state_t",
    "vdev_prop_t",
    "vdev_rebuild_state_t",
    "vdev_state_t",
    "vdev_trim_state_t",
    "zfs_cache_type_t",
    "zfs_canmount_type_t",
    "zfs_deleg_inherit_t",
    "zfs_deleg_who_type_t",
    "zfs_direct_t",
    "zfs_dnsize_type_t",
    "zfs_keyformat_t",
    "zfs_keylocation_t",
    "zfs_keystatus_t",
    "zfs_logbias_op_t",
    "zfs_prefetch_type_t",
    "zfs_prop_t",
    "zfs_redundant_metadata_type_t",
    "zfs_smb_acl_op_t",
    "zfs_sync_type_t",
    "zfs_type_t",
    "zfs_userquota_prop_t",
    "zfs_volmode_t",
    "zfs_wait_activity_t",
    "zfs_xattr_type_t",
    "zio_encrypt",
    "zpool_errata_t",
    "zpool_prop_t",
    "zpool_wait_activity_t",
    "zprop_errflags_t",
    "zprop_source_t",
];

/// Macros of `sys/fs/zfs.h`: nvlist keys, sizes, flag bits.
const MACROS: &[&str] = &[
    "DDT_PRUNE_.*",
    "DEFAULT_PBKDF2_ITERATIONS",
    "HIS_MAX_RECORD_LEN",
    "MIN_PBKDF2_ITERATIONS",
    "SNAP_ITER_.*",
    "SPA_(MIN|OLD_MAX|MAX)BLOCK(SHIFT|SIZE)",
    "SPA_VERSION(_[0-9]+)?",
    "ZAP_(OLD)?MAX(NAME|VALUE)LEN",
    "ZCP_.*",
    "ZFS_(ONLINE|OFFLINE|IMPORT|EV)_.*",
    "ZFS_DELEG_PERM_.*",
    "ZFS_DEV",
    "ZFS_DRIVER",
    "ZFS_MAX_DATASET_NAME_LEN",
    "ZFS_SUPER_MAGIC",
    "ZFS_TYPE_DATASET",
    "ZFS_WAIT_(ACTIVITY|WAITED)",
    "ZIO_CRYPT_(ON_VALUE|DEFAULT)",
    "ZPOOL_(CONFIG|CREATE|ERR|HIDDEN|HIST|INITIALIZE|LOAD|PREFETCH|REGUID|REWIND|TRIM|VDEV|WAIT)_.*",
    "ZPOOL_(ROOTFS_PROPS|NO_REWIND|NEVER_REWIND|TRY_REWIND|DO_REWIND)",
    "ZPROP_(VALUE|SOURCE|SRC_ALL|SOURCE_VAL_RECVD|N_MORE_ERRORS|HAS_RECVD|BOOLEAN_NA)",
    "ZVOL_(DRIVER|DIR|DEV_NAME|PROP_NAME)",
];

/// What bindgen must not emit: nvpair-sys has it (there is one `nvlist_t`), or
/// it is in a header that the packages do not ship and is declared by hand.
const ELSEWHERE: &[&str] = &[
    "boolean_t",
    "dmu_replay_record",
    "dmu_replay_record_t",
    "nvlist",
    "nvlist_t",
    "nvpair",
    "nvpair_t",
    "uint_t",
    "zfs_cmd",
    "zfs_cmd_t",
];

/// What is in the headers, and declared by hand all the same, because the
/// older headers lack a part of it. `checks` compares.
const BY_HAND: &[&str] = &[
    "zfs_errno_t",
    "zfs_ioc",
    "zfs_ioc_t",
    "zpool_ddt_prune_unit_t",
    "zpool_prefetch_type_t",
];

/// Hides what counts the members of an enumeration (`ZFS_NUM_PROPS` and so
/// on): it grows with each release, and a program that is to run on several
/// must not carry it.
#[derive(Debug)]
struct HideCounters;

impl ParseCallbacks for HideCounters {
    fn enum_variant_behavior(
        &self,
        _enum_name: Option<&str>,
        variant: &str,
        _value: EnumVariantValue,
    ) -> Option<EnumVariantCustomBehavior> {
        const COUNTERS: &[&str] = &[
            "DSS_NUM_STATES",
            "POOL_INITIALIZE_FUNCS",
            "POOL_SCAN_FUNCS",
            "POOL_SCRUB_FLAGS_END",
            "POOL_TRIM_FUNCS",
            "ZFS_KEYFORMAT_FORMATS",
            "ZFS_KEYLOCATION_LOCATIONS",
            "ZIO_CRYPT_FUNCTIONS",
        ];
        let counter = COUNTERS.contains(&variant)
            || variant.contains("_NUM_")
            || variant.ends_with("_NUMTYPES");
        counter.then_some(EnumVariantCustomBehavior::Hide)
    }
}

/// The settings that all runs share: integers instead of Rust enums (a newer
/// module may answer with a value that this build has no name for), no text
/// taken over from the headers, and output that does not depend on the width
/// of anything but C's own types.
fn builder(headers: &Headers) -> Builder {
    let mut builder = bindgen::builder()
        .rust_target(RustTarget::stable(85, 0).expect("1.85 is a stable release"))
        .rust_edition(RustEdition::Edition2024)
        .default_enum_style(EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .generate_cstr(true)
        .layout_tests(false)
        .merge_extern_blocks(true)
        .sort_semantically(true)
        .use_core()
        .wrap_unsafe_ops(true)
        .disable_header_comment()
        .formatter(bindgen::Formatter::None)
        .parse_callbacks(Box::new(HideCounters));
    // The headers of 2.1 use `struct stat64`.
    builder = builder.clang_arg("-D_GNU_SOURCE");
    for dir in &headers.include_paths {
        builder = builder.clang_arg(format!("-I{}", dir.display()));
    }
    if let Some(root) = &headers.sysroot {
        builder = builder.clang_arg(format!("--sysroot={}", root.display()));
    }
    for name in ELSEWHERE {
        builder = builder.blocklist_item(name);
    }
    builder
}

/// Names exactly `names`, as a regular expression for bindgen.
fn exactly(names: &[&str]) -> String {
    names.join("|")
}

/// The bindings to `libzfs_core`.
pub(crate) fn core(headers: &Headers, functions: &[&str]) -> Result<String, bindgen::BindgenError> {
    let mut builder = builder(headers)
        .header_contents("libzfs-sys-core.h", "#include <libzfs_core.h>\n")
        .allowlist_function(exactly(functions))
        .allowlist_type(exactly(TYPES))
        .allowlist_var(exactly(MACROS));
    for name in BY_HAND {
        builder = builder.blocklist_item(name);
    }
    Ok(item_per_line(&builder.generate()?.to_string()))
}

/// The bindings to `libzfs`, without what `core` already has: the text of the
/// checked-in copy, because what newer headers add there belongs to the
/// release, and so to these.
pub(crate) fn libzfs(
    headers: &Headers,
    version: Version,
    core: &str,
) -> Result<String, bindgen::BindgenError> {
    let mut builder = builder(headers)
        .layout_tests(true)
        .header_contents("libzfs-sys-libzfs.h", "#include <libzfs.h>\n")
        .allowlist_file(".*/(libzfs|sys/fs/zfs)\\.h");
    if (version.major, version.minor) >= (2, 2) {
        // The library exports these (the search for pools to import among
        // them) since 2.2.
        builder = builder
            .header_contents("libzfs-sys-libzutil.h", "#include <libzutil.h>\n")
            .allowlist_file(".*/libzutil\\.h");
    }
    for name in BY_HAND.iter().chain(NOT_IN_LIBZFS) {
        builder = builder.blocklist_item(name);
    }
    for name in types(core).into_iter().chain(constants(core)) {
        builder = builder.blocklist_item(name);
    }
    Ok(item_per_line(&builder.generate()?.to_string()))
}

/// What the headers of `libzfs` declare and the library on Linux does not
/// define; and what is C's library's own.
const NOT_IN_LIBZFS: &[&str] = &[
    "FILE",
    "_IO_FILE",
    "for_each_real_leaf_vdev_macro_helper_func",
    "for_each_vdev_cb",
    "for_each_vdev_in_nvlist",
    "for_each_vdev_macro_helper_func",
    "update_vdevs_config_dev_sysfs_path",
    "zfs_deleg_share_nfs",
    "zfs_jail",
    "zfs_prop_get_feature",
    "zpool_nextboot",
];

/// What proves, while the crate is compiled, that the declarations made by
/// hand fit these headers, as far as the headers have them: the signatures of
/// the `optional` functions, and each constant of `by_hand` (pairs of a module
/// of this crate and its text).
pub(crate) fn checks(
    headers: &Headers,
    optional: &[&str],
    by_hand: &[(&str, &str)],
) -> Result<String, bindgen::BindgenError> {
    let text = builder(headers)
        .header_contents("libzfs-sys-checks.h", "#include <libzfs_core.h>\n")
        .allowlist_function(exactly(optional))
        .allowlist_type(exactly(BY_HAND))
        .generate()?;
    let text = item_per_line(&text.to_string());
    let mut checks = format!("mod header {{\nuse super::*;\n{text}}}\n");
    for function in functions(&text) {
        checks += &format!(
            "const _: crate::optional::{} = header::{function};\n",
            camel_case(&function)
        );
    }
    let in_header = constants(&text);
    for (module, source) in by_hand {
        for name in constants(source) {
            if in_header.contains(&name) {
                checks += &format!(
                    "const _: () = assert!(crate::{module}::{name} as i64 == header::{name} as i64);\n"
                );
            }
        }
    }
    Ok(checks)
}

/// `lzc_ddt_prune` as `LzcDdtPrune`.
fn camel_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            [first.to_ascii_uppercase(), rest.to_owned()]
        })
        .collect()
}

/// Breaks bindgen's output, one line as it comes, between items.
fn item_per_line(bindings: &str) -> String {
    ["pub ", "# [", "unsafe extern ", "impl "]
        .iter()
        .fold(bindings.to_owned(), |text, start| {
            text.replace(&format!("; {start}"), &format!(";\n{start}"))
                .replace(&format!("}} {start}"), &format!("}}\n{start}"))
        })
}

/// The names that follow `keyword` in Rust source, formatted or not.
fn names_after(source: &str, keyword: &str) -> Vec<String> {
    source
        .match_indices(keyword)
        .map(|(at, _)| {
            source[at + keyword.len()..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

/// The functions that generated bindings declare (not the methods that bindgen
/// writes for bit fields).
pub(crate) fn functions(bindings: &str) -> Vec<String> {
    bindings
        .split("extern \"C\" {")
        .skip(1)
        .flat_map(|block| names_after(block.split('}').next().unwrap_or_default(), "pub fn "))
        .collect()
}

/// The constants that Rust source defines.
pub(crate) fn constants(source: &str) -> Vec<String> {
    names_after(source, "pub const ")
}

/// The types that generated bindings define, under all their names.
fn types(bindings: &str) -> Vec<String> {
    let mut names = names_after(bindings, "pub type ");
    for (at, _) in bindings.match_indices("pub use self") {
        let statement = bindings[at..].split(';').next().unwrap_or_default();
        names.extend(names_after(statement, " as "));
    }
    names
}
