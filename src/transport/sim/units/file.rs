//! Unit files and drop-ins.

use std::collections::BTreeMap;

use crate::transport::sim::files::{Bytes, Files, Kind};

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
    /// Values by section and key; an empty assignment has cleared those before it.
    settings: BTreeMap<(String, String), Vec<String>>,
    /// What it was read from.
    files: UnitFiles,
}

/// The files of a unit: what `daemon-reload` would read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct UnitFiles {
    /// Its own file, and what is in it; nothing if it is masked there.
    own: Option<(String, Option<Bytes>)>,
    /// Its drop-ins, in the order in which they count.
    drop_ins: Vec<(String, Option<Bytes>)>,
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
        let mut unit = Self {
            name: name.to_owned(),
            files: UnitFiles::of(files, name),
            ..Self::default()
        };
        let files = unit.files.clone();
        if let Some((path, content)) = files.own {
            unit.path = path;
            let Some(content) = content else {
                unit.load = Load::Masked;
                return unit;
            };
            unit.load = Load::Loaded;
            unit.merge(&String::from_utf8_lossy(&content));
        }
        for (path, content) in files.drop_ins {
            if let Some(content) = content {
                unit.merge(&String::from_utf8_lossy(&content));
            }
            unit.drop_ins.push(path);
        }
        unit
    }

    /// Whether it was read from what is in `files` now.
    pub fn is_fresh(&self, files: &Files) -> bool {
        self.files == UnitFiles::of(files, &self.name)
    }

    fn merge(&mut self, text: &str) {
        let text = text.replace("\\\n", " ");
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                name.clone_into(&mut section);
            } else if let Some((key, value)) = line.split_once('=') {
                let key = (section.clone(), key.trim().to_owned());
                let values = self.settings.entry(key).or_default();
                match value.trim() {
                    "" => values.clear(),
                    value => values.push(value.to_owned()),
                }
            }
        }
    }

    /// All values of `key`.
    pub fn all(&self, section: &str, key: &str) -> &[String] {
        self.settings
            .get(&(section.to_owned(), key.to_owned()))
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

impl UnitFiles {
    fn of(files: &Files, name: &str) -> Self {
        let own = PLACES.iter().find_map(|place| {
            let path = format!("{place}/{name}");
            let node = files.get(&path).ok()?;
            let is_null = matches!(&node.kind, Kind::Link(target) if &**target == "/dev/null");
            let content = match is_null || node.size() == 0 {
                true => None,
                false => Some(files.read(&path).ok()?),
            };
            Some((path, content))
        });
        if matches!(own, Some((_, None))) {
            return Self {
                own,
                drop_ins: Vec::new(),
            };
        }
        // A drop-in of the same name in an earlier place hides the later ones.
        let mut drop_ins: BTreeMap<&str, String> = BTreeMap::new();
        for place in PLACES.iter().rev() {
            let directory = format!("{place}/{name}.d");
            let entries = files.list(&directory).into_iter().flatten();
            for (drop_in, _) in entries.filter(|(name, _)| name.ends_with(".conf")) {
                drop_ins.insert(drop_in, format!("{directory}/{drop_in}"));
            }
        }
        let drop_ins = drop_ins.into_values();
        Self {
            own,
            drop_ins: drop_ins
                .map(|path| (files.read(&path).ok(), path))
                .map(|(content, path)| (path, content))
                .collect(),
        }
    }
}
