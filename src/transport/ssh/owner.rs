//! A connection's session and everything that happens on it, as one value: whoever holds it, a
//! caller or the background thread (see `link`), moves it on.
//!
//! It keeps one channel open in advance: the next command then costs one round trip instead of two,
//! and an idle connection has something to read from, so that the server's own keepalive questions
//! are answered and its end is noticed.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use socket2::Socket;
use ssh2::{BlockDirections, Channel, ErrorCode, Session};

use super::super::Refusal;
use super::super::dialogue::NoStatus;
use super::super::sys::{self, POLLERR, POLLHUP, POLLIN, POLLOUT};
use super::dial::Way;
use super::intake::Intake;
use super::jump::ProxyCommand;
use super::link::{Ending, Event, Request, Signals, Start};
use super::running::{AGAIN, Running, Turn};

/// libssh2's "the server opens no further channel".
const CHANNEL_FAILURE: ErrorCode = ErrorCode::Session(-21);
/// OpenSSH's `MaxSessions`.
const CHANNELS: usize = 10;
/// How often the server is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// So many questions in a row without an answer mean that it is not: after 90 s.
const UNANSWERED: u32 = 6;
/// How long to wait before asking for a channel again that was refused; doubled each time.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a server may refuse a first channel: it puts away a finished command a little late.
const PATIENCE: Duration = Duration::from_secs(3);
const BUFFER: usize = 32 * 1024;

/// The channel opened in advance.
enum Spare {
    None,
    Opening,
    Ready(Channel),
}

/// A server that opens no further channel: there are others, or it has not yet put away the last.
#[derive(Clone, Copy)]
struct Refused {
    since: Instant,
    again: Instant,
    pause: Duration,
}

pub(super) struct Owner {
    session: Session,
    socket: Arc<Socket>,
    requests: Receiver<Request>,
    signals: Arc<Signals>,
    waiting: VecDeque<Start>,
    running: Vec<Running>,
    closing: Vec<Channel>,
    spare: Spare,
    /// Ends with the connection.
    through: Option<ProxyCommand>,
    /// The server's refusals to open another channel, since it last opened one.
    refused: Option<Refused>,
    asked: Instant,
    unanswered: u32,
    /// A command has ended.
    accustomed: bool,
    callers_gone: bool,
    buffer: Vec<u8>,
    /// Last, because the session reads through it until it is gone.
    intake: Intake,
}

impl Owner {
    pub(super) fn new(way: Way, requests: Receiver<Request>, signals: Arc<Signals>) -> Self {
        let intake = Intake::of(&way.session);
        let _ = way.socket.set_tcp_cork(true);
        way.session.set_keepalive(true, KEEPALIVE.as_secs() as u32);
        Self {
            session: way.session,
            socket: way.socket,
            requests,
            signals,
            waiting: VecDeque::new(),
            running: Vec::new(),
            closing: Vec::new(),
            spare: Spare::None,
            through: way.through,
            refused: None,
            asked: Instant::now(),
            unanswered: 0,
            accustomed: false,
            callers_gone: false,
            buffer: vec![0; BUFFER],
            intake,
        }
    }

    /// Does everything that can be done without waiting.
    ///
    /// # Errors
    /// The connection is over; [`Owner::end`] is next.
    pub(super) fn work(&mut self) -> io::Result<()> {
        self.take_requests();
        if self.callers_gone {
            return Err(io::Error::other("nobody needs the connection any longer"));
        }
        self.round()
    }

    /// Takes note that nobody has watched the socket for a while.
    pub(super) fn attend(&self) {
        self.intake.may_have_ended();
    }

    /// How many commands are under way, or wait to be.
    pub(super) fn commands(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    fn take_requests(&mut self) {
        loop {
            let request = self.requests.try_recv();
            if request.is_ok() {
                self.signals.queued.fetch_sub(1, Ordering::SeqCst);
            }
            match request {
                Ok(Request::Start(start)) => self.waiting.push_back(*start),
                Ok(Request::Input { id, piece }) => {
                    if let Some(running) = self.running.iter_mut().find(|it| it.id == id) {
                        running.more_input(piece);
                    }
                }
                Ok(Request::Abandon { id }) => {
                    self.waiting.retain(|it| it.id != id);
                    if let Some(running) = self.running.iter_mut().find(|it| it.id == id) {
                        running.abandon();
                    }
                }
                Err(TryRecvError::Empty) => return,
                Ok(Request::Quit) | Err(TryRecvError::Disconnected) => {
                    self.callers_gone = true;
                    return;
                }
            }
        }
    }

    fn round(&mut self) -> io::Result<()> {
        loop {
            let before = self.intake.count();
            let mut moved = self.start_waiting()?;
            let mut at = 0;
            while at < self.running.len() {
                match self.running[at].turn(&mut self.buffer)? {
                    Turn::Waiting => at += 1,
                    Turn::Moved => {
                        moved = true;
                        at += 1;
                    }
                    Turn::Over => {
                        moved = true;
                        self.accustomed = true;
                        self.closing.push(self.running.remove(at).into_channel());
                    }
                }
            }
            moved |= self.close();
            moved |= self.open()?;
            if self.intake.count() != before {
                self.unanswered = 0;
            } else if !moved {
                return Ok(());
            }
        }
    }

    fn start_waiting(&mut self) -> io::Result<bool> {
        if self.waiting.is_empty() || !self.spare_lives()? {
            return Ok(false);
        }
        let spare = std::mem::replace(&mut self.spare, Spare::None);
        let (Spare::Ready(channel), Some(start)) = (spare, self.waiting.pop_front()) else {
            return Ok(false);
        };
        self.running.push(Running::new(start, channel));
        Ok(true)
    }

    /// Whether there is an open spare channel; takes in what has arrived, which is what answers an
    /// idle server and notices its end before a command is sent into it.
    fn spare_lives(&mut self) -> io::Result<bool> {
        let Spare::Ready(channel) = &mut self.spare else {
            return Ok(false);
        };
        match channel.read(&mut self.buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
            Ok(_) if channel.eof() => {
                let spare = std::mem::replace(&mut self.spare, Spare::None);
                if let Spare::Ready(channel) = spare {
                    self.closing.push(channel);
                }
                Ok(false)
            }
            Ok(_) => Ok(true),
        }
    }

    /// Closes what is over, as far as the server has confirmed it.
    fn close(&mut self) -> bool {
        let before = self.closing.len();
        self.closing
            .retain_mut(|channel| matches!(channel.close(), Err(error) if error.code() == AGAIN));
        let closed = self.closing.len() != before;
        if closed && let Some(refused) = &mut self.refused {
            refused.again = Instant::now();
        }
        closed
    }

    /// Opens the next channel, if there may be one.
    fn open(&mut self) -> io::Result<bool> {
        let others = self.running.len() + self.closing.len();
        let now = Instant::now();
        match self.spare {
            Spare::Ready(_) => return self.spare_lives().map(|_| false),
            Spare::None if others >= CHANNELS => return Ok(false),
            Spare::None => {
                // Without any channel nothing can be read: then it is tried for its own sake.
                let wanted = !self.waiting.is_empty() || others == 0;
                if self.refused.is_some_and(|it| !wanted || now < it.again) {
                    return Ok(false);
                }
            }
            Spare::Opening => {}
        }
        match self.session.channel_session() {
            Ok(channel) => {
                self.spare = Spare::Ready(channel);
                self.refused = None;
                Ok(true)
            }
            Err(error) if error.code() == AGAIN => {
                self.spare = Spare::Opening;
                Ok(false)
            }
            Err(error) if error.code() == CHANNEL_FAILURE => {
                self.spare = Spare::None;
                let (since, pause) = match self.refused {
                    Some(refused) if others == 0 => (refused.since, refused.pause * 2),
                    Some(refused) => (now, refused.pause * 2),
                    None => (now, PAUSE),
                };
                let pause = pause.min(LONGEST_PAUSE);
                self.refused = Some(Refused {
                    since,
                    again: now + pause,
                    pause,
                });
                if others == 0 && now > since + PATIENCE {
                    self.refuse_waiting();
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells everybody who waits that the server opens no channel at all.
    fn refuse_waiting(&mut self) {
        for start in self.waiting.drain(..) {
            let why = NoStatus::Refused(
                Refusal::Start,
                "the SSH server opens no session (see `MaxSessions` in its sshd_config)".to_owned(),
            );
            // The first event of a caller always fits.
            let _ = start
                .events
                .try_send(vec![Event::Ended(Ending::NoStatus(why))]);
        }
    }

    /// Sleeps until the socket or a caller has something, at most `limit`, or the server has to be
    /// asked.
    ///
    /// # Errors
    /// As [`Owner::work`].
    pub(super) fn sleep(&mut self, limit: Duration) -> io::Result<()> {
        let now = Instant::now();
        if now >= self.asked + KEEPALIVE {
            self.asked = now;
            // While a caller does not take its output, an answer may lie unread behind it.
            if !self.running.iter().any(Running::stalled) {
                self.unanswered += 1;
            }
            match self.session.keepalive_send() {
                Err(error) if error.code() != AGAIN => return Err(error.into()),
                Ok(_) | Err(_) => {}
            }
        }
        if self.unanswered > UNANSWERED {
            let secs = UNANSWERED * KEEPALIVE.as_secs() as u32;
            return Err(io::Error::other(format!(
                "the server has not answered for {secs} s"
            )));
        }
        let reads = !matches!(self.spare, Spare::None)
            || !self.running.is_empty()
            || !self.closing.is_empty();
        let mut events = if reads { POLLIN } else { 0 };
        if let BlockDirections::Outbound | BlockDirections::Both = self.session.block_directions() {
            events |= POLLOUT;
        }
        let mut fds = [
            sys::waits_for(self.socket.as_raw_fd(), events),
            sys::waits_for(self.signals.bell.as_raw_fd(), POLLIN),
        ];
        let mut until = (self.asked + KEEPALIVE).min(now + limit);
        if let (Some(refused), Spare::None) = (self.refused, &self.spare)
            && (!reads || !self.waiting.is_empty())
        {
            until = until.min(refused.again);
        }
        for held_until in self.running.iter().filter_map(Running::held_until) {
            until = until.min(held_until);
        }
        let limit = until.saturating_duration_since(now);
        self.push();
        sys::poll(&mut fds, Some(limit))?;
        if fds[1].revents != 0 {
            self.signals.bell.silence();
        }
        if fds[0].revents & (POLLERR | POLLHUP) != 0 && !reads {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        if fds[0].revents & (POLLIN | POLLERR | POLLHUP) != 0 {
            self.intake.may_be_ready();
        }
        Ok(())
    }

    /// Lets what was written go, and be answered, at once.
    fn push(&mut self) {
        // The socket is corked: all that a round writes travels as one packet, when this is called.
        // A proxy's socket is no TCP: it refuses, and needs none of this.
        let _ = self.socket.set_tcp_nodelay(true);
        // Until its first session sshd waits for an acknowledgement before it sends a further small
        // packet, and Linux would delay it by 40 ms. It forgets this after each use.
        if !self.accustomed {
            let _ = self.socket.set_tcp_quickack(true);
        }
    }

    /// Ends the connection, and tells every caller, because of `reason`. Never waits.
    pub(super) fn end(&mut self, reason: &str) {
        self.signals.dead.store(true, Ordering::SeqCst);
        if self.callers_gone {
            // Politeness; the socket is closed right after in any case.
            let _ = self.session.disconnect(None, "bye", None);
        }
        // Nothing that libssh2 does from here on may wait for the peer.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        self.through = None;
        self.spare = Spare::None;
        self.closing.clear();
        for running in self.running.drain(..) {
            running.connection_lost(reason);
        }
        self.turn_away();
        self.signals.orderly.store(true, Ordering::SeqCst);
    }

    /// Tells those who ask for a command after the end, because they found the connection alive a
    /// moment before, that it was not sent.
    pub(super) fn turn_away(&mut self) {
        self.take_requests();
        for start in self.waiting.drain(..) {
            start.valve.leave(vec![Event::Ended(Ending::NotSent)]);
        }
    }
}
