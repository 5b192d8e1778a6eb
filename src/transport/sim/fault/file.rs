//! The file that describes a plan, read, with the line of what is wrong in it.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{Damage, Fault, FaultPlan, Times, What, When};
use crate::transport::sim::build::bytes;
use crate::transport::sim::malformed::{self, Malformed};

/// The version of the format that this program reads.
pub(super) const VERSION: u32 = 1;

/// A plan as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    version: Spanned<u32>,
    hours: Option<u64>,
    #[serde(default, rename = "fault")]
    faults: Vec<Spanned<RawFault>>,
}

/// A fault as its file has it: what belongs to which kind is looked at afterwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFault {
    host: Option<String>,
    command: Option<String>,
    occurrence: Option<std::num::NonZeroU32>,
    #[serde(default)]
    every: bool,
    #[serde(rename = "do")]
    kind: RawKind,
    status: Option<u8>,
    stderr: Option<String>,
    when: Option<When>,
    away: Option<u64>,
    path: Option<String>,
    leave: Option<Size>,
    truncate: Option<Size>,
    flip: Option<u64>,
    seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawKind {
    Exit,
    Hang,
    Drop,
    Reboot,
    KillController,
    FillDisk,
    Corrupt,
    Slow,
}

/// A number of bytes: `4096`, or `"64K"`.
#[derive(Clone, Copy)]
struct Size(u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, such as 4096 or \"64K\"")
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Size, E> {
                let unexpected = serde::de::Unexpected::Signed(number);
                u64::try_from(number)
                    .map(Size)
                    .map_err(|_| E::invalid_value(unexpected, &self))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Size, E> {
                let unexpected = serde::de::Unexpected::Str(text);
                bytes(text)
                    .map(Size)
                    .ok_or_else(|| E::invalid_value(unexpected, &self))
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl FaultPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`Malformed`] with the line, and what was expected.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let plan: RawPlan = malformed::read(text)?;
        let version = *plan.version.get_ref();
        if version != VERSION {
            return Err(Malformed::at(
                text,
                plan.version.span().start,
                format!("`version = {version}`: this program reads version {VERSION}"),
            ));
        }
        let fault = |raw: Spanned<RawFault>| {
            let mut wrong = Malformed::at(text, raw.span().start, "");
            let line = wrong.line;
            raw.into_inner().checked(line).map_err(|reason| {
                wrong.reason = reason;
                wrong
            })
        };
        Ok(Self {
            faults: plan
                .faults
                .into_iter()
                .map(fault)
                .collect::<Result<_, _>>()?,
            hours: plan.hours,
        })
    }
}

impl RawFault {
    fn checked(self, line: usize) -> Result<Fault, String> {
        let (name, allowed): (_, &[&str]) = match self.kind {
            RawKind::Exit => ("exit", &["status", "stderr"]),
            RawKind::Hang => ("hang", &[]),
            RawKind::Drop => ("drop", &["when", "away"]),
            RawKind::Reboot => ("reboot", &["when", "away"]),
            RawKind::KillController => ("kill-controller", &["when"]),
            RawKind::FillDisk => ("fill-disk", &["path", "leave"]),
            RawKind::Corrupt => ("corrupt", &["path", "truncate", "flip"]),
            RawKind::Slow => ("slow", &["seconds"]),
        };
        for (field, given) in [
            ("status", self.status.is_some()),
            ("stderr", self.stderr.is_some()),
            ("when", self.when.is_some()),
            ("away", self.away.is_some()),
            ("path", self.path.is_some()),
            ("leave", self.leave.is_some()),
            ("truncate", self.truncate.is_some()),
            ("flip", self.flip.is_some()),
            ("seconds", self.seconds.is_some()),
        ] {
            if given && !allowed.contains(&field) {
                let takes = match allowed {
                    [] => "takes no field of its own".to_owned(),
                    some => format!("takes `{}`", some.join("`, `")),
                };
                return Err(format!(
                    "`{field}` does not belong to `{name}`, which {takes}"
                ));
            }
        }
        if self.every && self.occurrence.is_some() {
            return Err("either `occurrence` or `every`, not both".to_owned());
        }
        let missing = |field: &str, example: &str| {
            format!("`{name}` needs `{field}`, such as `{field} = {example}`")
        };
        let path = |path: Option<String>, example: &str| {
            path.filter(|path| path.starts_with('/'))
                .ok_or_else(|| missing("path", example))
        };
        let away = Duration::from_secs(self.away.unwrap_or(0));
        let what = match self.kind {
            RawKind::Exit => What::Exit {
                status: self.status.unwrap_or(1),
                stderr: self.stderr.unwrap_or_default(),
            },
            RawKind::Hang => What::Hang,
            RawKind::Drop => {
                let when = self.when.ok_or_else(|| missing("when", "\"during\""))?;
                if when == When::After && away.is_zero() {
                    return Err(
                        "a connection that drops after its command and is back at once is no fault: `drop` with `when = \"after\"` needs `away`, in seconds"
                            .to_owned(),
                    );
                }
                What::Drop { when, away }
            }
            RawKind::Reboot => What::Reboot {
                when: self.when.unwrap_or(When::Before),
                away,
            },
            RawKind::KillController => match self.when.unwrap_or(When::Before) {
                When::During => {
                    return Err(
                        "`kill-controller` happens `when = \"before\"` or `when = \"after\"`"
                            .to_owned(),
                    );
                }
                when => What::KillController { when },
            },
            RawKind::FillDisk => What::FillDisk {
                path: path(self.path, "\"/var\"")?,
                leave: self.leave.map_or(0, |size| size.0),
            },
            RawKind::Corrupt => What::Corrupt {
                path: path(self.path, "\"/etc/etcd/*.crt\"")?,
                damage: match (self.truncate, self.flip) {
                    (Some(size), None) => Damage::Truncate(size.0),
                    (None, Some(at)) => Damage::Flip(at),
                    _ => return Err("`corrupt` needs either `truncate` or `flip`".to_owned()),
                },
            },
            RawKind::Slow => What::Slow {
                by: Duration::from_secs(self.seconds.ok_or_else(|| missing("seconds", "20"))?),
            },
        };
        Ok(Fault {
            host: self.host,
            command: self.command,
            times: match self.every {
                true => Times::Every,
                false => Times::Nth(self.occurrence.map_or(1, std::num::NonZeroU32::get)),
            },
            what,
            line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_of_the_documentation_is_read_and_written() {
        let text: String = include_str!("mod.rs")
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| format!("{}\n", line.trim_start_matches("//!")))
            .collect();
        let plan = FaultPlan::parse(&text).unwrap();
        assert_eq!((plan.faults.len(), plan.hours), (8, Some(24)));
        let again = FaultPlan::parse(&plan.to_string()).unwrap();
        let without_lines = |plan: &FaultPlan| -> Vec<Fault> {
            let faults = plan.faults.iter().cloned();
            faults.map(|fault| Fault { line: 0, ..fault }).collect()
        };
        assert_eq!(without_lines(&plan), without_lines(&again));
    }

    #[test]
    fn a_plan_says_what_is_wrong_with_it_and_where() {
        let mut wrong = Vec::new();
        for (text, line, expected) in [
            ("version = 2\n", 1, "reads version 1"),
            (
                "\n\nfaults = 3\n",
                3,
                "unknown field `faults`, expected one of `version`, `hours`, `fault`",
            ),
            (
                "version = 1\n[[fault]]\nhost = \"a\"\n",
                2,
                "missing field `do`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"burn\"\n",
                3,
                "expected one of `exit`, `hang`, `drop`, `reboot`, `kill-controller`",
            ),
            (
                "version = 1\n\n[[fault]]\ndo = \"exit\"\nstatus = 300\n",
                5,
                "invalid value: integer `300`, expected u8",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"exit\"\nstatus = \"x\"\n",
                4,
                "expected u8",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"hang\"\n[[fault]]\ndo = \"hang\"\nwhen = \"before\"\n",
                4,
                "`when` does not belong to `hang`, which takes no field of its own",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"exit\"\nleave = 3\n",
                2,
                "which takes `status`, `stderr`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"drop\"\n",
                2,
                "`drop` needs `when`, such as `when = \"during\"`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"drop\"\nwhen = \"later\"\n",
                4,
                "expected one of `before`, `during`, `after`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"drop\"\nwhen = \"after\"\n",
                2,
                "needs `away`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"kill-controller\"\nwhen = \"during\"\n",
                2,
                "or `when = \"after\"`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"fill-disk\"\npath = \"var\"\n",
                2,
                "needs `path`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"fill-disk\"\npath = \"/var\"\nleave = \"much\"\n",
                5,
                "expected a number of bytes, such as 4096 or \"64K\"",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"corrupt\"\npath = \"/x\"\n",
                2,
                "either `truncate` or `flip`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"slow\"\n",
                2,
                "needs `seconds`",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"hang\"\noccurrence = 0\n",
                4,
                "expected a nonzero u32",
            ),
            (
                "version = 1\n[[fault]]\ndo = \"hang\"\noccurrence = 1\nevery = true\n",
                2,
                "not both",
            ),
            ("version = 1\n[[fault\n", 2, ""),
        ] {
            let error = FaultPlan::parse(text).unwrap_err();
            if error.line != line || !error.reason.contains(expected) || error.reason.contains('\n')
            {
                wrong.push(format!("{text}\n  {line}: {expected}\n  {error}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
