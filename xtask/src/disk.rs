//! Disks for guests: ext4 images, made without mounting anything.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// Makes an image of `size` that contains what is in `directory`.
pub(crate) fn make(directory: &Path, image: &Path, size: &str) -> Result<()> {
    let mke2fs = process::find("mke2fs").context("there is no mke2fs")?;
    process::output(
        Command::new(mke2fs)
            .args(["-q", "-F", "-t", "ext4", "-m", "0"])
            // Nothing in it outlives a guest: no journal, no checksums, nothing
            // written before it is needed.
            .args(["-O", "^has_journal,^metadata_csum"])
            .args(["-E", "root_owner=0:0,lazy_itable_init=1,nodiscard"])
            .arg("-d")
            .args([directory.as_os_str(), image.as_os_str(), OsStr::new(size)]),
    )?;
    Ok(())
}
