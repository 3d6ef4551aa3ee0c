//! How much memory there is for this process: the machine's, or less if its control group says so.

use std::fs::read_to_string;
use std::path::Path;

/// See `Disk::memory_bytes`.
pub(super) fn limit_bytes() -> Option<u64> {
    let machine = read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total(&text));
    let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = group_files(&groups)
        .into_iter()
        .filter_map(|file| read_to_string(file).ok());
    limits
        .filter_map(|text| text.trim().parse().ok())
        .chain(machine)
        .min()
}

/// Of `/proc/meminfo`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Where limits may stand that hold for a process with this `/proc/self/cgroup`: those of its group, and of all above it. In
/// a container the group's own folder is the root of what can be seen.
fn group_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(kind), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = if kind.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if kind.split(',').any(|one| one == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        let folders = Path::new(path).ancestors().filter_map(Path::to_str);
        let folders = folders.map(|folder| folder.trim_matches('/'));
        files.extend(folders.map(|folder| match folder {
            "" => format!("{root}/{file}"),
            folder => format!("{root}/{folder}/{file}"),
        }));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_how_much_it_has() {
        let meminfo = "MemFree: 1 kB\nMemTotal:       24643812 kB\nMemAvailable: 2 kB\n";
        assert_eq!(total(meminfo), Some(24_643_812 << 10));
        for bad in [
            "",
            "MemTotal:",
            "MemTotal: x kB",
            "MemTotal: 5 MB",
            "MemTotal: 99999999999999999999 kB",
        ] {
            assert_eq!(total(bad), None, "{bad}");
        }
        assert!(limit_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }

    #[test]
    fn limits_of_the_group_and_of_those_above_are_looked_for() {
        assert_eq!(
            group_files("0::/a.slice/b\n"),
            [
                "/sys/fs/cgroup/a.slice/b/memory.max",
                "/sys/fs/cgroup/a.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(
            group_files("12:cpu,cpuacct:/x\n5:memory:/y\n1:name=systemd:/z\nnonsense\n"),
            [
                "/sys/fs/cgroup/memory/y/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes"
            ]
        );
    }
}
