//! Whether a stream would change the key by which a copy is unlocked.

use super::{Planned, Planner};
use crate::name::DatasetName;
use crate::replicate::{Base, DatasetState, Obstacle};

impl Planner<'_> {
    /// A raw incremental stream brings the key that the source has, wrapped as it is there. The copy
    /// has another name than this by now if it was renamed.
    pub(super) fn check_key(
        &mut self,
        dataset: &DatasetState,
        copy: &DatasetState,
        name: &DatasetName,
    ) -> Planned<()> {
        let destination = name.clone();
        let (Some(here), Some(there)) = (&dataset.encryption, &copy.encryption) else {
            return Err(Obstacle::KeyDiffers { destination });
        };
        // The stream's key would not be one that the root outside has wrapped.
        if !there.root.is_within(self.destination_top) {
            let root = there.root.clone();
            return Err(Obstacle::KeyElsewhere { destination, root });
        }
        if here.key == there.key {
            return Ok(());
        }
        if there.last_key == Some(there.key) {
            self.find(&dataset.name, Obstacle::SourceKeyChanged);
            return Ok(());
        }
        // A clone has its key in common with its origin; what else has its key from another dataset
        // could not be unlocked with that any more.
        let is_its_own = there.root == copy.name || copy.origin.is_some();
        if self.request.allow_key_changes && is_its_own {
            self.find(&dataset.name, Obstacle::KeyReplaced { destination });
            return Ok(());
        }
        Err(Obstacle::KeyDiffers { destination })
    }

    /// A clone shares its key with its origin, also where it is received: the first stream of the one
    /// changes that of the other.
    pub(super) fn check_key_of_origin(
        &mut self,
        dataset: &DatasetState,
        base: Option<&Base>,
    ) -> Planned<()> {
        let origin = match base {
            Some(Base::Snapshot {
                guid,
                origin: Some(origin),
                ..
            }) => self
                .copies
                .values()
                .find(|copy| copy.has_snapshot(*guid).is_some())
                .map(|copy| (*copy, origin)),
            _ => None,
        };
        match origin {
            Some((copy, origin)) => self.check_key(dataset, copy, origin.dataset()),
            None => Ok(()),
        }
    }
}
