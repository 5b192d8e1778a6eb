//! The form of a journal on disk: cut at any byte, of another version, of another cluster.

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use ocpdg::journal::{FORMAT, Reader, Summary};
use program::{Place, entries};
use sha2::{Digest, Sha256};

/// The journal of the only run on simulated hosts in `place`.
fn simulated(place: &Place) -> PathBuf {
    let cluster = &entries(&place.path("state/ocpdg/simulated"))[0];
    let run = entries(cluster).into_iter().find(|path| path.is_dir());
    run.expect("it left a run").join("journal.jsonl")
}

/// The run whose journal lies at `path`.
fn summary(path: &Path) -> Summary {
    let directory = path.parent().expect("below its run");
    let name = |path: &Path| {
        let name = path.file_name().expect("a name");
        name.to_string_lossy().into_owned()
    };
    Summary {
        run: name(directory),
        cluster: name(directory.parent().expect("below its cluster")),
        directory: directory.to_owned(),
    }
}

#[test]
fn a_whole_run_cut_at_every_byte_loses_no_whole_record() {
    let place = Place::new();
    let seen = place.ocpdg(&["run", "--sim", "aio", "downgrade_3_9_to_3_7", "--yes"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let path = simulated(&place);
    let bytes = fs::read(&path).expect("it can be read");
    let (whole, torn) = summary(&path).read().expect("it is sound");
    assert_eq!(torn, None);
    assert!(whole.len() > 500, "{} records", whole.len());

    // Byte by byte, so that each length is one step from the length before it.
    let mut reader = Reader::new(&path);
    let mut records = Vec::new();
    let mut lines = 0;
    let mut sampled = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        let more = reader.feed(&[*byte]).expect("a cut is no damage");
        lines += usize::from(*byte == b'\n');
        records.extend(more);
        assert_eq!(records.len(), lines, "after {at}");
        assert_eq!(reader.history().records(), lines as u64, "after {at}");
        assert_eq!(reader.torn().is_none(), *byte == b'\n', "after {at}");
        if (*byte == b'\n' && lines % 100 == 0) || at % 20_011 == 0 {
            sampled.extend([at.saturating_sub(1), at, at + 1, at + 2]);
        }
    }
    assert_eq!(records, whole);

    // What a resume reads is the same: the file, cut there.
    for length in sampled.into_iter().filter(|length| *length <= bytes.len()) {
        fs::write(&path, &bytes[..length]).expect("it can be written");
        let lines = bytes[..length]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        match summary(&path).read() {
            Ok((records, torn)) => {
                assert_eq!(records, whole[..lines], "at {length}");
                assert_eq!(torn.is_none(), bytes[length - 1] == b'\n', "at {length}");
            }
            Err(error) => {
                assert_eq!(lines, 0, "at {length}: {error}");
                assert!(error.to_string().contains("no whole record"), "{error}");
            }
        }
    }
}

/// The lines of `bodies`, each with its checksum.
fn lines(bodies: &[String]) -> String {
    let mut chain = String::new();
    let mut text = String::new();
    for body in bodies {
        let digest = Sha256::digest(format!("{chain}{body}"));
        chain = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        text.push_str(&format!("{chain} {body}\n"));
    }
    text
}

/// The journal of `place`'s only run without its checksums.
fn bodies(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.journal()).expect("it can be read");
    let body = |line: &str| line.split_once(' ').expect("a checksum").1.to_owned();
    text.lines().map(body).collect()
}

fn failed() -> Place {
    let place = Place::new();
    assert_eq!(place.run("throw \"stop\";\n").status, 1);
    place
}

#[test]
fn a_journal_without_a_format_is_of_the_first() {
    let place = failed();
    let mut bodies = bodies(&place);
    let format = format!("\"format\":{FORMAT},");
    assert!(bodies[0].contains(&format), "{}", bodies[0]);
    bodies[0] = bodies[0].replace(&format, "");
    fs::write(place.journal(), lines(&bodies)).expect("it can be written");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(seen.stderr.contains("resuming run"), "{}", seen.stderr);
}

#[test]
fn a_newer_format_is_refused_with_both_and_what_to_do() {
    let place = failed();
    let known = bodies(&place);
    let newer = |body: &str| {
        body.replace(&format!("\"format\":{FORMAT},"), "\"format\":9,")
            .replace(env!("CARGO_PKG_VERSION"), "7.0.0")
    };
    // Of a known form, of an unknown form, and resumed by a newer version.
    let unknown = newer(&known[0]).replace("\"inventory\"", "\"hosts_file\"");
    let resumed = "{\"number\":3,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"resumed\",\
        \"format\":9,\"version\":\"7.0.0\",\"who\":\"me\"}";
    let first = |body: String| [&[body], &known[1..]].concat();
    for (what, bodies) in [
        ("known", first(newer(&known[0]))),
        ("unknown", first(unknown)),
        ("resumed", [&known[..], &[resumed.to_owned()]].concat()),
    ] {
        let text = lines(&bodies);
        fs::write(place.journal(), &text).expect("it can be written");
        let run = summary(&place.journal()).run;
        let seen = place.ocpdg(&["resume", &run]);
        assert_eq!(seen.status, 1, "{what}: {}", seen.stderr);
        insta::assert_snapshot!("a_newer_format", seen.screen());
        let after = fs::read_to_string(place.journal()).expect("it can be read");
        assert_eq!(after, text, "{what}: it was touched");
    }
}

#[test]
fn a_whole_line_that_is_not_understood_is_not_cut_off() {
    let place = failed();
    let mut bodies = bodies(&place);
    bodies
        .push("{\"number\":3,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"surprise\"}".to_owned());
    let text = lines(&bodies);
    fs::write(place.journal(), &text).expect("it can be written");
    let seen = place.ocpdg(&["resume", &summary(&place.journal()).run]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(
        seen.stderr.contains("line 3 cannot be read"),
        "{}",
        seen.stderr
    );
    let after = fs::read_to_string(place.journal()).expect("it can be read");
    assert_eq!(after, text);
}

#[test]
fn a_journal_of_another_cluster_is_refused() {
    let place = failed();
    let run = summary(&place.journal());
    let elsewhere = place.path("state/ocpdg/0123456789ab").join(&run.run);
    fs::create_dir_all(elsewhere.parent().expect("a cluster")).expect("it can be made");
    fs::rename(&run.directory, &elsewhere).expect("it can be moved");
    let seen = place.ocpdg(&["resume", &run.run]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    insta::assert_snapshot!(seen.screen());
}
