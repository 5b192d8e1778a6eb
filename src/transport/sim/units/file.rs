//! Unit files and drop-ins.

use std::collections::BTreeMap;

use crate::transport::sim::files::{Bytes, Entries, Files, Kind, Name, Node};

/// Where unit files lie; the first one that has a unit wins.
pub const PLACES: [&str; 3] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
];

/// A unit as its files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its full name, such as `etcd.service`.
    pub name: String,
    /// Whether there is one.
    pub load: Load,
    /// Its own file; empty if there is none.
    pub path: String,
    /// Its drop-ins.
    pub drop_ins: Vec<String>,
    /// Values by key, by section; an empty assignment has cleared those before it.
    settings: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// What it was read from.
    files: UnitFiles,
}

/// The files of a unit: what `daemon-reload` would read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct UnitFiles {
    /// Which of the [`PLACES`] has its own file, and what is in it; nothing if it is masked there.
    own: Option<(usize, Option<Bytes>)>,
    /// Its drop-ins by name, each with its place, in the order in which they count.
    drop_ins: Vec<(Name, usize, Option<Bytes>)>,
}

/// What lies where unit files lie, on one host.
pub struct Places<'a> {
    files: &'a Files,
    entries: [Option<&'a Entries>; 3],
}

impl<'a> Places<'a> {
    /// Those of `files`.
    pub fn of(files: &'a Files) -> Self {
        Self {
            files,
            entries: PLACES.map(|place| files.list(place).ok()),
        }
    }

    /// The content of the file `node` at `path`, links followed.
    fn content(&self, node: &'a Node, path: impl FnOnce() -> String) -> Option<&'a Bytes> {
        match &node.kind {
            Kind::Link(_) => self.files.follow(&path()).ok()?.content(),
            _ => node.content(),
        }
    }

    /// What there is of the unit `name`.
    fn unit(&self, name: &str) -> UnitFiles {
        let places = || (0..).zip(self.entries);
        let mut found = UnitFiles {
            own: places().find_map(|(place, entries)| {
                let node = entries?.get(name)?;
                let is_null = matches!(&node.kind, Kind::Link(target) if &**target == "/dev/null");
                let content = match is_null || node.size() == 0 {
                    true => None,
                    false => Some(self.content(node, || path(place, name))?.clone()),
                };
                Some((place, content))
            }),
            drop_ins: Vec::new(),
        };
        if matches!(found.own, Some((_, None))) {
            return found;
        }
        let directory = format!("{name}.d");
        for (place, entries) in places() {
            let Some(node) = entries.and_then(|entries| entries.get(&directory)) else {
                continue;
            };
            let inner = match &node.kind {
                Kind::Link(_) => self.files.list(&path(place, &directory)).ok(),
                _ => node.entries(),
            };
            for (drop_in, node) in inner.into_iter().flatten() {
                // A drop-in of the same name in an earlier place hides this one.
                let is_hidden = found.drop_ins.iter().any(|(name, ..)| name == drop_in);
                if is_hidden || !drop_in.ends_with(".conf") {
                    continue;
                }
                let content = self.content(node, || path(place, &format!("{directory}/{drop_in}")));
                let content = content.cloned();
                found.drop_ins.push((drop_in.clone(), place, content));
            }
        }
        found
            .drop_ins
            .sort_by(|(one, ..), (other, ..)| one.cmp(other));
        found
    }
}

/// Where the file `name` in the `place`th of the [`PLACES`] is.
fn path(place: usize, name: &str) -> String {
    format!("{}/{name}", PLACES[place])
}

/// Whether a unit could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "these are systemd's names")]
pub enum Load {
    #[default]
    NotFound,
    Loaded,
    Masked,
}

impl Load {
    /// As `systemctl show` says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Loaded => "loaded",
            Self::Masked => "masked",
        }
    }
}

/// `name`, of a service unless it says otherwise.
pub fn full_name(name: &str) -> String {
    const KINDS: [&str; 8] = [
        ".service", ".socket", ".target", ".mount", ".timer", ".path", ".slice", ".scope",
    ];
    if KINDS.iter().any(|kind| name.ends_with(kind)) {
        name.to_owned()
    } else {
        format!("{name}.service")
    }
}

impl Unit {
    /// Reads the unit `name` from `files`.
    pub fn read(files: &Files, name: &str) -> Self {
        Self::in_places(&Places::of(files), name)
    }

    /// As [`Unit::read`], for one of many.
    pub fn in_places(places: &Places<'_>, name: &str) -> Self {
        let mut unit = Self {
            name: name.to_owned(),
            files: places.unit(name),
            ..Self::default()
        };
        let files = unit.files.clone();
        if let Some((place, content)) = files.own {
            unit.path = path(place, name);
            let Some(content) = content else {
                unit.load = Load::Masked;
                return unit;
            };
            unit.load = Load::Loaded;
            unit.merge(&String::from_utf8_lossy(&content));
        }
        for (drop_in, place, content) in files.drop_ins {
            if let Some(content) = content {
                unit.merge(&String::from_utf8_lossy(&content));
            }
            unit.drop_ins
                .push(path(place, &format!("{name}.d/{drop_in}")));
        }
        unit
    }

    /// Whether it was read from what is in `places` now.
    pub fn is_fresh(&self, places: &Places<'_>) -> bool {
        self.files == places.unit(&self.name)
    }

    fn merge(&mut self, text: &str) {
        let text = text.replace("\\\n", " ");
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                section = name;
            } else if let Some((key, value)) = line.split_once('=') {
                let keys = self.settings.entry(section.to_owned()).or_default();
                let values = keys.entry(key.trim().to_owned()).or_default();
                match value.trim() {
                    "" => values.clear(),
                    value => values.push(value.to_owned()),
                }
            }
        }
    }

    /// All values of `key`.
    pub fn all(&self, section: &str, key: &str) -> &[String] {
        let keys = self.settings.get(section);
        keys.and_then(|keys| keys.get(key))
            .map_or(&[], Vec::as_slice)
    }

    /// The last value of `key`.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.all(section, key).last().map(String::as_str)
    }

    /// The units that all values of `key` name.
    pub fn names(&self, section: &str, key: &str) -> Vec<String> {
        self.all(section, key)
            .iter()
            .flat_map(|value| value.split_whitespace())
            .map(full_name)
            .collect()
    }

    /// The service's type.
    pub fn kind(&self) -> &str {
        let usual = if self.all("Service", "ExecStart").is_empty() {
            "oneshot"
        } else {
            "simple"
        };
        self.get("Service", "Type").unwrap_or(usual)
    }

    /// Whether there is a command to start it, which every service needs.
    pub fn has_command(&self) -> bool {
        !self.all("Service", "ExecStart").is_empty()
    }

    /// Whether `key` is set to a true value.
    pub fn is(&self, section: &str, key: &str) -> bool {
        matches!(self.get(section, key), Some("yes" | "true" | "1" | "on"))
    }

    /// Whether it says what to do when it is enabled.
    pub fn can_be_enabled(&self) -> bool {
        ["WantedBy", "RequiredBy", "Also", "Alias"]
            .iter()
            .any(|key| !self.all("Install", key).is_empty())
    }
}
