//! Who has whose key.

use super::{Aligner, ChangeKind};
use crate::error::Result;
use crate::handle::Zfs;
use crate::package::local::{LocalDataset, existing};

impl Aligner<'_> {
    /// Makes datasets encryption roots, or has them inherit their keys.
    pub(in crate::package) fn align_encryption_roots(&mut self) -> Result<()> {
        for local in existing(&self.request.zfs, self.top)? {
            let name = local.name();
            // A clone has its origin's key, and goes with that.
            if !local.dataset.encryption()?.is_on() || local.origin.is_some() {
                continue;
            }
            let Some(entry) = self.catalog.counterpart(&local) else {
                continue;
            };
            let was_root = entry.packaged.is_encryption_root;
            let is_root = local.dataset.encryption_root()?.as_ref() == Some(name);
            if was_root && !is_root {
                self.change(ChangeKind::MadeEncryptionRoot(name.clone()), |this| {
                    this.request.zfs.force_encryption_root_without_rewrap(name)
                });
            } else if !was_root
                && is_root
                && name != self.top
                && has_the_parameters_of_its_parent(&self.request.zfs, &local)?
            {
                self.change(ChangeKind::InheritedKey(name.clone()), |this| {
                    this.request.zfs.force_inherit_key_without_rewrap(name)
                });
            }
        }
        Ok(())
    }
}

/// Whether the key of a dataset can be that of its parent: what it is made from, and how, is the same
/// then.
fn has_the_parameters_of_its_parent(zfs: &Zfs, local: &LocalDataset) -> Result<bool> {
    let Some(parent) = local.name().parent() else {
        return Ok(false);
    };
    let parent = zfs.dataset(&parent)?;
    let parameters = |dataset: &crate::Dataset| -> Result<_> {
        Ok((
            dataset.key_format()?,
            dataset
                .get(&crate::property::PBKDF2_SALT)?
                .map(|salt| salt.value),
            dataset
                .get(&crate::property::PBKDF2_ITERS)?
                .map(|iters| iters.value),
        ))
    };
    Ok(parent.encryption()?.is_on() && parameters(&parent)? == parameters(&local.dataset)?)
}
