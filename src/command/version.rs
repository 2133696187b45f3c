//! `zvault version`

use serde_json::json;

use crate::exit::{Exit, Outcome};
use crate::output::Output;

pub(super) fn run(output: &Output) -> Outcome {
    let userland = libzfs::userland_library();
    let release = userland
        .version
        .as_ref()
        .map(|version| version.trim_start_matches("zfs-").to_owned());
    let module = libzfs::kernel_version();
    if output.is_json() {
        let version = json!({
            "zvault": env!("CARGO_PKG_VERSION"),
            "libzfs_core": { "release": release, "path": userland.path },
            "kernel_module": module.ok(),
        });
        output.json(&version)?;
        return Ok(Exit::Done);
    }
    output.line(concat!("zvault         ", env!("CARGO_PKG_VERSION")))?;
    let release = release
        .unwrap_or_else(|| "release not known: libzfs, which knows it, is not installed".into());
    output.line(match userland.path {
        Some(path) => format!("libzfs_core    {release} ({})", path.display()),
        None => format!("libzfs_core    {release}"),
    })?;
    output.line(match module {
        Ok(version) => format!("kernel module  {version}"),
        Err(error) => format!("kernel module  missing: {error}"),
    })?;
    Ok(Exit::Done)
}
