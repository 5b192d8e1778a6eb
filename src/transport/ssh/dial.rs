//! From an address to a session that is logged in.

use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockAddr, Socket, TcpKeepalive, Type};
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};

use super::super::sys::{self, POLLIN, POLLOUT};
use super::super::{Refusal, interrupt};
use super::jump::{self, ProxyCommand};
use super::known_hosts::{KnownHosts, Verdict};
use super::running::AGAIN;
use super::target::{Proxy, Target};
use super::{NoWay, Options, auth};

/// A connection that is logged in, in non-blocking mode.
pub(super) struct Way {
    pub(super) session: Session,
    pub(super) socket: Arc<Socket>,
    /// The process that the socket leads through, if any; it ends with the connection.
    pub(super) through: Option<ProxyCommand>,
}

/// Key types that a server may show, in order of preference: without certificates, which we do
/// not verify.
const KEY_TYPES: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// Connects to `target`, checks its key, and logs in.
///
/// # Errors
/// Which door was shut, and what was seen there.
pub(super) fn login(target: &Target, options: &Options) -> Result<Way, NoWay> {
    let (socket, through) = match &target.proxy {
        Proxy::None => (
            tcp(target, &Deadline::after(options.connect_timeout))?,
            None,
        ),
        Proxy::Jump(hop) => {
            let way = login(hop, options).map_err(|why| NoWay {
                reason: format!(
                    "on the way there, at the jump host `{}`: {}",
                    hop.name, why.reason
                ),
                ..why
            })?;
            let deadline = Deadline::after(options.connect_timeout);
            (jump::through(way, &hop.name, target, &deadline)?, None)
        }
        Proxy::Command(command) => {
            let (proxy, socket) = ProxyCommand::start(command)?;
            (socket, Some(proxy))
        }
    };
    let deadline = Deadline::after(options.connect_timeout);
    over(Arc::new(socket), through, target, options, &deadline)
}

/// Speaks SSH with `target` over `socket`.
fn over(
    socket: Arc<Socket>,
    through: Option<ProxyCommand>,
    target: &Target,
    options: &Options,
    deadline: &Deadline,
) -> Result<Way, NoWay> {
    let unreachable = |reason: String| NoWay::new(Refusal::Unreachable, reason);
    let mut session =
        Session::new().map_err(|error| unreachable(format!("libssh2 does not start: {error}")))?;
    session.set_tcp_stream(Arc::clone(&socket));
    session.set_blocking(false);
    let known = KnownHosts::read(target)?;
    session
        .method_pref(MethodType::HostKey, &known.preference(&KEY_TYPES))
        .map_err(|error| unreachable(format!("no host key type is usable: {error}")))?;
    let mut way = Way {
        session,
        socket,
        through,
    };
    way.drive(deadline, Session::handshake)
        .map_err(|error| explain_handshake(&error, &way, target))?;
    let Some((key, _)) = way.session.host_key() else {
        return Err(unreachable("the server showed no host key".to_owned()));
    };
    match known.judge(key) {
        Verdict::Known => {}
        Verdict::New(reason) => {
            if !target.accept_new_host_keys {
                return Err(NoWay::new(Refusal::UnknownHostKey, reason));
            }
            known.add(key)?;
        }
        Verdict::Wrong(reason) => return Err(NoWay::new(Refusal::WrongHostKey, reason)),
    }
    auth::login(&mut way, target, options, deadline)?;
    Ok(way)
}

fn explain_handshake(error: &ssh2::Error, way: &Way, target: &Target) -> NoWay {
    let at = format!("{}:{}", target.address, target.port);
    let reason = match error.code() {
        // "Unable to exchange encryption keys", "no common algorithm".
        ErrorCode::Session(-5 | -33) => format!(
            "{at} and we have no algorithm in common ({error}); SHA-1 and `ssh-rsa` are not offered, \
             so servers before OpenSSH 7.2 need an ed25519 or ecdsa host key"
        ),
        // "Failed getting banner", "socket disconnect".
        ErrorCode::Session(-13 | -43) if way.session.banner().is_none() => {
            format!("{at} accepted the connection, but closed it without an SSH greeting ({error})")
        }
        ErrorCode::Session(-2) => format!("{at} does not speak SSH ({error})"),
        _ => format!("the SSH handshake with {at} failed: {error}"),
    };
    let said = way.through.as_ref().map(ProxyCommand::said);
    let reason = match said.filter(|said| !said.is_empty()) {
        Some(said) => format!("{reason}; the proxy command said: {said}"),
        None => reason,
    };
    NoWay::new(Refusal::Unreachable, reason)
}

/// A moment at which patience ends.
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self {
            at: Instant::now() + limit,
            limit,
        }
    }

    /// The same patience, from now: an operator who types a passphrase is not a slow server.
    pub(super) fn again(&self) -> Self {
        Self::after(self.limit)
    }

    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    fn secs(&self) -> f64 {
        self.limit.as_secs_f64()
    }
}

impl Way {
    /// Repeats `step` until it does something else than wait for the peer.
    ///
    /// # Errors
    /// What `step` returns; "timeout" at `deadline` or on an interrupt.
    pub(super) fn drive<T>(
        &mut self,
        deadline: &Deadline,
        mut step: impl FnMut(&mut Session) -> Result<T, ssh2::Error>,
    ) -> Result<T, ssh2::Error> {
        // libssh2's LIBSSH2_ERROR_TIMEOUT.
        let timeout = |what| ssh2::Error::new(ErrorCode::Session(-9), what);
        loop {
            match step(&mut self.session) {
                Err(error) if error.code() == AGAIN => {}
                result => return result,
            }
            let left = deadline.left();
            if left.is_zero() {
                return Err(timeout("no answer in time"));
            }
            if interrupt::requested() {
                return Err(timeout("interrupted"));
            }
            let events = match self.session.block_directions() {
                BlockDirections::Outbound => POLLOUT,
                BlockDirections::Both => POLLIN | POLLOUT,
                BlockDirections::None | BlockDirections::Inbound => POLLIN,
            };
            let mut fds = [sys::waits_for(self.socket.as_raw_fd(), events)];
            if sys::poll(&mut fds, Some(left.min(super::TICK))).is_err() {
                return Err(timeout("the system cannot wait for it"));
            }
            // A proxy's socket is no TCP: it refuses, and needs none.
            let _ = self.socket.set_tcp_quickack(true);
        }
    }
}

/// A TCP connection to `target`, trying all its addresses in turn.
fn tcp(target: &Target, deadline: &Deadline) -> Result<Socket, NoWay> {
    let unreachable = |reason: String| NoWay::new(Refusal::Unreachable, reason);
    let (host, port) = (&target.address, target.port);
    let addresses: Vec<SocketAddr> = (host.as_str(), port)
        .to_socket_addrs()
        .map_err(|error| unreachable(format!("the name `{host}` cannot be resolved: {error}")))?
        .collect();
    let mut reasons = Vec::new();
    for address in &addresses {
        match tcp_to(*address, deadline) {
            Ok(socket) => return Ok(socket),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                reasons.push(format!("{address}: no answer within {} s", deadline.secs()));
            }
            Err(error) => reasons.push(format!("{address}: {error}")),
        }
    }
    if reasons.is_empty() {
        reasons.push(format!("the name `{host}` has no address"));
    }
    Err(unreachable(reasons.join("; ")))
}

fn tcp_to(address: SocketAddr, deadline: &Deadline) -> std::io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    let left = deadline.left();
    if left.is_zero() {
        return Err(std::io::ErrorKind::TimedOut.into());
    }
    socket.connect_timeout(&SockAddr::from(address), left)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_quickack(true)?;
    // A dead network shows after 30 s with data under way, after about a minute without.
    socket.set_tcp_user_timeout(Some(Duration::from_secs(30)))?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(Duration::from_secs(30))
            .with_interval(Duration::from_secs(10))
            .with_retries(3),
    )?;
    Ok(socket)
}
