//! `echo`, `printf`, `test` and `[`: as the programs, in the shell's words.

use super::super::super::program::{echo, printf, test};
use super::super::Flow;
use super::super::state::Shell;
use super::Builtin;
use super::is_name;

pub(super) const BUILTINS: &[(&str, Builtin)] = &[
    ("echo", |shell, argv| {
        Ok(echo::write(&mut shell.process, &argv[1..])?)
    }),
    ("printf", print),
    ("test", check),
    ("[", check),
];

fn print(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (variable, words) = match argv.get(1).map(String::as_str) {
        Some("-v") => (argv.get(2), argv.get(3..).unwrap_or_default()),
        Some("--") => (None, &argv[2..]),
        _ => (None, &argv[1..]),
    };
    let Some((format, words)) = words.split_first() else {
        return shell.failed("printf", 2, "usage: printf [-v var] format [arguments]");
    };
    let printed = printf::format(format, words);
    let printed = match printed {
        Ok(printed) => printed,
        Err(what) => return Ok(shell.process.unmodelled(what)?),
    };
    match variable {
        None => shell.process.write(&printed.bytes)?,
        Some(name) if is_name(name) => match String::from_utf8(printed.bytes) {
            Ok(text) => shell.assign(name, &text)?,
            Err(_) => shell
                .process
                .unmodelled("printf -v of bytes that are no text")?,
        },
        Some(name) => {
            return shell.failed("printf", 2, format!("`{name}': not a valid identifier"));
        }
    }
    for complaint in &printed.complaints {
        shell.complain("printf", complaint)?;
    }
    Ok(u8::from(!printed.complaints.is_empty()))
}

fn check(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
    match test::evaluate(&shell.process, &argv[0], &words) {
        Ok(is) => Ok(u8::from(!is)),
        Err(test::Wrong::Text(text)) => shell.failed(&argv[0], 2, text),
        Err(test::Wrong::Unmodelled(what)) => Ok(shell.process.unmodelled(what)?),
    }
}
