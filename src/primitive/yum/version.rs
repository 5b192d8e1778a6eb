//! Versions: what matches a wanted one, and which of two is newer.

use std::cmp::Ordering;

/// Whether `have` (`3.7.23-1.git.0.el7`, an epoch `2:` before it is ignored) is what `wanted` asks
/// for.
///
/// `3.7` asks for any 3.7.x, `3.7.23` for any release of it, `3.7.23-1.git.0.el7` for that one:
/// `wanted` has to be the whole of it or to end where `have` has a `.` or a `-`.
pub fn matching_version(have: &str, wanted: &str) -> bool {
    without_epoch(have)
        .strip_prefix(without_epoch(wanted))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        && !wanted.is_empty()
}

/// `2:1.12.6-71` as `1.12.6-71`.
pub(super) fn without_epoch(version: &str) -> &str {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => version,
    }
}

/// Which of two versions, with releases or without, rpm holds to be newer.
///
/// As rpm's `rpmvercmp`: runs of digits compare as numbers, runs of letters as text, digits win
/// over letters, `~` sorts before everything, and whoever has more left is newer. Version and
/// release are compared one after the other.
pub fn compare(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| -> (String, String) {
        let text = without_epoch(text);
        match text.split_once('-') {
            Some((version, release)) => (version.to_owned(), release.to_owned()),
            None => (text.to_owned(), String::new()),
        }
    };
    let ((a_version, a_release), (b_version, b_release)) = (parts(a), parts(b));
    segments(&a_version, &b_version).then_with(|| segments(&a_release, &b_release))
}

fn segments(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let separator = |c: char| !c.is_ascii_alphanumeric() && c != '~';
        a = a.trim_start_matches(separator);
        b = b.trim_start_matches(separator);
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(rest_a), Some(rest_b)) => {
                (a, b) = (rest_a, rest_b);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let numeric = a.starts_with(|c: char| c.is_ascii_digit());
        if numeric != b.starts_with(|c: char| c.is_ascii_digit()) {
            return if numeric {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        let end = |text: &str| {
            text.find(|c: char| !c.is_ascii_alphanumeric() || c.is_ascii_digit() != numeric)
                .unwrap_or(text.len())
        };
        let ((run_a, rest_a), (run_b, rest_b)) = (a.split_at(end(a)), b.split_at(end(b)));
        let order = if numeric {
            let (run_a, run_b) = (run_a.trim_start_matches('0'), run_b.trim_start_matches('0'));
            run_a.len().cmp(&run_b.len()).then_with(|| run_a.cmp(run_b))
        } else {
            run_a.cmp(run_b)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wanted_version_ends_at_a_boundary() {
        for (have, wanted, matches) in [
            ("3.7.23-1.git.0.el7", "3.7", true),
            ("3.7.23-1.git.0.el7", "3.7.23", true),
            ("3.7.23-1.git.0.el7", "3.7.2", false),
            ("3.7.23-1.git.0.el7", "3.7.23-1", true),
            ("3.70.1-1", "3.7", false),
            ("2:1.12.6-71.git3e8e77d.el7", "1.12.6", true),
            ("1.12.6-71", "2:1.12.6", true),
            ("3.7.23-1", "", false),
        ] {
            assert_eq!(matching_version(have, wanted), matches, "{have} {wanted}");
        }
    }

    #[test]
    fn versions_sort_as_rpm_sorts_them() {
        for (older, newer) in [
            ("3.7.9-1", "3.7.23-1"),
            ("3.9", "3.10"),
            ("1.12.6-61.git85d7426.el7", "1.12.6-71.git3e8e77d.el7"),
            ("1.0~rc1", "1.0"),
            ("1.0a", "1.0.1"),
            ("1.0", "1.0a"),
            ("3.2.5-1", "3.2.22-1"),
            ("007", "8"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
        }
        assert_eq!(compare("1.01", "1.1"), Ordering::Equal);
    }
}
