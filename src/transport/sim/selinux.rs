//! SELinux labels: what the policy has for a path.
//!
//! A node without a label of its own has the policy's. That makes the usual case free, and a label
//! that differs, such as one that a file brought along when it was moved, stands out.

use super::files::{Name, within};
use super::machine::Machine;

/// Whether SELinux is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selinux {
    /// As `getenforce` says it.
    Enforcing,
    /// As `getenforce` says it.
    Permissive,
    /// There are no labels.
    Disabled,
}

impl Selinux {
    /// Whether files have labels.
    pub fn is_on(self) -> bool {
        self != Self::Disabled
    }
}

/// Directories and the type of what lies below them, the inner ones after the outer ones.
const TYPES: &[(&str, &str)] = &[
    ("/", "default_t"),
    ("/boot", "boot_t"),
    ("/dev", "device_t"),
    ("/etc", "etc_t"),
    ("/etc/pki", "cert_t"),
    ("/etc/systemd/system", "systemd_unit_file_t"),
    ("/etc/yum.repos.d", "system_conf_t"),
    ("/home", "user_home_t"),
    ("/mnt", "mnt_t"),
    ("/opt", "usr_t"),
    ("/proc", "proc_t"),
    ("/root", "admin_home_t"),
    ("/run", "var_run_t"),
    ("/run/systemd/system", "systemd_unit_file_t"),
    ("/srv", "var_t"),
    ("/sys", "sysfs_t"),
    ("/tmp", "tmp_t"),
    ("/usr", "usr_t"),
    ("/usr/bin", "bin_t"),
    ("/usr/lib", "lib_t"),
    ("/usr/lib/systemd/system", "systemd_unit_file_t"),
    ("/usr/libexec", "bin_t"),
    ("/usr/sbin", "bin_t"),
    ("/var", "var_t"),
    ("/var/lib", "var_lib_t"),
    ("/var/lib/docker", "container_var_lib_t"),
    ("/var/lib/etcd", "etcd_var_lib_t"),
    ("/var/lib/rpm", "rpm_var_lib_t"),
    ("/var/lib/yum", "rpm_var_lib_t"),
    ("/var/cache/yum", "rpm_var_cache_t"),
    ("/var/log", "var_log_t"),
    ("/var/spool", "var_spool_t"),
    ("/var/tmp", "tmp_t"),
];

/// Types that an administrator may give, and that `restorecon` leaves alone without `-F`.
pub const CUSTOMIZABLE: &[&str] = &[
    "svirt_sandbox_file_t",
    "container_file_t",
    "httpd_sys_content_t",
];

impl Machine {
    /// The label that the policy has for the real path `path`; none where SELinux is off.
    pub fn policy_label(&self, path: &str) -> Option<Name> {
        if !self.selinux.is_on() {
            return None;
        }
        let kind = match path {
            "/" => "root_t",
            "/home" => "home_root_t",
            "/etc/passwd" | "/etc/group" => "passwd_file_t",
            "/etc/shadow" => "shadow_t",
            path => {
                let found = TYPES.iter().rev().filter(|(outer, _)| within(path, outer));
                found
                    .max_by_key(|(outer, _)| outer.len())
                    .map_or("default_t", |(_, kind)| kind)
            }
        };
        Some(format!("system_u:object_r:{kind}:s0").into())
    }

    /// The label of what is at the real path `path`; none where SELinux is off.
    pub fn label_of(&self, path: &str) -> Option<Name> {
        if !self.selinux.is_on() {
            return None;
        }
        let own = self.files.get(path).ok()?.context.clone();
        own.or_else(|| self.policy_label(path))
    }
}
