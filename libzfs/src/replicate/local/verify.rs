//! Whether a copy is what its policy promises.

use super::verified::{Verified, now};
use super::{look, wrapped};
use crate::dataset::Dataset;
use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};
use crate::property::{self, CanMount, KeyStatus};
use crate::replicate::{Error, Marks, Order, Policy, Proof, Result};

pub(super) fn verify(zfs: &Zfs, marks: &Marks, order: &Order) -> Result<Proof> {
    let name = order.snapshot.dataset();
    let broken = |what: String| Error::Broken {
        dataset: name.clone(),
        what,
    };
    let snapshot = match zfs.snapshot(&order.snapshot) {
        Err(error) if error.kind() == ErrorKind::SnapshotNotFound => {
            return Err(broken(format!("{} is missing", order.snapshot)));
        }
        snapshot => snapshot?,
    };
    let guid = snapshot.guid()?;
    if guid != order.guid {
        let expected = order.guid;
        return Err(broken(format!(
            "{} has the GUID {guid:016x}, and not {expected:016x}",
            order.snapshot
        )));
    }
    let copy = zfs.dataset(name)?;
    let proof = prove(zfs, &copy, &order.snapshot, guid)?;
    keeps_promise(&copy, &proof, order.policy).map_err(broken)?;
    let verified = Verified {
        guid,
        create_txg: snapshot.create_txg()?,
        time: now(),
        key: look::key(copy.properties())?,
        wrapped: wrapped::of_snapshot(zfs, &order.snapshot)?,
        before: Vec::new(),
    };
    let old = Verified::of(&copy, marks);
    verified.remember(zfs, name, marks, old)?;
    Ok(proof)
}

fn prove(zfs: &Zfs, copy: &Dataset, snapshot: &SnapshotName, guid: u64) -> Result<Proof> {
    let name = copy.name();
    let broken = |what: &str| Error::Broken {
        dataset: name.clone(),
        what: what.into(),
    };
    let suite = copy.encryption()?;
    if !suite.is_on() {
        return Err(broken("it is not encrypted"));
    }
    let Some(root) = copy.encryption_root()? else {
        return Err(broken("it has no encryption root"));
    };
    if !has_place_for_root(copy, &root)? {
        return Err(broken(&format!("its key is that of {root}")));
    }
    Ok(Proof {
        snapshot: snapshot.clone(),
        guid,
        suite: suite.to_string(),
        encryption_root: root,
        key_available: copy.key_status()? == KeyStatus::Available,
        mounted: !zfs.mount_points_of(name)?.is_empty(),
    })
}

/// A copy has its own key, or that of a dataset above, where it was made so; a clone has that of what
/// it is a clone of.
fn has_place_for_root(copy: &Dataset, root: &DatasetName) -> Result<bool> {
    let is_clone = copy.get(&property::ORIGIN)?.is_some();
    Ok(is_clone || copy.name().is_within(root))
}

fn keeps_promise(copy: &Dataset, proof: &Proof, policy: Policy) -> Result<(), String> {
    let read_only = copy.get(&property::READONLY);
    if !matches!(read_only, Ok(Some(read_only)) if read_only.value) {
        return Err("it is not read-only".into());
    }
    // A volume cannot be mounted.
    let can_mount = copy.get(&property::CANMOUNT);
    let can_mount = can_mount.map_err(|error| error.to_string())?;
    match (policy, can_mount.map(|property| property.value)) {
        (Policy::Vault, Some(CanMount::On | CanMount::NoAuto)) => {
            return Err("it could be mounted: canmount is not off".into());
        }
        (Policy::WarmStandby, Some(CanMount::On)) => {
            return Err("it would be mounted by itself: canmount is on".into());
        }
        _ => {}
    }
    if policy == Policy::Vault && proof.key_available {
        return Err("its key is loaded".into());
    }
    if policy == Policy::Vault && proof.mounted {
        return Err("it is mounted".into());
    }
    Ok(())
}
