//! Users and groups of a host, from its `/etc/passwd` and `/etc/group`.

use std::sync::Arc;

use crate::transport::sim::files::{Bytes, Files, Name};
use crate::transport::sim::process::Process;

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The whole line.
    pub line: String,
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The number of the group it belongs to first.
    pub gid: u32,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The whole line.
    pub line: String,
    /// The name.
    pub name: String,
    /// The number.
    pub gid: u32,
    /// Users that belong to it besides those whose first group it is.
    pub members: Vec<String>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// The files that they were read from.
    files: [Option<Bytes>; 2],
    /// The users, in the file's order.
    pub users: Vec<User>,
    /// The groups, in the file's order.
    pub groups: Vec<Group>,
}

impl Accounts {
    /// Those of the host that `process` runs on.
    pub fn of(process: &Process<'_>) -> Arc<Self> {
        let here = &mut *process.here();
        Arc::clone(here.accounts.refresh(&here.files))
    }

    /// Those of the host with `files`: themselves, if they were read from the same.
    pub fn refresh<'a>(self: &'a mut Arc<Self>, files: &Files) -> &'a Arc<Self> {
        let files = ["/etc/passwd", "/etc/group"].map(|path| files.read(path).ok());
        if self.files != files {
            *self = Arc::new(Self::read(files));
        }
        self
    }

    fn read(files: [Option<Bytes>; 2]) -> Self {
        let [users, groups] = files.each_ref().map(|content| {
            let content = content
                .as_ref()
                .map_or(&[][..], |content| content.as_slice());
            String::from_utf8_lossy(content)
        });
        let user = |line: &str| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, uid, gid, _, home, shell] = fields[..] else {
                return None;
            };
            Some(User {
                line: line.to_owned(),
                name: name.to_owned(),
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
                home: home.to_owned(),
                shell: shell.to_owned(),
            })
        };
        let group = |line: &str| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, gid, members] = fields[..] else {
                return None;
            };
            let members = members.split(',').filter(|name| !name.is_empty());
            Some(Group {
                line: line.to_owned(),
                name: name.to_owned(),
                gid: gid.parse().ok()?,
                members: members.map(str::to_owned).collect(),
            })
        };
        Self {
            users: users.lines().filter_map(user).collect(),
            groups: groups.lines().filter_map(group).collect(),
            files: files.clone(),
        }
    }

    /// The user called `name`, or with that number.
    pub fn user(&self, name: &str) -> Option<&User> {
        let named = self.users.iter().find(|user| user.name == name);
        named.or_else(|| {
            let uid: u32 = name.parse().ok()?;
            self.users.iter().find(|user| user.uid == uid)
        })
    }

    /// The group called `name`, or with that number.
    pub fn group(&self, name: &str) -> Option<&Group> {
        let named = self.groups.iter().find(|group| group.name == name);
        named.or_else(|| {
            let gid: u32 = name.parse().ok()?;
            self.groups.iter().find(|group| group.gid == gid)
        })
    }

    /// The name that a file's owner is kept under: a number where no user has it.
    pub fn owner(&self, text: &str) -> Option<Name> {
        match self.user(text) {
            Some(user) => Some(user.name.as_str().into()),
            None => number(text),
        }
    }

    /// The same for a group.
    pub fn owning_group(&self, text: &str) -> Option<Name> {
        match self.group(text) {
            Some(group) => Some(group.name.as_str().into()),
            None => number(text),
        }
    }

    /// The number of the owner `name`; that of `nobody` for a user that is gone.
    pub fn uid(&self, name: &str) -> u32 {
        let known = self.user(name).map(|user| user.uid);
        known.or_else(|| name.parse().ok()).unwrap_or(99)
    }

    /// The number of the group `name`.
    pub fn gid(&self, name: &str) -> u32 {
        let known = self.group(name).map(|group| group.gid);
        known.or_else(|| name.parse().ok()).unwrap_or(99)
    }

    /// The groups that `user` belongs to, its first one first.
    pub fn groups_of(&self, user: &User) -> Vec<&Group> {
        let first = self.groups.iter().filter(|group| group.gid == user.gid);
        let others = self
            .groups
            .iter()
            .filter(|group| group.gid != user.gid && group.members.contains(&user.name));
        first.chain(others).collect()
    }
}

fn number(text: &str) -> Option<Name> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.parse::<u32>().ok().map(|id| id.to_string().into())
}
