//! `host.file`: files and directories.

use rhai::Module;
use serde::Deserialize;
use std::path::PathBuf;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, Words, tool};
use crate::primitive::file;

tool!(
    /// The files of a host or a group.
    File,
    "file"
);

/// Owner and mode, as a script gives them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Attributes {
    owner: Option<String>,
    mode: Option<String>,
}

impl From<&Attributes> for file::Attributes {
    fn from(given: &Attributes) -> Self {
        Self {
            owner: given.owner.clone(),
            mode: given.mode.clone(),
        }
    }
}

/// A copy to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    from: String,
    to: String,
}

/// How to remove.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Removal {
    recursive: bool,
}

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    let mut verbs = Verbs::<File>::begin(
        module,
        run,
        r#"/// Files and directories.
        /// ```rhai
        /// let host = cluster::first_master;
        /// host.file.copy("/etc/origin/master/master-config.yaml", "/root/master-config.yaml.before");
        /// host.file.replace_line("/etc/origin/master/master-config.yaml", "  masterCount: *", "  masterCount: 3");
        /// ```"#,
    );
    looks(&mut verbs);
    changes(&mut verbs);
}

fn looks(verbs: &mut Verbs<'_, File>) {
    verbs
        .one(
            "stat",
            "path",
            "/// The facts of `path` (`kind`, `size`, `owner`, `group`, `mode`, `modified`), or `()` if there is none.",
            |host, path: &String| file::stat(host, path),
        )
        .one("exists", "path", "/// Whether there is something at `path`.", |host, path: &String| {
            file::exists(host, path)
        })
        .one("existing", "paths", "/// Those of `paths` at which there is something.", |host, paths: &Words| {
            file::existing(host, &paths.list())
        })
        .one("is_mountpoint", "path", "/// Whether a file system is mounted at `path`.", |host, path: &String| {
            file::is_mountpoint(host, path)
        })
        .one("read", "path", "/// The text of `path`, at most 16 MiB.", |host, path: &String| {
            file::read(host, path)
        })
        .one(
            "read_existing",
            "path",
            r#"/// The text of `path`, at most 16 MiB, or `()` if there is none.
            /// ```rhai
            /// let text = cluster::first_etcd.file.read_existing("/etc/etcd/etcd.conf");
            /// if text != () && text.contains("ETCD_FORCE_NEW_CLUSTER") { warn("it would force a new cluster"); }
            /// ```"#,
            |host, path: &String| file::read_existing(host, path),
        )
        .one("sha256", "path", "/// The SHA-256 digest of `path`.", |host, path: &String| {
            file::sha256(host, path)
        })
        .one(
            "file_system",
            "path",
            "/// The file system that holds `path`, or would: `mount`, `free` (bytes).",
            |host, path: &String| file::file_system(host, path),
        )
        .one(
            "file_systems",
            "paths",
            "/// As `file_system`, for each of `paths`, in their order.",
            |host, paths: &Words| file::file_systems(host, &paths.list()),
        )
        .one("free_bytes", "path", "/// Bytes free on the file system that holds `path`.", |host, path: &String| {
            file::free_bytes(host, path)
        })
        .one(
            "list",
            "pattern",
            "/// The paths that `pattern` names, sorted: the content of a directory, or what `*` and `?` match.",
            |host, pattern: &String| file::list(host, pattern),
        )
        .one(
            "entries",
            "pattern",
            "/// What `list` names, each with `path`, `kind`, `size`, `modified`, `status_changed`.",
            |host, pattern: &String| file::entries(host, pattern),
        );
}

fn changes(verbs: &mut Verbs<'_, File>) {
    const WRITE: &str = r#"/// Writes `content` to `path` in one move; keeps owner, mode and context of what was there.
        /// Options: `owner` (`owner:group`), `mode` (`0644`).
        /// ```rhai
        /// cluster::nodes.file.write("/etc/motd", "down for maintenance\n", #{ mode: "0644" });
        /// ```"#;
    verbs
        .two("write", ["path", "content"], WRITE, |host, path: &String, content: &String| {
            file::write(host, path, content, &file::Attributes::default())
        })
        .three(
            "write",
            ["path", "content", "options"],
            WRITE,
            |host, path: &String, content: &String, options: &Attributes| {
                file::write(host, path, content, &options.into())
            },
        )
        .two(
            "copy",
            ["from", "to"],
            "/// Copies a file or a tree on the host, with owners, modes and contexts, and compares the copy.",
            |host, from: &String, to: &String| file::copy(host, from, to),
        )
        .one(
            "copy_all",
            "pairs",
            "/// Copies as `copy` does, for each of `pairs`: `from`, `to`. All copies are compared before the first one\n\
             /// takes its name.",
            |host, pairs: &Vec<Pair>| {
                let pairs: Vec<(&str, &str)> = pairs.iter().map(|pair| (&*pair.from, &*pair.to)).collect();
                file::copy_all(host, &pairs)
            },
        )
        .two("move_to", ["from", "to"], "/// Moves `from` to `to`.", |host, from: &String, to: &String| {
            file::move_to(host, from, to)
        })
        .one("remove", "path", "/// Removes a file; system directories are refused.", |host, path: &String| {
            file::remove(host, path, false)
        })
        .two(
            "remove",
            ["path", "options"],
            "/// Removes a file, or with `recursive` a tree; system directories are refused.",
            |host, path: &String, options: &Removal| file::remove(host, path, options.recursive),
        )
        .one("mkdir", "path", "/// Makes a directory and those above it.", |host, path: &String| {
            file::mkdir(host, path, &file::Attributes::default())
        })
        .two(
            "mkdir",
            ["path", "options"],
            "/// Makes a directory and those above it. Options: `owner`, `mode`.",
            |host, path: &String, options: &Attributes| file::mkdir(host, path, &options.into()),
        )
        .three(
            "replace_line",
            ["path", "pattern", "line"],
            "/// Replaces every line that matches `pattern` (`*` stands for anything) by `line`.",
            |host, path: &String, pattern: &String, line: &String| {
                file::replace_line(host, path, pattern, Some(line))
            },
        )
        .two("append_line", ["path", "line"], "/// Adds `line` at the end unless it is there.", |host, path: &String, line: &String| {
            file::append_line(host, path, line)
        })
        .two("set_owner", ["path", "owner"], "/// Gives `path` to `owner` (`owner:group`).", |host, path: &String, owner: &String| {
            file::set_owner(host, path, owner, false)
        })
        .two("set_mode", ["path", "mode"], "/// Sets the permissions of `path`, such as `0600`.", |host, path: &String, mode: &String| {
            file::set_mode(host, path, mode)
        })
        .one("restorecon", "path", "/// Restores the SELinux contexts of `path` and all below it.", |host, path: &String| {
            file::restorecon(host, path)
        })
        .two("get", ["path", "local"], "/// Copies `path` to the file `local` on the controller.", |host, path: &String, local: &PathBuf| {
            file::get(host, path, local)
        })
        .two("put", ["local", "path"], "/// Copies the controller's file `local` to `path`.", |host, local: &PathBuf, path: &String| {
            file::put(host, local, path, &file::Attributes::default())
        });
}
