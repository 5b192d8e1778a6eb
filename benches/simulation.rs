//! What the simulated cluster costs, in CPU time: building it, and the whole downgrade on it.
//!
//!     cargo bench --bench simulation                     # building, aio, ha, large:200
//!     cargo bench --bench simulation -- --large          # and large:2000, which takes minutes
//!
//! A whole run is a process of its own, as an operator starts it; what counts is its CPU time, so that a
//! busy machine matters little. `docs/simulation-speed.md` says what is aimed at.

use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode};
use ocpdg::transport::sim::build::{Description, build};

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/scripts/downgrade_3_9_to_3_7.rhai"
);

fn main() {
    let words: Vec<String> = std::env::args().collect();
    // `cargo test --benches` runs this, too, and wants no measurement.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let mut clusters = vec!["aio", "ha", "large:200"];
    if words.iter().any(|word| word == "--large") {
        clusters.push("large:2000");
    }
    // The arguments are ours: `--large` is none of criterion's.
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    building(&mut criterion, &clusters);
    running(&mut criterion, &clusters);
    criterion.final_summary();
}

fn building(criterion: &mut Criterion, clusters: &[&str]) {
    let mut group = criterion.benchmark_group("build");
    group.sampling_mode(SamplingMode::Flat);
    for name in clusters {
        let description = Description::shipped(name).expect("the cluster is shipped");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| build(&description).expect("the cluster is built"));
        });
    }
}

fn running(criterion: &mut Criterion, clusters: &[&str]) {
    let mut group = criterion.benchmark_group("downgrade, CPU");
    group.sampling_mode(SamplingMode::Flat);
    for name in clusters {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| downgrade(name)).sum());
        });
    }
}

/// The CPU time of a whole run on the cluster called `name`.
fn downgrade(name: &str) -> Duration {
    let state = tempfile::tempdir().expect("there is a directory for the journal");
    let before = children();
    let status = Command::new(env!("CARGO_BIN_EXE_ocpdg"))
        .args(["run", "--sim", name, SCRIPT, "--yes"])
        .env("XDG_STATE_HOME", state.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("ocpdg starts");
    assert!(status.success(), "{name}: {status}");
    children() - before
}

/// The CPU time of all child processes that have ended.
fn children() -> Duration {
    // SAFETY: all-zero bytes are a valid `rusage`, and the call fills it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs())
            + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}
