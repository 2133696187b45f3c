//! A pool that is full.

use std::fs::File;
use std::io::{self, Write};

use super::Pool;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name::DatasetName;

impl Pool {
    /// Writes to a new file in a file system until nothing more fits, by its quota or because the
    /// pool is full. The file is `filling`; what is in it cannot be compressed.
    ///
    /// Small pools are full sooner: see [`PoolBuilder::size`](super::PoolBuilder::size).
    ///
    /// # Errors
    ///
    /// As for [`mount`](Self::mount); [`ErrorKind::Io`].
    pub fn fill(&self, dataset: &DatasetName) -> Result<()> {
        let mount = self.mount(dataset)?;
        let failed = |error| Error::from_io(Operation::Fill, dataset.as_str(), error);
        let full = fill(&mount.path().join("filling")).map_err(failed);
        mount.unmount()?;
        match full {
            Err(error) if matches!(error.kind(), ErrorKind::NoSpace | ErrorKind::QuotaExceeded) => {
                Ok(())
            }
            result => result,
        }
    }
}

/// Ends with the error that says that nothing more fits.
fn fill(path: &std::path::Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut noise = vec![0; 1 << 20];
    loop {
        getrandom::fill(&mut noise).map_err(|error| io::Error::other(error.to_string()))?;
        file.write_all(&noise)?;
        // What does not fit is found when it is written to the devices.
        file.sync_data()?;
    }
}
