//! The journal's share of the CPU time of a run: the whole downgrade on the simulated cluster `ha`.
//!
//!     cargo bench --bench journal
//!
//! The run is a process of its own, as an operator starts it. Its records are then written to a journal
//! once more, as that run did, and read back, as `resume` does. `docs/journal.md` says what is aimed at.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use ocpdg::journal::{self, Event, Journal, Record, Summary};

/// As ocpdg has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/scripts/downgrade_3_9_to_3_7.rhai"
);

fn main() {
    // `cargo test --benches` runs this, too, and wants no measurement.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let state = tempfile::tempdir().expect("there is a directory for the journal");
    let whole = (0..5).map(|_| downgrade(state.path())).min();
    let whole = whole.expect("it was measured");
    let runs = journal::list(&state.path().join("ocpdg/simulated"), None).expect("they are listed");
    let (records, _) = runs[0].read().expect("it is sound");
    let events: Vec<Event> = records
        .into_iter()
        .map(|record: Record| record.event)
        .collect();

    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    let mut group = criterion.benchmark_group("journal of ha, CPU");
    group.sampling_mode(SamplingMode::Flat);
    let mut least = Duration::MAX;
    group.bench_function("write", |bencher| {
        bencher.iter_custom(|times| {
            let took: Vec<Duration> = (0..times).map(|_| write(events.clone())).collect();
            least = took.iter().copied().min().unwrap_or(least).min(least);
            took.iter().sum()
        });
    });
    group.bench_function("read", |bencher| bencher.iter(|| read(&runs[0])));
    group.finish();
    println!(
        "{} records; the journal takes {:.1} % of the run",
        events.len(),
        100.0 * least.as_secs_f64() / whole.as_secs_f64()
    );
    criterion.final_summary();
}

/// The CPU time of a whole run on `ha` with its journal below `state`.
fn downgrade(state: &Path) -> Duration {
    fs::remove_dir_all(state.join("ocpdg")).ok();
    let before = used(libc::RUSAGE_CHILDREN);
    let status = Command::new(env!("CARGO_BIN_EXE_ocpdg"))
        .args(["run", "--sim", "ha", SCRIPT, "--yes"])
        .env("XDG_STATE_HOME", state)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("ocpdg starts");
    assert!(status.success(), "{status}");
    used(libc::RUSAGE_CHILDREN) - before
}

/// The CPU time of writing `events`, as a run on simulated hosts does.
fn write(events: Vec<Event>) -> Duration {
    let root = tempfile::tempdir().expect("there is a directory for the journal");
    let mut events = events.into_iter();
    let first = events.next().expect("a run has events");
    let before = used(libc::RUSAGE_SELF);
    let journal = Journal::create(root.path(), "cluster", |_| first).expect("it begins");
    journal.relax();
    for event in events {
        journal.append(event).expect("it is written");
    }
    let took = used(libc::RUSAGE_SELF) - before;
    drop(journal);
    took
}

fn read(run: &Summary) -> usize {
    run.read().expect("it is sound").0.len()
}

/// The CPU time so far, of this process or of those it started that have ended.
fn used(by: libc::c_int) -> Duration {
    // SAFETY: all-zero bytes are a valid `rusage`, and the call fills it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(by, &mut usage);
        usage
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs())
            + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}
