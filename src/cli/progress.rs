//! Shows a run on standard error, line by line; never silent for long.

use std::io::{Write, stderr};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use super::work::{Work, shorten};
use crate::journal::StepId;
use crate::procedure::{CONTROLLER, Display, Ended, Level};
use crate::transport::Stream;

/// After this long without a line, the display says what is being waited for.
const SILENCE: Duration = Duration::from_secs(10);
/// The silence doubles each time that nothing but waiting was said, up to this.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

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
    work: Work,
    spoke: Instant,
    silence: Duration,
    /// Whether standard error shows colours.
    coloured: bool,
}

impl Progress {
    /// A display that speaks up by itself while things take long; `verbose` shows every command.
    pub fn start(verbose: bool) -> Arc<Self> {
        let progress = Arc::new(Self {
            state: Mutex::new(State {
                work: Work::default(),
                spoke: Instant::now(),
                silence: SILENCE,
                coloured: anstream::AutoStream::choice(&stderr()) != anstream::ColorChoice::Never,
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
        state.silence = SILENCE;
        state.say(line);
    }

    /// Says what is at work, if nothing was said for a while.
    fn break_silence(&self) {
        let mut state = self.state();
        if state.spoke.elapsed() < state.silence {
            return;
        }
        let lines = state.work.waits(Instant::now(), SILENCE);
        for line in &lines {
            state.say(&format!("{DIM}      {}{DIM:#}", harmless(line)));
        }
        if !lines.is_empty() {
            state.silence = (state.silence * 2).min(LONGEST_SILENCE);
        }
    }

    /// Says what an interrupt does now: what is waited for, and how not to wait.
    pub fn interrupted(&self) {
        let mut state = self.state();
        let lines = state.work.changing(Instant::now());
        if lines.is_empty() {
            return state.say(&format!(
                "\n{YELLOW}interrupted:{YELLOW:#} nothing new starts"
            ));
        }
        state.say(&format!(
            "\n{YELLOW}interrupted:{YELLOW:#} nothing new starts; what changes a host is let to its end:"
        ));
        for line in lines {
            state.say(&format!("      {}", harmless(&line)));
        }
        state.say("      press Ctrl-C again to leave at once; it may then go on alone");
    }

    /// Says what is left behind at a second interrupt.
    pub fn leaving(&self) {
        let mut state = self.state();
        let lines = state.work.changing(Instant::now());
        if lines.is_empty() {
            return;
        }
        state.say(&format!(
            "\n{YELLOW}leaving:{YELLOW:#} this may still run on its host; see that it has ended before you resume:"
        ));
        for line in lines {
            state.say(&format!("      {}", harmless(&line)));
        }
    }
}

impl State {
    fn say(&mut self, line: &str) {
        self.spoke = Instant::now();
        let mut text = match self.coloured {
            true => line.to_owned(),
            false => anstream::adapter::strip_str(line).to_string(),
        };
        text.push('\n');
        // Standard error may be gone (a closed terminal); the run and its journal go on.
        let _ = stderr().write_all(text.as_bytes());
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
        self.state().work.no_step();
        self.say(&format!("\n{BOLD}{title}{BOLD:#}"));
    }

    fn step(&self, step: &StepId, hosts: &[&str], done: &[&str]) {
        self.state().work.step(&step.title);
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

    fn step_ended(&self) {
        self.state().work.no_step();
    }

    fn ended(&self, _step: &StepId, host: &str, how: Ended<'_>, took: Duration) {
        self.state().work.settled(host);
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
            Ended::Failed(error) if error.is_stop() => {
                let why = error.to_string();
                let why = why.strip_prefix("stopped: ").unwrap_or(&why);
                format!("    {YELLOW}stopped{YELLOW:#}  {host}: {}", harmless(why))
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

    fn command(&self, number: u64, host: &str, line: &str, changes: bool) {
        self.state().work.started(number, host, line, changes);
        if self.verbose {
            let shown = harmless(&shorten(line, 200));
            self.say(&format!("{DIM}      {host}$ {shown}{DIM:#}"));
        }
    }

    fn output(&self, _number: u64, _host: &str, _stream: Stream, _bytes: &[u8]) {}

    fn command_ended(&self, number: u64, _host: &str) {
        self.state().work.ended(number);
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

    fn waiting(&self, host: Option<&str>, what: &str, since: Duration, limit: Duration) {
        let mut state = self.state();
        if state.spoke.elapsed() < state.silence {
            return;
        }
        let place = host.map(|host| format!("{host}: ")).unwrap_or_default();
        state.say(&format!(
            "{DIM}      {place}waiting for {} for {} s, at most {} s{DIM:#}",
            harmless(what),
            since.as_secs(),
            limit.as_secs()
        ));
        state.silence = (state.silence * 2).min(LONGEST_SILENCE);
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
