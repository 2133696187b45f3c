//! `cargo xtask guests`: making all that is cached at once, listing, cleaning.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;

use anyhow::{Result, anyhow};

use crate::cache::Cache;
use crate::qemu::Qemu;
use crate::recipe::Recipe;
use crate::release::Release;
use crate::tree::{self, Guest};

/// Makes what is missing, guests side by side: much of the making of one is
/// waiting, for a mirror or for a single processor.
pub(crate) fn make(cache: &Cache, releases: &[Release]) -> Result<()> {
    Qemu::get(cache)?;
    tree::sysroot(cache, Release::OLDEST)?;
    thread::scope(|scope| {
        let makers: Vec<_> = releases
            .iter()
            .map(|&release| scope.spawn(move || Guest::get(cache, release)))
            .collect();
        let mut result = Ok(());
        for maker in makers {
            match maker.join() {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => result = Err(error),
                Err(_) => result = Err(anyhow!("making a guest panicked")),
            }
        }
        result
    })
}

/// The entries that a present recipe makes.
fn current() -> BTreeSet<String> {
    let mut names = BTreeSet::from(
        [
            Recipe::openssh(),
            Recipe::qemu(),
            Recipe::rust(),
            Recipe::valgrind(),
        ]
        .map(|recipe| recipe.name()),
    );
    for release in Release::ALL {
        names.insert(Recipe::guest(release).name());
        names.insert(Recipe::sysroot(release).name());
        names.insert(Recipe::zstream(release).name());
    }
    names
}

/// Lists what is cached, with its size and whether it is of any use still.
pub(crate) fn list(cache: &Cache) -> Result<()> {
    let mut list = format!("{}\n", cache.root().display());
    let current = current();
    let entries = cache.entries()?;
    for name in &entries {
        let megabytes = room(&cache.root().join(name)) >> 20;
        let note = if current.contains(name) {
            ""
        } else {
            "  (no longer used)"
        };
        let _ = writeln!(list, "{megabytes:>8} MiB  {name}{note}");
    }
    for name in current.iter().filter(|name| !entries.contains(name)) {
        let _ = writeln!(list, "{:>12}  {name}  (made when it is needed)", "-");
    }
    std::io::stdout().write_all(list.as_bytes())?;
    Ok(())
}

/// Removes what no present recipe makes.
pub(crate) fn clean(cache: &Cache) -> Result<()> {
    let current = current();
    for name in cache.entries()? {
        if !current.contains(&name) {
            cache.remove(&name)?;
            println!("removed {name}");
        }
    }
    Ok(())
}

/// The room that a directory takes on its disk, which for an image is less than
/// its size.
fn room(path: &Path) -> u64 {
    let Ok(meta) = path.symlink_metadata() else {
        return 0;
    };
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
    meta.blocks() * 512
        + if meta.is_dir() {
            inside.map(|entry| room(&entry.path())).sum()
        } else {
            0
        }
}
