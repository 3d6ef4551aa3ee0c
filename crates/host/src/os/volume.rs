//! Whole volumes: one `syncfs` instead of a sync of each file.
//!
//! The kernel notes a failed write-back with the file, and with its volume. A folder that stays open hears of those on the
//! volume that came after it was opened, as a file's handle hears of the file's: from Linux 5.8 on, and on file systems
//! whose files and volume are the same to the kernel. Elsewhere (overlays, networks) nobody would hear of them.

use crate::Volume;
use std::fs::File;
use std::io;
use std::path::Path;

/// A folder on the volume. Kept open: see above.
#[derive(Debug)]
struct OsVolume(File);

impl Volume for OsVolume {
    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.0)?)
    }
}

/// ext4 (and 2, 3), XFS, Btrfs; tmpfs writes nothing back.
const TELL_FAILURES: [u64; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994];

/// See `Disk::volume`.
pub(super) fn open(path: &Path) -> io::Result<Option<Box<dyn Volume>>> {
    let folder = File::open(path)?;
    let kind = u64::try_from(rustix::fs::fstatfs(&folder)?.f_type).unwrap_or(0);
    // Without /proc nobody says which kernel it is.
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let tells = TELL_FAILURES.contains(&kind) && tells_of_volumes(&release);
    Ok(tells.then(|| Box::new(OsVolume(folder)) as _))
}

/// Whether the kernel of this release tells `syncfs` of failed write-backs: from 5.8 on.
fn tells_of_volumes(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next()?.parse::<u32>().ok();
    let (Some(major), Some(minor)) = (next(), next()) else {
        return false;
    };
    (major, minor) >= (5, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_that_keep_failures_to_themselves_are_known() {
        for old in ["", "5.4.0-187-generic", "5.7.19", "4.19", "x.y"] {
            assert!(!tells_of_volumes(old), "{old}");
        }
        for new in ["5.8.0", "5.15.0-1-amd64", "6.1", "10.0.1"] {
            assert!(tells_of_volumes(new), "{new}");
        }
    }

    #[test]
    fn a_volume_is_synced_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        if let Some(volume) = open(folder.path()).unwrap() {
            volume.sync().unwrap();
        }
        assert!(open(&folder.path().join("absent")).is_err());
    }
}
