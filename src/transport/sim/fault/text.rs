//! A plan as the text of its file, which can be read again.

use std::fmt;

use super::{Damage, FaultPlan, Times, What, When};

impl What {
    /// Its kind, as `do` has it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Exit { .. } => "exit",
            Self::Hang => "hang",
            Self::Drop { .. } => "drop",
            Self::Reboot { .. } => "reboot",
            Self::KillController { .. } => "kill-controller",
            Self::FillDisk { .. } => "fill-disk",
            Self::Corrupt { .. } => "corrupt",
            Self::Slow { .. } => "slow",
        }
    }

    /// Its own fields, as the file has them.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let when = |when: &When| {
            let word = match when {
                When::Before => "before",
                When::During => "during",
                When::After => "after",
            };
            ("when", quoted(word))
        };
        match self {
            Self::Exit { status, stderr } => {
                vec![("status", status.to_string()), ("stderr", quoted(stderr))]
            }
            Self::Hang => Vec::new(),
            Self::Drop { when: at, away } | Self::Reboot { when: at, away } => {
                vec![when(at), ("away", away.as_secs().to_string())]
            }
            Self::KillController { when: at } => vec![when(at)],
            Self::FillDisk { path, leave } => {
                vec![("path", quoted(path)), ("leave", leave.to_string())]
            }
            Self::Corrupt { path, damage } => vec![
                ("path", quoted(path)),
                match damage {
                    Damage::Truncate(size) => ("truncate", size.to_string()),
                    Damage::Flip(at) => ("flip", at.to_string()),
                },
            ],
            Self::Slow { by } => vec![("seconds", by.as_secs().to_string())],
        }
    }
}

/// As its file.
impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version = {}", super::file::VERSION)?;
        if let Some(hours) = self.hours {
            writeln!(f, "hours = {hours}")?;
        }
        for fault in &self.faults {
            writeln!(f, "\n[[fault]]")?;
            for (name, value) in [("host", &fault.host), ("command", &fault.command)] {
                if let Some(value) = value {
                    writeln!(f, "{name} = {}", quoted(value))?;
                }
            }
            match fault.times {
                Times::Every => writeln!(f, "every = true")?,
                Times::Nth(nth) => writeln!(f, "occurrence = {nth}")?,
            }
            writeln!(f, "do = {}", quoted(fault.what.name()))?;
            for (name, value) in fault.what.fields() {
                writeln!(f, "{name} = {value}")?;
            }
        }
        Ok(())
    }
}

/// `text` as TOML's basic string, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
