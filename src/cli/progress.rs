//! Shows a run on standard error, line by line; never silent for long.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use crate::error::Error;
use crate::journal::StepId;
use crate::procedure::{CONTROLLER, Display, Ended, Level};
use crate::transport::Stream;

/// After this long without a line, the display says what is being waited for.
const SILENCE: Duration = Duration::from_secs(10);

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// The operator's display.
pub struct Progress {
    state: Mutex<State>,
    verbose: bool,
}

struct State {
    /// Commands that run now: host, line, start.
    running: BTreeMap<u64, (String, String, Instant)>,
    spoke: Instant,
}

impl Progress {
    /// A display that speaks up by itself while things take long; `verbose` shows every command.
    pub fn start(verbose: bool) -> Arc<Self> {
        let progress = Arc::new(Self {
            state: Mutex::new(State {
                running: BTreeMap::new(),
                spoke: Instant::now(),
            }),
            verbose,
        });
        let watched = Arc::downgrade(&progress);
        thread::Builder::new()
            .name("progress".to_owned())
            .stack_size(256 << 10)
            .spawn(move || tick(&watched))
            .expect("the system has room for one more thread");
        progress
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while printing")
    }

    fn say(&self, line: &str) {
        let mut state = self.state();
        state.spoke = Instant::now();
        // Standard error may be gone (a closed terminal); the run and its journal go on.
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    /// Says what runs, if nothing was said for a while.
    fn break_silence(&self) {
        let state = self.state();
        if state.spoke.elapsed() < SILENCE {
            return;
        }
        let lines: Vec<String> = state
            .running
            .values()
            .filter(|(_, _, since)| since.elapsed() >= SILENCE)
            .take(8)
            .map(|(host, line, since)| {
                let shown = shorten(line, 80);
                format!(
                    "{DIM}      {host}: `{shown}` has been running for {} s{DIM:#}",
                    since.elapsed().as_secs()
                )
            })
            .collect();
        drop(state);
        for line in lines {
            self.say(&line);
        }
    }
}

fn tick(watched: &Weak<Progress>) {
    loop {
        thread::sleep(Duration::from_secs(1));
        match watched.upgrade() {
            Some(progress) => progress.break_silence(),
            None => return,
        }
    }
}

impl Display for Progress {
    fn phase(&self, title: &str) {
        self.say(&format!("\n{BOLD}{title}{BOLD:#}"));
    }

    fn step(&self, step: &StepId, hosts: &[&str], done: &[&str]) {
        let how = match (hosts, done) {
            ([], []) => ", on no host".to_owned(),
            ([], [CONTROLLER]) => ": done already".to_owned(),
            ([], [one]) => format!(": done on {one} already"),
            ([], all) => format!(": done on all {} hosts already", all.len()),
            ([CONTROLLER], _) => String::new(),
            (some, []) => format!(" on {}", counted(some)),
            (some, done) => format!(" on {}; done already on {}", counted(some), counted(done)),
        };
        self.say(&format!("  {}{DIM}{how}{DIM:#}", step.title));
    }

    fn ended(&self, _step: &StepId, host: &str, how: Ended<'_>, took: Duration) {
        let host = if host == CONTROLLER {
            "controller"
        } else {
            host
        };
        let line = match how {
            Ended::Done { changes: 0 } => {
                format!("    ok       {host} {DIM}{}{DIM:#}", seconds(took))
            }
            Ended::Done { .. } => {
                format!(
                    "    {GREEN}changed{GREEN:#}  {host} {DIM}{}{DIM:#}",
                    seconds(took)
                )
            }
            Ended::Failed(error) => {
                format!(
                    "    {RED}FAILED{RED:#}   {host}: {}",
                    harmless(&error.to_string())
                )
            }
        };
        self.say(&line);
    }

    fn command(&self, number: u64, host: &str, line: &str) {
        self.state()
            .running
            .insert(number, (host.to_owned(), line.to_owned(), Instant::now()));
        if self.verbose {
            self.say(&format!("{DIM}      {host}$ {}{DIM:#}", shorten(line, 200)));
        }
    }

    fn output(&self, _number: u64, _host: &str, _stream: Stream, _bytes: &[u8]) {}

    fn command_ended(&self, number: u64, _host: &str) {
        self.state().running.remove(&number);
    }

    fn note(&self, level: Level, host: Option<&str>, text: &str) {
        let place = host.map(|host| format!("{host}: ")).unwrap_or_default();
        for line in harmless(text).lines() {
            match level {
                Level::Note => self.say(&format!("    {place}{line}")),
                Level::Warning => {
                    self.say(&format!("    {YELLOW}warning:{YELLOW:#} {place}{line}"));
                }
            }
        }
    }

    fn table(&self, header: &[String], rows: &[Vec<String>]) {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(comfy_table::presets::NOTHING)
            .set_header(header)
            .add_rows(rows);
        // A table is a result: it goes to standard output.
        let _ = writeln!(anstream::stdout(), "\n{}", table.trim_fmt());
        self.state().spoke = Instant::now();
    }

    fn waiting(&self, what: &str, since: Duration, limit: Duration) {
        if self.state().spoke.elapsed() >= SILENCE {
            self.say(&format!(
                "{DIM}      waiting for {what}: {} s of at most {} s{DIM:#}",
                since.as_secs(),
                limit.as_secs()
            ));
        }
    }
}

fn counted(hosts: &[&str]) -> String {
    match hosts {
        [one] => (*one).to_owned(),
        many => format!("{} hosts", many.len()),
    }
}

/// `text` without what would move the cursor or colour the terminal: hosts print what they like.
pub fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// The first line of `text`, cut to `width` characters.
fn shorten(text: &str, width: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= width && line.len() == text.len() {
        return line.to_owned();
    }
    let cut: String = line.chars().take(width).collect();
    format!("{cut}...")
}

/// Prints `error` as a screen: the sentence, `place` and its excerpt, the details, the hint.
pub fn error_screen(error: &Error, places: &[String], excerpt: &[String], resume: Option<&str>) {
    let mut out = anstream::stderr();
    let mut say = |line: String| {
        let _ = writeln!(out, "{line}");
    };
    say(format!(
        "\n{RED}error:{RED:#} {}",
        harmless(&error.to_string())
    ));
    for (depth, place) in places.iter().enumerate() {
        say(format!(
            "  {} {place}",
            if depth == 0 { "-->" } else { "  in" }
        ));
        if depth == 0 {
            for line in excerpt {
                say(format!("   {line}"));
            }
        }
    }
    for line in error.details() {
        say(format!("  {}", harmless(&line)));
    }
    if let Some(hint) = &error.hint {
        say(format!("{BOLD}hint:{BOLD:#} {hint}"));
    }
    if let Some(command) = resume {
        say(format!("{BOLD}next:{BOLD:#} {command}"));
    }
}
