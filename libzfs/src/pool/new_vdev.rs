//! A vdev to be: of what devices it is made, and why it may not be made so.

use std::path::{Path, PathBuf};

/// A vdev to be: a device, or several with redundancy.
///
/// A device is a block device or a file, by its path. One without `/` in front is taken from the
/// current directory. A disk is used as it is: nothing is partitioned
/// ([`CreatePool`](crate::CreatePool) has more of it).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NewVdev {
    pub(super) kind: Kind,
    pub(super) devices: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Single,
    Mirror,
    Raidz(u8),
    Draid {
        parity: u8,
        data: Option<usize>,
        spares: usize,
    },
}

impl NewVdev {
    /// A device by itself. What is on it is lost with it.
    pub fn single(device: impl Into<PathBuf>) -> Self {
        Self::new(Kind::Single, [device])
    }

    /// Devices that each have all data, two or more.
    pub fn mirror<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Mirror, devices)
    }

    /// Devices of which any one may be lost, two or more.
    pub fn raidz1<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Raidz(1), devices)
    }

    /// Devices of which any two may be lost, three or more.
    pub fn raidz2<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Raidz(2), devices)
    }

    /// Devices of which any three may be lost, four or more.
    pub fn raidz3<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Raidz(3), devices)
    }

    fn new<P: Into<PathBuf>>(kind: Kind, devices: impl IntoIterator<Item = P>) -> Self {
        Self {
            kind,
            devices: devices.into_iter().map(Into::into).collect(),
        }
    }

    /// How many devices may be lost without loss of data.
    fn tolerates(&self) -> usize {
        match self.kind {
            Kind::Single => 0,
            Kind::Mirror => self.devices.len().saturating_sub(1),
            Kind::Raidz(parity) | Kind::Draid { parity, .. } => parity.into(),
        }
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let alike = if self.kind.name() == other.kind.name() {
            self.devices.len() == other.devices.len()
        } else {
            // A mirror is as good as a RAID-Z that survives as much.
            self.kind != Kind::Single && other.kind != Kind::Single
        };
        alike && self.tolerates() == other.tolerates()
    }

    /// Why it cannot be, if so.
    pub(super) fn flaw(&self, role: Role) -> Option<String> {
        let least = match self.kind {
            Kind::Single => 1,
            Kind::Mirror => 2,
            Kind::Raidz(parity) | Kind::Draid { parity, .. } => usize::from(parity) + 1,
        };
        let (kind, count) = (self.kind.name(), self.devices.len());
        if count < least {
            return Some(format!("a {kind} has {least} devices or more, not {count}"));
        }
        if !self.kind.has_parity() {
            return None;
        }
        if count > 255 {
            return Some(format!("a {kind} has 255 devices or less, not {count}"));
        }
        if role == Role::Log {
            return Some("a log is a device or a mirror".to_owned());
        }
        match self.kind {
            Kind::Draid {
                parity,
                data,
                spares,
            } => DraidShape::new(parity, data, spares, count).err(),
            _ => None,
        }
    }

    /// How it is named beside another that it is not like.
    pub(super) fn describe(&self) -> String {
        match self.kind {
            Kind::Single => "single device".to_owned(),
            Kind::Mirror => format!("mirror of {}", self.devices.len()),
            Kind::Raidz(parity) | Kind::Draid { parity, .. } => {
                let kind = self.kind.name();
                format!("{kind}{parity} of {}", self.devices.len())
            }
        }
    }

    /// The path, of a device by itself.
    pub(super) fn path(&self) -> Option<&Path> {
        match (self.kind, &self.devices[..]) {
            (Kind::Single, [path]) => Some(path),
            _ => None,
        }
    }

    /// Whether it has to have the feature `draid`.
    pub(super) fn is_draid(&self) -> bool {
        matches!(self.kind, Kind::Draid { .. })
    }
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Single => "device",
            Self::Mirror => "mirror",
            Self::Raidz(_) => "raidz",
            Self::Draid { .. } => "draid",
        }
    }

    fn has_parity(self) -> bool {
        matches!(self, Self::Raidz(_) | Self::Draid { .. })
    }
}

/// A dRAID to be: devices of which one, two or three may be lost, and which have spare space among
/// them, so that what was lost is soon there again. It becomes a [`NewVdev`]. Of each device it takes
/// more than the 64 MiB that others need.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::NewDraid;
///
/// let disks = (0..24).map(|number| format!("/dev/disk/by-vdev/bay{number}"));
/// let draid = NewDraid::draid2(disks).data(8).spares(2);
/// zfs.create_pool(&"tank".parse()?).vdev(draid).run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "it is to become a vdev"]
pub struct NewDraid {
    devices: Vec<PathBuf>,
    parity: u8,
    data: Option<usize>,
    spares: usize,
}

impl NewDraid {
    /// Devices of which any one may be lost, two or more.
    pub fn draid1<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(1, devices)
    }

    /// Devices of which any two may be lost, three or more.
    pub fn draid2<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(2, devices)
    }

    /// Devices of which any three may be lost, four or more.
    pub fn draid3<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(3, devices)
    }

    fn new<P: Into<PathBuf>>(parity: u8, devices: impl IntoIterator<Item = P>) -> Self {
        Self {
            devices: devices.into_iter().map(Into::into).collect(),
            parity,
            data: None,
            spares: 0,
        }
    }

    /// On how many devices the data of one group are, beside its parity; otherwise on 8, or on as
    /// many as there are.
    pub fn data(mut self, devices: usize) -> Self {
        self.data = Some(devices);
        self
    }

    /// The spare space that is spread over the devices: that of so many, at most 100; otherwise
    /// none. It is shown as spares of names such as `draid2-0-0`, which
    /// [`replace_device`](crate::Zfs::replace_device) takes as the path of the new device.
    pub fn spares(mut self, devices: usize) -> Self {
        self.spares = devices;
        self
    }
}

impl From<NewDraid> for NewVdev {
    fn from(new: NewDraid) -> Self {
        Self {
            kind: Kind::Draid {
                parity: new.parity,
                data: new.data,
                spares: new.spares,
            },
            devices: new.devices,
        }
    }
}

/// How a dRAID is divided. The kernel computes with what it is given, so that it is right before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DraidShape {
    /// Devices that have data, in one group.
    pub(super) data: usize,
    /// Groups until they begin at the first device again.
    pub(super) groups: usize,
}

impl DraidShape {
    pub(super) fn new(
        parity: u8,
        data: Option<usize>,
        spares: usize,
        devices: usize,
    ) -> Result<Self, String> {
        let parity = usize::from(parity);
        if spares > 100 {
            return Err(format!("a draid has 100 spares or less, not {spares}"));
        }
        let filled = devices.saturating_sub(spares);
        let most = filled.saturating_sub(parity);
        let data = data.unwrap_or(most.min(8));
        if data == 0 || data > most {
            return Err(format!(
                "a draid{parity} of {devices} devices with {spares} spares has 1 to {most} for \
                 data, not {data}"
            ));
        }
        let width = data + parity;
        let mut groups = 1;
        while groups * width % filled != 0 {
            groups += 1;
        }
        Ok(Self { data, groups })
    }
}

impl<P: Into<PathBuf>> From<P> for NewVdev {
    fn from(device: P) -> Self {
        Self::single(device)
    }
}

/// What a vdev is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Data,
    Special,
    Dedup,
    Log,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vdevs_that_survive_the_same_are_alike() {
        let mirror = |n: usize| NewVdev::mirror((0..n).map(|i| format!("{i}")));
        let raidz2 = |n: usize| NewVdev::raidz2((0..n).map(|i| format!("{i}")));
        let single = || NewVdev::single("0");
        assert!(mirror(2).is_like(&mirror(2)) && single().is_like(&single()));
        assert!(!mirror(2).is_like(&mirror(3)) && !single().is_like(&mirror(2)));
        assert!(mirror(3).is_like(&raidz2(5)) && raidz2(5).is_like(&mirror(3)));
        assert!(!mirror(2).is_like(&raidz2(5)) && !raidz2(4).is_like(&raidz2(5)));
        assert!(!raidz2(4).is_like(&NewVdev::raidz1(["a", "b", "c", "d"])));
        let draid2 = |n: usize| NewVdev::from(NewDraid::draid2((0..n).map(|i| format!("{i}"))));
        assert!(draid2(6).is_like(&raidz2(5)) && mirror(3).is_like(&draid2(6)));
        assert!(draid2(6).is_like(&draid2(6)) && !draid2(6).is_like(&draid2(7)));
        assert!(!draid2(6).is_like(&single()) && !draid2(6).is_like(&mirror(2)));
    }

    #[test]
    fn a_draid_is_divided_as_zpool_divides_it() {
        let shape = |parity, data, spares, devices| {
            let shape = DraidShape::new(parity, data, spares, devices);
            shape.map(|shape| (shape.data, shape.groups))
        };
        assert_eq!(shape(1, None, 0, 4), Ok((3, 1)));
        assert_eq!(shape(1, Some(2), 1, 4), Ok((2, 1)));
        assert_eq!(shape(2, Some(8), 2, 24), Ok((8, 11)));
        assert_eq!(shape(2, None, 1, 52), Ok((8, 51)));
        assert_eq!(shape(1, None, 0, 255), Ok((8, 85)));
        for (data, spares, devices) in [
            (Some(0), 0, 4),
            (Some(4), 0, 4),
            (Some(usize::MAX), 0, 4),
            (None, 3, 4),
            (None, 4, 4),
            (Some(1), usize::MAX, 4),
            (None, 101, 255),
        ] {
            let shape = shape(1, data, spares, devices);
            assert!(shape.is_err(), "{data:?} {spares} {devices}: {shape:?}");
        }
    }

    #[test]
    fn a_vdev_has_as_many_devices_as_its_kind_needs() {
        let flawed = |vdev: NewVdev| vdev.flaw(Role::Data).is_some();
        assert!(flawed(NewVdev::mirror([""; 1])) && !flawed(NewVdev::mirror([""; 2])));
        assert!(flawed(NewVdev::raidz3([""; 3])) && !flawed(NewVdev::raidz3([""; 4])));
        assert!(flawed(NewVdev::raidz1([""; 0])) && flawed(NewVdev::raidz1([""; 256])));
        assert!(NewVdev::raidz1([""; 2]).flaw(Role::Log).is_some());
        assert!(NewVdev::mirror([""; 2]).flaw(Role::Log).is_none());
    }
}
