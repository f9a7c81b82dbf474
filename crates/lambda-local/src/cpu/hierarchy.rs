//! The place of this machine's control groups for CPU.

use std::path::PathBuf;

/// The two interfaces that Linux has, which differ in their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

/// The folder under which a group for this process's children may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) version: Version,
    pub(super) path: PathBuf,
}

/// The parent for new groups on this machine.
///
/// # Errors
///
/// A sentence that says what is missing.
#[cfg(target_os = "linux")]
pub(super) fn find() -> Result<Parent, String> {
    let process = procfs::process::Process::myself().map_err(|error| error.to_string())?;
    let mounts = process.mountinfo().map_err(|error| error.to_string())?;
    let groups = process.cgroups().map_err(|error| error.to_string())?;
    parent(&mounts.0, &groups.0)
        .ok_or_else(|| "This machine has no control group for CPU.".to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn find() -> Result<Parent, String> {
    Err("Only Linux has control groups.".to_owned())
}

/// A machine may have both versions mounted. Version 1 has the CPU where it is mounted for it.
#[cfg(target_os = "linux")]
fn parent(
    mounts: &[procfs::process::MountInfo],
    groups: &[procfs::ProcessCGroup],
) -> Option<Parent> {
    let first = mounts
        .iter()
        .find(|mount| mount.fs_type == "cgroup" && mount.super_options.contains_key("cpu"))
        .map(|mount| (Version::V1, mount));
    let (version, mount) = first.or_else(|| {
        let second = mounts.iter().find(|mount| mount.fs_type == "cgroup2");
        second.map(|mount| (Version::V2, mount))
    })?;
    // A group with processes of its own can have no children with a limit in version 2, so there they are made at the top.
    let path = match version {
        Version::V1 => {
            let own = groups
                .iter()
                .find(|group| group.controllers.iter().any(|name| name == "cpu"))?;
            let own = own.pathname.as_str();
            let below = own.strip_prefix(mount.root.as_str()).unwrap_or(own);
            mount.mount_point.join(below.trim_start_matches('/'))
        }
        Version::V2 => mount.mount_point.clone(),
    };
    Some(Parent { version, path })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use procfs::{
        FromBufRead, ProcessCGroups,
        process::{MountInfo, MountInfos},
    };

    use super::*;

    fn found(mounts: &str, groups: &str) -> Option<Parent> {
        let mounts = mounts
            .lines()
            .map(|line| MountInfo::from_line(line).unwrap());
        let mounts = MountInfos(mounts.collect());
        let groups = ProcessCGroups::from_buf_read(groups.as_bytes()).unwrap();
        parent(&mounts.0, &groups.0)
    }

    const FIRST: &str =
        "31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct";
    const SECOND: &str = "30 24 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate";

    #[test]
    fn with_the_first_version_a_group_is_made_below_ones_own() {
        let parent = found(FIRST, "4:cpu,cpuacct:/user.slice\n0::/user.slice\n").unwrap();
        assert_eq!(parent.version, Version::V1);
        assert_eq!(
            parent.path.to_str(),
            Some("/sys/fs/cgroup/cpu,cpuacct/user.slice")
        );
    }

    #[test]
    fn in_a_container_of_the_first_version_the_mount_shows_only_the_containers_own() {
        let mount = FIRST.replace(" / /sys", " /docker/1f2e /sys");
        let parent = found(&mount, "4:cpu,cpuacct:/docker/1f2e\n").unwrap();
        assert_eq!(parent.path.to_str(), Some("/sys/fs/cgroup/cpu,cpuacct/"));
    }

    #[test]
    fn with_the_second_version_a_group_is_made_at_the_top() {
        let parent = found(SECOND, "0::/user.slice/session-1.scope\n").unwrap();
        assert_eq!(
            parent,
            Parent {
                version: Version::V2,
                path: "/sys/fs/cgroup".into()
            }
        );
    }

    #[test]
    fn where_both_are_mounted_the_cpu_is_the_first_ones() {
        let both = format!(
            "{}\n{FIRST}",
            SECOND.replace("/sys/fs/cgroup rw", "/sys/fs/cgroup/unified rw")
        );
        let parent = found(&both, "4:cpu,cpuacct:/\n0::/\n").unwrap();
        assert_eq!(parent.version, Version::V1);
    }

    #[test]
    fn a_machine_without_control_groups_has_no_parent() {
        assert_eq!(found("25 1 0:22 / /proc rw - proc proc rw", ""), None);
    }
}
