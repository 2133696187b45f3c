//! Input and output over an interval, from two looks at a pool.

use std::time::Duration;

use super::status::{VdevStats, VdevStatus};
use crate::nvlist::NvList;

/// Input and output of a vdev in the time between two looks at its pool.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let pool = "tank".parse()?;
/// let earlier = zfs.pool_status(&pool)?;
/// std::thread::sleep(Duration::from_secs(5));
/// let now = zfs.pool_status(&pool)?;
/// if let Some(io) = now.root().stats.since(&earlier.root().stats) {
///     println!("{:.0} bytes read per second", io.per_second(io.read_bytes));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct IoStatistics {
    /// The time between the two.
    pub elapsed: Duration,
    /// Reads that were done.
    pub read_operations: u64,
    /// Writes that were done.
    pub write_operations: u64,
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Bytes that were written.
    pub written_bytes: u64,
}

impl VdevStats {
    /// What was read and written since an earlier look at the same vdev; nothing if it cannot be
    /// told, because the pool was imported anew since.
    #[doc(alias = "iostat")]
    pub fn since(&self, earlier: &Self) -> Option<IoStatistics> {
        Some(IoStatistics {
            elapsed: self.uptime.checked_sub(earlier.uptime)?,
            read_operations: self.read_operations.checked_sub(earlier.read_operations)?,
            write_operations: self
                .write_operations
                .checked_sub(earlier.write_operations)?,
            read_bytes: self.read_bytes.checked_sub(earlier.read_bytes)?,
            written_bytes: self.written_bytes.checked_sub(earlier.written_bytes)?,
        })
    }
}

impl IoStatistics {
    /// One of the numbers by the second.
    pub fn per_second(&self, number: u64) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds == 0.0 {
            return 0.0;
        }
        #[allow(
            clippy::cast_precision_loss,
            reason = "a rate is none of more than 52 bits"
        )]
        let number = number as f64;
        number / seconds
    }
}

/// Which time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Latency {
    /// Of reads, from when they were asked for: in the queue and at the device.
    TotalRead,
    /// Of writes, from when they were asked for.
    TotalWrite,
    /// Of reads, at the device alone.
    DeviceRead,
    /// Of writes, at the device alone.
    DeviceWrite,
}

impl Latency {
    fn name(self) -> &'static str {
        match self {
            Self::TotalRead => "vdev_tot_r_lat_histo",
            Self::TotalWrite => "vdev_tot_w_lat_histo",
            Self::DeviceRead => "vdev_disk_r_lat_histo",
            Self::DeviceWrite => "vdev_disk_w_lat_histo",
        }
    }
}

/// The histograms of a vdev, as the kernel has them.
#[derive(Debug, Clone, Default)]
pub(super) struct Histograms(pub(super) NvList);

impl VdevStatus {
    /// How many reads or writes took how long, since the pool was imported: counts of times from
    /// 1 ns, 2 ns, 4 ns and so on. Two looks at a pool give those of the time between, by
    /// [`LatencyHistogram::since`].
    pub fn latency(&self, of: Latency) -> Option<LatencyHistogram> {
        let counts = self.histograms.0.get_u64_array(of.name())?;
        Some(LatencyHistogram(counts.to_vec()))
    }
}

/// How often something took how long; see [`VdevStatus::latency`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyHistogram(Vec<u64>);

impl LatencyHistogram {
    /// The shortest time that counts for each, and how many there were.
    pub fn counts(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let shortest = |power: usize| {
            let nanos = u32::try_from(power)
                .ok()
                .and_then(|power| 1_u64.checked_shl(power));
            Duration::from_nanos(nanos.unwrap_or(u64::MAX))
        };
        let counts = self.0.iter().enumerate();
        counts.map(move |(power, &count)| (shortest(power), count))
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Those since an earlier look; nothing if the pool was imported anew since.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let pairs = self.0.iter().zip(&earlier.0);
        pairs
            .map(|(now, then)| now.checked_sub(*then))
            .collect::<Option<_>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_what_was_done_by_the_time_between() {
        let at = |seconds, read_bytes| VdevStats {
            uptime: Duration::from_secs(seconds),
            read_bytes,
            ..VdevStats::default()
        };
        let (earlier, later) = (at(10, 1000), at(12, 5000));
        let io = later.since(&earlier).unwrap();
        assert_eq!(io.elapsed, Duration::from_secs(2));
        assert!((io.per_second(io.read_bytes) - 2000.0).abs() < 1e-9);
        assert_eq!(earlier.since(&later), None);
        assert!(later.since(&later).unwrap().per_second(7).abs() < 1e-9);
    }

    #[test]
    fn latencies_double() {
        let histogram = LatencyHistogram(vec![0, 3, 4]);
        let counts: Vec<_> = histogram.counts().collect();
        assert_eq!(counts[2], (Duration::from_nanos(4), 4));
        assert_eq!(histogram.total(), 7);
        let earlier = LatencyHistogram(vec![0, 1, 4]);
        assert_eq!(histogram.since(&earlier).unwrap().total(), 2);
        assert_eq!(earlier.since(&histogram), None);
    }
}
