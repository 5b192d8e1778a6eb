//! Ways through others: a jump host's forwarded channel, or a proxy command, each made to look like
//! a socket.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use socket2::Socket;
use ssh2::{BlockDirections, Channel};

use super::super::Refusal;
use super::super::sys::{self, POLLIN, POLLOUT};
use super::NoWay;
use super::dial::{Deadline, Way};
use super::target::Target;

const STACK: usize = 256 * 1024;
const BUFFER: usize = 32 * 1024;
/// How long a pump sleeps at most; its work never depends on it.
const NAP: Duration = Duration::from_secs(60);

fn no_way(reason: String) -> NoWay {
    NoWay::new(Refusal::Unreachable, reason)
}

/// A socket that leads from `hop`, which is logged in, to the address of `target`.
///
/// # Errors
/// The jump host cannot reach it, or forwards nothing.
pub(super) fn through(
    mut hop: Way,
    hop_name: &str,
    target: &Target,
    deadline: &Deadline,
) -> Result<Socket, NoWay> {
    let (host, port) = (target.address.as_str(), target.port);
    let channel = hop
        .drive(deadline, |session| {
            session.channel_direct_tcpip(host, port, None)
        })
        .map_err(|error| {
            no_way(format!(
                "the jump host `{hop_name}` does not connect us to {host}:{port}: {error}"
            ))
        })?;
    let pump = || -> io::Result<Socket> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        std::thread::Builder::new()
            .name(format!("jump {hop_name}"))
            .stack_size(STACK)
            .spawn(move || {
                // However it ends, the far side of our socket sees it end.
                let _ = pump(&hop, channel, &theirs);
                let _ = theirs.shutdown(Shutdown::Both);
                let _ = hop.socket.shutdown(Shutdown::Both);
            })?;
        Ok(Socket::from(OwnedFd::from(ours)))
    };
    pump().map_err(|error| no_way(format!("no way through `{hop_name}`: {error}")))
}

/// Carries bytes between `channel` and `inner` until one of them ends.
fn pump(hop: &Way, mut channel: Channel, mut inner: &UnixStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let (mut outward, mut inward) = (Vec::new(), Vec::new());
    loop {
        let mut moved = false;
        if outward.is_empty() {
            match inner.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => outward.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if !outward.is_empty() {
            moved |= advance(&mut outward, |bytes| channel.write(bytes))?;
        }
        // Reading comes last: writing takes in what has arrived, too, where `poll` cannot see it.
        if inward.is_empty() {
            match channel.read(&mut buffer) {
                Ok(0) if channel.eof() => return Ok(()),
                Ok(count) => inward.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if !inward.is_empty() {
            moved |= advance(&mut inward, |bytes| inner.write(bytes))?;
        }
        if moved {
            continue;
        }
        let directions = hop.session.block_directions();
        let blocked = matches!(
            directions,
            BlockDirections::Outbound | BlockDirections::Both
        );
        let mut inner_events = 0;
        if outward.is_empty() {
            inner_events |= POLLIN;
        }
        if !inward.is_empty() {
            inner_events |= POLLOUT;
        }
        let hop_events = if blocked { POLLIN | POLLOUT } else { POLLIN };
        // While the inner side takes nothing, what comes from the hop has to wait.
        let hop_events = if inward.is_empty() || !outward.is_empty() {
            hop_events
        } else {
            hop_events & !POLLIN
        };
        let mut fds = [
            sys::waits_for(hop.socket.as_raw_fd(), hop_events),
            sys::waits_for(inner.as_raw_fd(), inner_events),
        ];
        sys::poll(&mut fds, Some(NAP))?;
        // A hop behind another hop is no TCP socket: it refuses, and needs none.
        let _ = hop.socket.set_tcp_quickack(true);
    }
}

/// Writes from the front of `bytes`; whether any went.
fn advance(
    bytes: &mut Vec<u8>,
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<bool> {
    match write(bytes) {
        Ok(count) => {
            bytes.drain(..count);
            Ok(count > 0)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// A proxy command that runs; dropping it ends it.
pub(super) struct ProxyCommand {
    child: Child,
    words: std::fs::File,
}

impl ProxyCommand {
    /// Starts `command`; returns it, and the socket that leads through it.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn start(command: &str) -> Result<(Self, Socket), NoWay> {
        let start = || -> io::Result<(Self, Socket)> {
            let (ours, theirs) = UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            // A file and no pipe: nobody has to read along.
            let words = tempfile::tempfile()?;
            let child = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("exec {command}"))
                .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
                .stdout(Stdio::from(OwnedFd::from(theirs)))
                .stderr(Stdio::from(words.try_clone()?))
                // Ctrl-C is for us alone.
                .process_group(0)
                .spawn()?;
            Ok((Self { child, words }, Socket::from(OwnedFd::from(ours))))
        };
        start().map_err(|error| no_way(format!("the proxy command cannot be started: {error}")))
    }

    /// What it has written to standard error, as one line.
    pub(super) fn said(&self) -> String {
        let mut words = &self.words;
        let mut text = Vec::new();
        let read = words
            .seek(SeekFrom::Start(0))
            .and_then(|_| words.take(2000).read_to_end(&mut text));
        if read.is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.chars().filter(|c| !c.is_control()).collect())
            .collect();
        lines.join("; ")
    }
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        if let Ok(group) = i32::try_from(self.child.id()) {
            sys::signal_group(group, libc::SIGTERM);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
