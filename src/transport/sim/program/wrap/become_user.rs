//! `runuser`, `su` and `sudo`: a command as another user.

use super::{command, run};
use crate::transport::sim::environment::Environment;
use crate::transport::sim::machine::Sudo;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::users::{Accounts, User};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("runuser", runuser), ("su", su), ("sudo", sudo)];

/// The environment that belongs to a user.
fn dress(environment: &mut Environment, user: &User) {
    for (name, value) in [
        ("HOME", &user.home),
        ("USER", &user.name),
        ("LOGNAME", &user.name),
        ("SHELL", &user.shell),
    ] {
        environment.insert(name, value.clone());
    }
}

fn runuser(process: &mut Process<'_>, argv: &[String]) -> Ended {
    if !process.is_root() {
        return process.fail(
            1,
            format_args!("{}: may not be used by non-root users", argv[0]),
        );
    }
    let by_user = argv
        .iter()
        .any(|word| word == "-u" || word.starts_with("--user"));
    if !by_user {
        return su(process, argv);
    }
    let options = Options::parse(process, "+u:/user: g:/group:", argv)?;
    if options.has("g") {
        return process.unmodelled("runuser -g");
    }
    let name = options.value("u").unwrap_or_default();
    let words = command(&options);
    if words.is_empty() {
        return process.unmodelled("runuser -u without a command");
    }
    let accounts = Accounts::of(process);
    let Some(user) = accounts.users.iter().find(|user| user.name == name) else {
        return process.fail(
            1,
            format_args!("{}: user {name} does not exist", options.name),
        );
    };
    let mut inner = process.clone();
    inner.user = user.name.as_str().into();
    run(&mut inner, options.name, &words)
}

fn su(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "l/login c:/command: s:/shell: m/preserve-environment p";
    let options = Options::parse(process, table, argv)?;
    if !process.is_root() {
        return process.unmodelled(format_args!("{} by a user that is not root", options.name));
    }
    let mut words = options.words.clone();
    let mut login = options.has("l");
    if words.first() == Some(&"-") {
        login = true;
        words.remove(0);
    }
    let name = if words.is_empty() {
        "root"
    } else {
        words.remove(0)
    };
    let (Some(text), true) = (options.value("c"), words.is_empty()) else {
        return process.unmodelled(format_args!("{} without one -c", options.name));
    };
    let accounts = Accounts::of(process);
    let Some(user) = accounts.users.iter().find(|user| user.name == name) else {
        return process.fail(
            1,
            format_args!("{}: user {name} does not exist", options.name),
        );
    };
    let shell = options.value("s").unwrap_or(&user.shell);
    if shell.ends_with("/nologin") {
        process.line("This account is currently not available.")?;
        return Ok(1);
    }
    let mut inner = process.clone();
    inner.user = user.name.as_str().into();
    if login {
        inner
            .environment
            .retain(|name| matches!(name, "TERM" | "LANG" | "PATH"));
        inner.directory.clone_from(&user.home);
    }
    if login || !(options.has("m") || options.has("p")) {
        dress(&mut inner.environment, user);
    }
    run(
        &mut inner,
        options.name,
        &[shell.to_owned(), "-c".to_owned(), text.to_owned()],
    )
}

fn sudo(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "+n/non-interactive u:/user: H/set-home E/preserve-env k",
        argv,
    )?;
    let mut words = command(&options);
    let mut inner = process.clone();
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        inner.environment.insert(name.to_owned(), value.to_owned());
        words.remove(0);
    }
    if words.is_empty() {
        return process.unmodelled("sudo without a command");
    }
    if !process.is_root() {
        let login = process.here().login.clone();
        let sudo = if login.user == *process.user {
            login.sudo
        } else {
            Sudo::Refused
        };
        match sudo {
            Sudo::Free => {}
            Sudo::Password(_) if options.has("n") => {
                return process.fail(1, "sudo: a password is required");
            }
            Sudo::Password(_) => return process.unmodelled("sudo that asks for a password"),
            Sudo::Refused => {
                let text = format!(
                    "{} is not in the sudoers file.  This incident will be reported.",
                    process.user
                );
                return process.fail(1, text);
            }
        }
    }
    let name = options.value("u").unwrap_or("root");
    let accounts = Accounts::of(process);
    let Some(user) = accounts.user(name) else {
        return process.fail(1, format_args!("sudo: unknown user: {name}"));
    };
    inner.user = user.name.as_str().into();
    dress(&mut inner.environment, user);
    if super::super::which(&inner, &words[0]).is_none() {
        return process.fail(1, format_args!("sudo: {}: command not found", words[0]));
    }
    run(&mut inner, "sudo", &words)
}
