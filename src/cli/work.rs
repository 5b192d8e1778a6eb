//! What is at work right now, on which host, since when: for a display that is never silent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So many lines at once; what is beyond is counted.
const LINES: usize = 8;

/// The commands that run, and the hosts that a step still works on.
#[derive(Default)]
pub struct Work {
    commands: BTreeMap<u64, Command>,
    step: String,
    /// The hosts of the open step that have begun and not ended.
    hosts: BTreeMap<String, AtWork>,
}

struct Command {
    host: String,
    line: String,
    changes: bool,
    since: Since,
}

struct AtWork {
    since: Since,
    last: String,
}

/// A moment, for reckoning and for reading.
#[derive(Clone)]
struct Since {
    reading: Instant,
    time: jiff::Timestamp,
}

impl Since {
    fn now() -> Self {
        Self {
            reading: Instant::now(),
            time: jiff::Timestamp::now(),
        }
    }

    fn at(&self, now: Instant) -> String {
        let passed = now.saturating_duration_since(self.reading);
        let clock = self.time.to_zoned(jiff::tz::TimeZone::system());
        format!(
            "for {} s, since {}",
            passed.as_secs(),
            clock.strftime("%H:%M:%S")
        )
    }
}

impl Work {
    /// The step `title` begins.
    pub fn step(&mut self, title: &str) {
        title.clone_into(&mut self.step);
        self.hosts.clear();
    }

    /// The step is over on `host`.
    pub fn settled(&mut self, host: &str) {
        self.hosts.remove(host);
    }

    /// No step is open.
    pub fn no_step(&mut self) {
        self.step("");
    }

    /// Command `number` begins.
    pub fn started(&mut self, number: u64, host: &str, line: &str, changes: bool) {
        let since = Since::now();
        if !self.step.is_empty() {
            let at = self.hosts.entry(host.to_owned()).or_insert(AtWork {
                since: since.clone(),
                last: String::new(),
            });
            line.clone_into(&mut at.last);
        }
        let command = Command {
            host: host.to_owned(),
            line: line.to_owned(),
            changes,
            since,
        };
        self.commands.insert(number, command);
    }

    /// Command `number` ended.
    pub fn ended(&mut self, number: u64) {
        self.commands.remove(&number);
    }

    /// What has been at work for `patience` at `now`, one line per command, and one per host that a
    /// step keeps busy with short commands.
    pub fn waits(&self, now: Instant, patience: Duration) -> Vec<String> {
        let long = |since: &Since| now.saturating_duration_since(since.reading) >= patience;
        let mut waited = Vec::new();
        let mut lines = Vec::new();
        for command in self.commands.values().filter(|it| long(&it.since)) {
            waited.push(command.host.as_str());
            lines.push(format!(
                "{}: `{}` has been running {}",
                command.host,
                shorten(&command.line, 80),
                command.since.at(now)
            ));
        }
        for (host, at) in &self.hosts {
            if long(&at.since) && !waited.contains(&host.as_str()) {
                lines.push(format!(
                    "{host}: at `{}` {}, last with `{}`",
                    self.step,
                    at.since.at(now),
                    shorten(&at.last, 60)
                ));
            }
        }
        capped(lines)
    }

    /// The commands that change a host and run at `now`, one line each.
    pub fn changing(&self, now: Instant) -> Vec<String> {
        let changing = self.commands.values().filter(|command| command.changes);
        let line = |command: &Command| {
            format!(
                "{}: `{}`, running {}",
                command.host,
                shorten(&command.line, 80),
                command.since.at(now)
            )
        };
        capped(changing.map(line).collect())
    }
}

fn capped(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LINES {
        let more = lines.len() - (LINES - 1);
        lines.truncate(LINES - 1);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The first line of `text`, brought to `width` characters: what is left out first is options, whose
/// many words hide what is done to what.
pub fn shorten(text: &str, width: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= width && line.len() == text.len() {
        return line.to_owned();
    }
    let mut words: Vec<&str> = line.split(' ').collect();
    for word in &mut words {
        if word.starts_with("--") {
            *word = "...";
        }
    }
    words.dedup_by(|a, b| *a == "..." && *b == "...");
    let line = words.join(" ");
    let whole = text.lines().nth(1).is_none();
    if whole && line.chars().count() <= width {
        return line;
    }
    let cut: String = line.chars().take(width).collect();
    format!("{cut}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// `line` without the time of day.
    fn timeless(line: &str) -> String {
        let (before, after) = line.split_once(", since ").expect("it says since when");
        format!("{before}, since T{}", &after[8..])
    }

    fn waits(work: &Work, secs: u64) -> Vec<String> {
        let lines = work.waits(Instant::now() + Duration::from_secs(secs), PATIENCE);
        lines.iter().map(|line| timeless(line)).collect()
    }

    #[test]
    fn a_command_that_takes_long_is_named_with_its_host_and_its_time() {
        let mut work = Work::default();
        work.step("remove the packages");
        work.started(1, "node-1", "yum -y remove docker", true);
        work.started(2, "node-2", "rpm -q docker", false);
        work.ended(2);
        work.settled("node-2");
        assert_eq!(waits(&work, 9), Vec::<String>::new());
        assert_eq!(
            waits(&work, 40),
            ["node-1: `yum -y remove docker` has been running for 40 s, since T"]
        );
    }

    #[test]
    fn a_step_that_asks_again_and_again_is_named_while_no_command_runs() {
        let mut work = Work::default();
        work.step("start etcd");
        work.started(1, "master-1", "systemctl start etcd", true);
        work.ended(1);
        work.started(2, "master-1", "etcdctl endpoint health", false);
        work.ended(2);
        assert_eq!(
            waits(&work, 30),
            ["master-1: at `start etcd` for 30 s, since T, last with `etcdctl endpoint health`"]
        );
        work.settled("master-1");
        assert_eq!(waits(&work, 30), Vec::<String>::new());
    }

    #[test]
    fn a_long_command_still_says_what_it_does_to_what() {
        let line =
            "yum -y --setopt=exit_on_lock=1 --disableexcludes=all remove atomic-openshift docker";
        assert_eq!(shorten(line, 200), line);
        assert_eq!(
            shorten(line, 60),
            "yum -y ... remove atomic-openshift docker"
        );
        assert_eq!(shorten(line, 20), "yum -y ... remove at...");
        assert_eq!(shorten("one\ntwo", 60), "one...");
    }

    #[test]
    fn many_hosts_are_counted() {
        let mut work = Work::default();
        for number in 0..20 {
            work.started(number, &format!("node-{number}"), "yum", true);
        }
        let lines = work.changing(Instant::now());
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[LINES - 1], "and 13 more");
    }
}
