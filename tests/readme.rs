//! The run that README.md begins with, against a real one.

#[path = "support/dialogue.rs"]
mod dialogue;
#[path = "support/program.rs"]
mod program;

use std::io::Read;
use std::process::{Command, ExitStatus};

use dialogue::Dialogue;
use program::Place;

/// The first indented block of the page, without its indent.
fn first_block(page: &str) -> Vec<&str> {
    page.lines()
        .skip_while(|line| !line.starts_with("    "))
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .filter(|line| !line.is_empty())
        .map(|line| &line[4..])
        .collect()
}

/// The id of the run, which ends the line `run ID completed; ...`.
fn id<'a>(lines: &[&'a str]) -> &'a str {
    let last = lines.last().expect("a run says something");
    last.split(' ').nth(1).expect("the last line names the run")
}

/// Runs `command` in the sources, with both its outputs on one screen.
fn at_one_screen(mut command: Command) -> (ExitStatus, String) {
    let (mut reader, writer) = std::io::pipe().expect("a pipe can be made");
    let mut child = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(writer.try_clone().expect("a pipe has more than one writer"))
        .stderr(writer)
        .spawn()
        .expect("it runs");
    drop(command); // and with it the writers of this process
    let mut screen = String::new();
    reader.read_to_string(&mut screen).expect("it says text");
    (child.wait().expect("it ends"), screen)
}

#[test]
fn the_run_on_the_first_screen_is_a_real_one() {
    let page = include_str!("../README.md");
    let block = first_block(page);
    let (command, shown) = block.split_first().expect("README.md shows a run");
    let words = command
        .strip_prefix("$ cargo run --release --locked -- ")
        .expect("it is run from the sources")
        .split(' ')
        .collect::<Vec<_>>();

    let place = Place::new();
    let (status, screen) = at_one_screen(place.command(&words));
    assert!(status.success(), "{screen}");
    let said = screen
        .lines()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>();

    // The shown lines follow each other, but where `...` stands for some that are left out.
    let mut rest = &said[..];
    for part in shown.split(|line| *line == "...") {
        let part = part
            .iter()
            .map(|line| line.replace(id(shown), id(&said)))
            .collect::<Vec<_>>();
        let at = rest
            .windows(part.len().max(1))
            .position(|lines| part.is_empty() || lines == part)
            .unwrap_or_else(|| {
                panic!("README.md shows what the run did not say:\n{part:#?}\n{screen}")
            });
        rest = &rest[at + part.len()..];
    }
    assert!(
        rest.is_empty(),
        "README.md ends before the run does: {rest:#?}"
    );
}

/// The indented block below the heading `title`, without its indent.
fn block_of<'a>(page: &'a str, title: &str) -> Vec<&'a str> {
    let at = page.find(title).expect("README.md has that section");
    first_block(&page[at..])
}

/// `line` without what differs from run to run, and from place to place.
fn timeless(line: &str) -> String {
    let mut filtered = String::new();
    let mut digits = 0;
    for c in line.chars() {
        match c {
            '0'..='9' => digits += 1,
            _ => {
                if digits > 0 {
                    filtered.push('N');
                }
                digits = 0;
                filtered.push(c);
            }
        }
    }
    if digits > 0 {
        filtered.push('N');
    }
    let before = |text: &str, mark: &str| text.split(mark).next().map(str::to_owned);
    // Who and where it was.
    for mark in ["the journal is ", "its process died: "] {
        if line.contains(mark) {
            let whose = filtered.find("; its last").map_or("", |at| &filtered[at..]);
            return before(&filtered, mark).unwrap_or_default() + mark + whose;
        }
    }
    filtered
}

#[test]
fn the_site_file_is_one_that_the_downgrade_completes_with() {
    let page = include_str!("../README.md");
    let at = page
        .find("## Change the procedure")
        .expect("README.md has that section");
    let text = page[at..]
        .lines()
        .skip_while(|line| !line.starts_with("    "))
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .collect::<Vec<_>>();
    let place = Place::new();
    place.write("site.rhai", &text.join("\n"));
    let seen = place.ocpdg(&[
        "run",
        "--sim",
        "ha",
        "--lib",
        ".",
        "downgrade_3_9_to_3_7",
        "--yes",
    ]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(
        seen.stderr
            .contains("remove the Docker excluder on 5 hosts"),
        "{}",
        seen.stderr
    );
    assert!(
        seen.stderr.contains("/mnt/backup/ocpdg/"),
        "{}",
        seen.stderr
    );
}

#[test]
fn the_dialogue_is_a_real_one() {
    let page = include_str!("../README.md");
    let block = block_of(page, "## By hand");
    let is_prompt = |line: &str| {
        let (prompt, _) = line.split_once("> ")?;
        let (_, answered) = prompt.rsplit_once(' ')?;
        let mut numbers = answered.split('/').map(str::parse::<u32>);
        (numbers.next()?.is_ok() && numbers.next()?.is_ok()).then_some(())
    };
    let words: Vec<&str> = block[0].split(' ').skip(2).collect();
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &words);
    let mut said = vec![block[0].to_owned()];
    let mut prompt = "masters 0/3> ".to_owned();
    for line in block[1..].iter().filter(|line| is_prompt(line).is_some()) {
        let (_, typed) = line.split_once("> ").expect("a prompt ends so");
        said.push(format!("{prompt}{typed}"));
        if typed == ":quit" {
            dialogue.line(typed);
            let (seen, _) = dialogue.end();
            said.extend(seen.lines().skip(1).map(str::to_owned));
            break;
        }
        let seen = dialogue.ask(typed);
        let mut lines: Vec<String> = seen.lines().map(str::to_owned).collect();
        prompt = lines.pop().unwrap_or_default();
        if !prompt.ends_with(' ') {
            prompt.push(' ');
        }
        said.extend(lines);
    }
    let tidy = |lines: Vec<String>| -> String {
        let lines = lines.iter().filter(|line| !line.is_empty());
        lines.map(|line| timeless(line) + "\n").collect()
    };
    let shown = block.iter().map(ToString::to_string).collect();
    assert_eq!(tidy(said), tidy(shown));
}

#[test]
fn the_interrupted_run_is_a_real_one() {
    let page = include_str!("../README.md");
    let block = block_of(page, "## When it is interrupted");
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in block {
        match line.strip_prefix("$ ") {
            Some(command) => blocks.push((command, Vec::new())),
            None => blocks
                .last_mut()
                .expect("it begins with a command")
                .1
                .push(line),
        }
    }
    let place = Place::new();
    place.write(
        "hosts",
        "[masters]\nmaster-1 ansible_connection=local ansible_become=false\n[etcd]\nmaster-1\n[nodes]\nmaster-1\n",
    );
    for (command, shown) in blocks {
        let words: Vec<&str> = command.split(' ').collect();
        let said = match &words[..] {
            ["cat", file] => {
                place.write(file, &(shown.join("\n") + "\n"));
                continue;
            }
            ["ocpdg", "run", ..] => {
                let running = place.start(&words[1..]);
                std::thread::sleep(std::time::Duration::from_millis(1500));
                running.signal(libc::SIGKILL);
                running.end().stderr + "Killed\n"
            }
            _ => {
                let seen = place.ocpdg(&words[1..]);
                seen.stdout + &seen.stderr
            }
        };
        let directory = format!("{}/", place.path("").display()).replace("//", "/");
        let said: Vec<String> = said
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| timeless(&line.replace(&directory, "")))
            .collect();
        let shown: Vec<String> = shown.iter().map(|line| timeless(line)).collect();
        assert_eq!(said, shown, "{command}");
    }
}
