//! How rpm compares versions.

use std::cmp::Ordering;
use std::fmt;

/// Epoch, version and release.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evr {
    /// 0 unless told.
    pub epoch: u32,
    /// Such as `3.7.23`.
    pub version: String,
    /// Such as `1.git.0.5e6d4f1.el7`; empty in a requirement that names none.
    pub release: String,
}

impl Evr {
    /// Reads `EPOCH:VERSION-RELEASE`, of which only the version has to be there.
    pub fn parse(text: &str) -> Self {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
            None => (0, text),
        };
        let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
        Self {
            epoch,
            version: version.to_owned(),
            release: release.to_owned(),
        }
    }

    /// `VERSION-RELEASE`.
    pub fn version_release(&self) -> String {
        format!("{}-{}", self.version, self.release)
    }
}

impl fmt::Display for Evr {
    /// As yum shows it: the epoch only where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}:", self.epoch)?;
        }
        write!(f, "{}-{}", self.version, self.release)
    }
}

impl PartialOrd for Evr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Evr {
    /// A release that one of the two does not name is equal to any.
    fn cmp(&self, other: &Self) -> Ordering {
        let release = || {
            if self.release.is_empty() || other.release.is_empty() {
                Ordering::Equal
            } else {
                compare(&self.release, &other.release)
            }
        };
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare(&self.version, &other.version))
            .then_with(release)
    }
}

/// Compares two versions, or two releases, as rpm does: runs of digits by value, runs of letters by
/// spelling, digits above letters, `~` below everything.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (Runs(a), Runs(b));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(Run::Tilde), Some(Run::Tilde)) => Ordering::Equal,
            (Some(Run::Tilde), _) => Ordering::Less,
            (_, Some(Run::Tilde)) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(Run::Number(a)), Some(Run::Number(b))) => {
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            (Some(Run::Number(_)), Some(Run::Word(_))) => Ordering::Greater,
            (Some(Run::Word(_)), Some(Run::Number(_))) => Ordering::Less,
            (Some(Run::Word(a)), Some(Run::Word(b))) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A piece of a version.
enum Run<'a> {
    Tilde,
    /// Digits without leading zeros.
    Number(&'a str),
    Word(&'a str),
}

/// The pieces of a version, separators left out.
struct Runs<'a>(&'a str);

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let text = self
            .0
            .trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '~');
        let first = text.chars().next()?;
        if first == '~' {
            self.0 = &text[1..];
            return Some(Run::Tilde);
        }
        let digits = first.is_ascii_digit();
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric() || c.is_ascii_digit() != digits)
            .unwrap_or(text.len());
        let (run, rest) = text.split_at(end);
        self.0 = rest;
        Some(if digits {
            Run::Number(run.trim_start_matches('0'))
        } else {
            Run::Word(run)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::primitive::yum;

    proptest! {
        /// Both are ours, written apart: where they differ, one of them is wrong.
        #[test]
        fn versions_compare_as_the_primitive_has_it(
            a in "[0-9a-c.~]{1,8}-[0-9a-c.]{1,6}",
            b in "[0-9a-c.~]{1,8}-[0-9a-c.]{1,6}",
        ) {
            prop_assert_eq!(Evr::parse(&a).cmp(&Evr::parse(&b)), yum::compare(&a, &b));
        }
    }

    #[test]
    fn versions_compare_as_rpms_own_tests_say() {
        for (a, b, order) in [
            ("1.0", "1.0", Ordering::Equal),
            ("2.0.1", "2.0.1a", Ordering::Less),
            ("5.5p10", "5.5p2", Ordering::Greater),
            ("10xyz", "10.1xyz", Ordering::Less),
            ("xyz10", "xyz10.1", Ordering::Less),
            ("6.0.rc1", "6.0", Ordering::Greater),
            ("10b2", "10a1", Ordering::Greater),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0~rc1~git123", "1.0~rc1", Ordering::Less),
            ("2a", "2.0", Ordering::Less),
            ("20101121", "20101122", Ordering::Less),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
        }
    }
}
