//! What we say to a remote shell, and how we read its answer.
//!
//! A command travels as the text of one `sh -c`, and that shell frames the command's output:
//!
//! ```text
//!            stdout                          stderr
//!   noise of .bashrc, banners       noise, sudo's prompt and refusals
//!   TOKEN                           TOKEN              the command starts
//!   the command's output            its error output
//!   TOKEN 0 ;                       TOKEN 0 ;          it ended, with status 0
//! ```
//!
//! The token is random for each command. Only its second coming proves that the command ended:
//! libssh2 reports status 0 for a channel that was closed without one, and for a signal death. A
//! token is never spelled whole in the text itself, so that an echoing shell (`set -x` in a
//! `.bashrc`) cannot be mistaken for an answer.
//!
//! A dialogue does no input or output of its own: the transports pass bytes in and out.
//!
//! Environment values and long commands go over standard input, as one line that the shell reads
//! and evaluates, because its command line is visible to every user of the host (`ps`) and limited
//! to 128 KiB by the kernel. The price is one system call per byte there.

use super::framing::{Side, State};
use super::quote::quote;
use super::sys;
use super::{Body, Command, Exit, Failure, Refusal, Stream};

/// Longer commands go over standard input.
const LONGEST_WORD: usize = 16 * 1024;
/// Where programs live that a non-login shell may not look for by itself.
const PATH: &str = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

/// How to become root, if at all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Become<'a> {
    /// Run as who we are.
    No,
    /// Through sudo, with its password if it asks for one and we have one.
    Sudo(Option<&'a str>),
}

/// Why a command ended, or did not start, without a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoStatus {
    /// It did not start.
    Refused(Refusal, String),
    /// It started; nothing more is known.
    Unknown(String),
}

impl NoStatus {
    /// The failure of `command` on `host` that it comes to.
    pub(super) fn of(self, host: &str, command: &Command) -> Failure {
        let host = host.to_owned();
        match self {
            Self::Refused(refusal, reason) => Failure::NotStarted {
                host,
                refusal,
                reason,
            },
            Self::Unknown(reason) => Failure::Lost {
                host,
                command: command.line(),
                reason,
            },
        }
    }
}

/// One command's conversation with its shell.
pub(super) struct Dialogue {
    token: String,
    prompt: String,
    password: Option<String>,
    password_given: bool,
    script: String,
    /// What to feed the shell before the command's own input; taken once.
    preamble: Option<String>,
    sudo: bool,
    stdout: Side,
    stderr: Side,
}

impl Dialogue {
    /// A dialogue that runs `command`; `has_input` says whether input will follow.
    ///
    /// # Errors
    /// A command that no shell can run.
    pub(super) fn new(
        command: &Command,
        has_input: bool,
        becoming: Become<'_>,
    ) -> Result<Self, NoStatus> {
        check(command)?;
        // A colon only at the beginning: what looks like a beginning cannot overlap another.
        let (head, tail) = (":ocpdg-", sys::unpredictable());
        let token = format!("{head}{tail}");
        let body = match &command.body {
            Body::Argv(_) => format!("exec {}", command.line()),
            Body::Shell(text) => format!("exec sh -c {}", quote(text)),
        };
        let exports: String = command
            .env
            .iter()
            .map(|(name, value)| format!("export {name}={};", quote(value)))
            .collect();
        let mut inside = format!("{exports}{body}");
        let mut preamble = None;
        // `$_n` is a newline: one line must hold it all, and a csh takes none inside quotes.
        let newline = inside.contains('\n');
        if newline {
            inside = inside.replace('\n', "'\"$_n\"'");
        }
        if !exports.is_empty() || inside.len() > LONGEST_WORD {
            preamble = Some(format!("{inside}\n"));
            inside = "eval \"$_c\"".to_owned();
        }
        let script = format!(
            "exec 9>&2 2>/dev/null;printf %s%s {head} {tail};printf %s%s {head} {tail} >&9;\
             {newline}{read}PATH=${{PATH:+$PATH:}}{PATH};export PATH;({inside}) 2>&9 9>&-{stdin};_s=$?;\
             printf '%s%s%d;' {head} {tail} $_s;printf '%s%s%d;' {head} {tail} $_s >&9",
            newline = if newline {
                "_n=$(printf '\\nx');_n=${_n%x};"
            } else {
                ""
            },
            read = if preamble.is_some() {
                "IFS= read -r _c;"
            } else {
                ""
            },
            stdin = if has_input { "" } else { " </dev/null" },
        );
        let (sudo, password) = match becoming {
            Become::No => (false, None),
            Become::Sudo(password) => (true, password.map(str::to_owned)),
        };
        Ok(Self {
            // Only sudo sees it, in its arguments.
            prompt: match password {
                Some(_) => format!("[{}]", sys::unpredictable()),
                None => String::new(),
            },
            token,
            password,
            password_given: false,
            script,
            preamble,
            sudo,
            stdout: Side::default(),
            stderr: Side::default(),
        })
    }

    /// The program and arguments that start the dialogue on this machine.
    pub(super) fn words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        if self.sudo {
            words.extend(["sudo", "-H", "-u", "root"]);
            match self.password {
                Some(_) => words.extend(["-S", "-p", &self.prompt]),
                None => words.push("-n"),
            }
            words.push("--");
        }
        words.extend(["sh", "-c", &self.script]);
        words
    }

    /// The text that starts the dialogue in whatever shell the login user has.
    pub(super) fn line(&self) -> String {
        let words: Vec<_> = self.words().into_iter().map(quote).collect();
        format!("exec {}", words.join(" "))
    }

    /// Takes in `bytes` of `stream`; hands the command's own output to `output`.
    pub(super) fn received(
        &mut self,
        stream: Stream,
        bytes: &[u8],
        output: &mut dyn FnMut(Stream, &[u8]),
    ) {
        let side = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        side.received(self.token.as_bytes(), bytes, &mut |piece| {
            output(stream, piece);
        });
    }

    /// What has to be sent now, before any of the command's input.
    ///
    /// # Errors
    /// sudo refused the password.
    pub(super) fn next_to_send(&mut self) -> Result<Option<String>, NoStatus> {
        if self.started() {
            return Ok(self.preamble.take());
        }
        let Some(password) = &self.password else {
            // Nobody but our own shell reads the input: it need not be waited for.
            return Ok(self.preamble.take());
        };
        let noise = &self.stderr.held;
        let Some(at) = sys::find(noise, self.prompt.as_bytes()) else {
            return Ok(None);
        };
        if self.password_given {
            return Err(refused("sudo does not accept the password"));
        }
        self.password_given = true;
        let line = format!("{password}\n");
        let end = at + self.prompt.len();
        self.stderr.held.drain(..end);
        Ok(Some(line))
    }

    /// Whether the command's own input may be sent: nobody else would read it.
    pub(super) fn takes_input(&self) -> bool {
        self.preamble.is_none() && (self.password.is_none() || self.started())
    }

    /// Whether the shell said that it starts the command.
    pub(super) fn started(&self) -> bool {
        !matches!(self.stdout.state, State::Before) || !matches!(self.stderr.state, State::Before)
    }

    /// How the command ended, once the shell has said so on both streams.
    pub(super) fn ended(&self) -> Option<Result<Exit, NoStatus>> {
        let (State::Ended, State::Ended) = (&self.stdout.state, &self.stderr.state) else {
            return None;
        };
        let status = std::str::from_utf8(&self.stdout.held)
            .ok()
            .and_then(|digits| digits.parse::<u8>().ok());
        Some(match status {
            // A shell reports signal n as 128 + n. A program that exits with such a status by
            // itself says the same, and nothing tells the two apart from outside.
            Some(code @ 129..=192) => Ok(Exit::Signal(code - 128)),
            Some(code) => Ok(Exit::Status(code)),
            None => Err(NoStatus::Unknown(
                "the remote shell reported a status that is no number".to_owned(),
            )),
        })
    }

    /// What it means that both streams are at their end without [`Dialogue::ended`].
    pub(super) fn cut_off(&self) -> NoStatus {
        if self.started() {
            return NoStatus::Unknown(
                "the remote shell went away without reporting a status".to_owned(),
            );
        }
        let said = self.said();
        if self.sudo {
            return refused(explain_sudo(&said, self.password.is_some()));
        }
        let said = if said.is_empty() {
            "it said nothing".to_owned()
        } else {
            format!("it said: {said}")
        };
        NoStatus::Refused(
            Refusal::Start,
            format!("the login shell ended before the command began; {said}"),
        )
    }

    /// Whether nothing has come that could be waited for: neither start nor prompt.
    pub(super) fn waits_for_sudo(&self) -> bool {
        self.sudo && !self.started()
    }

    /// What came before the start, as one printable line.
    pub(super) fn said(&self) -> String {
        let mut said = String::new();
        for held in [&self.stderr.held, &self.stdout.held] {
            for line in String::from_utf8_lossy(held).lines() {
                let line: String = line.chars().filter(|c| !c.is_control()).collect();
                if line.trim().is_empty() || said.len() > 300 {
                    continue;
                }
                if !said.is_empty() {
                    said.push_str("; ");
                }
                said.extend(line.trim().chars().take(200));
            }
        }
        said
    }
}

fn refused(reason: impl Into<String>) -> NoStatus {
    NoStatus::Refused(Refusal::Become, reason.into())
}

/// Refuses what no program can be given.
pub(super) fn check(command: &Command) -> Result<(), NoStatus> {
    let refuse = |reason: String| Err(NoStatus::Refused(Refusal::Start, reason));
    match &command.body {
        Body::Argv(argv) => match argv.first() {
            None => return refuse("the command is empty".to_owned()),
            Some(program) if program.is_empty() || program.starts_with('-') => {
                return refuse(format!("`{program}` is no program's name"));
            }
            Some(_) => {}
        },
        Body::Shell(_) => {}
    }
    for (name, value) in &command.env {
        let mut bytes = name.bytes();
        let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        if !bytes.next().is_some_and(letter)
            || !bytes.all(|byte| letter(byte) || byte.is_ascii_digit())
        {
            return refuse(format!("`{name}` is no environment variable's name"));
        }
        if value.contains('\0') {
            return refuse(format!(
                "the value of environment variable `{name}` holds a NUL byte"
            ));
        }
    }
    let holds_nul = match &command.body {
        Body::Argv(argv) => argv.iter().any(|word| word.contains('\0')),
        Body::Shell(text) => text.contains('\0'),
    };
    if holds_nul {
        return refuse("it holds a NUL byte, which no program can be given".to_owned());
    }
    Ok(())
}

/// What sudo's refusal means, in our words: its own may be long, and hold the whole script.
fn explain_sudo(said: &str, with_password: bool) -> String {
    let has = |text: &str| said.contains(text);
    if has("must have a tty") || has("no tty present and no askpass") && !has("password") {
        "sudoers says `requiretty`, so sudo works only on a terminal; add `Defaults:USER !requiretty` there".to_owned()
    } else if has("not in the sudoers file") || has("may not run sudo") {
        "the login user is not in sudoers".to_owned()
    } else if has("is not allowed to") {
        "sudoers does not allow the login user to run `sh` as root".to_owned()
    } else if has("password is required") || has("no password was provided") || has("askpass") {
        if with_password {
            "sudo does not accept the password".to_owned()
        } else {
            "sudo asks for a password, and none is given".to_owned()
        }
    } else if has("incorrect password") || has("try again") {
        "sudo does not accept the password".to_owned()
    } else if has("not found") || has("No such file") {
        "sudo is not installed there".to_owned()
    } else if said.is_empty() {
        "sudo ended without a word".to_owned()
    } else {
        format!("sudo said: {said}")
    }
}
