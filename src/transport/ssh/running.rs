//! One command on one channel, as whoever leads the connection moves it on.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use ssh2::{Channel, ErrorCode};

use super::super::dialogue::{Dialogue, NoStatus};
use super::super::{Refusal, Stream};
use super::link::{Ending, Event, Start, Valve};

/// libssh2's "would block".
pub(super) const AGAIN: ErrorCode = ErrorCode::Session(-37);
/// libssh2's "the server refused this request on the channel".
const REQUEST_DENIED: ErrorCode = ErrorCode::Session(-22);
/// libssh2's "the channel is closed".
const CHANNEL_CLOSED: ErrorCode = ErrorCode::Session(-26);

/// So many reads of one stream before the other channels have their turn.
const READS: usize = 32;

/// How long output is held back at most. Most commands end with their output: one message to the
/// caller then does for both, instead of waking it twice.
const LINGER: Duration = Duration::from_millis(5);
/// So much output makes a batch full.
const BATCH: usize = 128 * 1024;

/// What a turn of a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing could be done.
    Waiting,
    /// Something moved: another turn may find more.
    Moved,
    /// It is over, and its channel can be closed.
    Over,
}

/// A command that has a channel.
pub(super) struct Running {
    pub(super) id: u64,
    channel: Channel,
    dialogue: Dialogue,
    /// The line to execute, until the server has accepted it.
    line: Option<String>,
    announced: bool,
    /// What goes to its standard input next.
    input: Input,
    /// Bytes that go before its input: a password, the command itself.
    first: Vec<u8>,
    events: SyncSender<Vec<Event>>,
    valve: Arc<Valve>,
    /// What the caller has not been handed yet, and the size of the output in it.
    outbox: Vec<Event>,
    outbox_bytes: usize,
    held_since: Instant,
    /// The outbox holds what the caller has to act on.
    urgent: bool,
    /// The caller has not made room for the outbox yet.
    full: bool,
    /// The ending is in the outbox, or told.
    over: bool,
    abandoned: bool,
}

enum Input {
    /// There never was any.
    None,
    /// The piece being written, how much of it is, and the piece after it, once it is there.
    Piece {
        bytes: Vec<u8>,
        written: usize,
        next: Option<Vec<u8>>,
        asked: bool,
    },
    /// All is written; the end has to be told.
    Ending,
    /// All is told.
    Ended,
}

impl Running {
    pub(super) fn new(start: Start, channel: Channel) -> Self {
        let input = if start.piece.is_empty() {
            Input::None
        } else {
            Input::Piece {
                bytes: start.piece,
                written: 0,
                next: None,
                asked: false,
            }
        };
        Self {
            id: start.id,
            channel,
            line: Some(start.dialogue.line()),
            announced: !start.dialogue.waits_for_sudo(),
            dialogue: start.dialogue,
            input,
            first: Vec::new(),
            events: start.events,
            valve: start.valve,
            outbox: Vec::new(),
            outbox_bytes: 0,
            held_since: Instant::now(),
            urgent: false,
            full: false,
            over: false,
            abandoned: false,
        }
    }

    /// The channel, to be closed.
    pub(super) fn into_channel(self) -> Channel {
        self.channel
    }

    /// Takes the next piece of input; an empty one is its end.
    pub(super) fn more_input(&mut self, piece: Vec<u8>) {
        if let Input::Piece { next, .. } = &mut self.input {
            *next = Some(piece);
        }
    }

    /// Forgets the caller, who does not listen any longer.
    pub(super) fn abandon(&mut self) {
        self.abandoned = true;
    }

    /// Tells the caller that the connection is gone.
    pub(super) fn connection_lost(mut self, reason: &str) {
        // A status that is already here stays true.
        if !self.over {
            let ending = Ending::Lost(reason.to_owned());
            self.outbox.push(Event::Ended(ending));
        }
        // The caller finds it after everything that is on its way, when our sender is gone.
        self.valve.leave(self.outbox);
    }

    /// Does whatever can be done now without waiting.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) fn turn(&mut self, buffer: &mut [u8]) -> Result<Turn, io::Error> {
        if self.abandoned {
            return Ok(Turn::Over);
        }
        let due = self.held_until().is_some_and(|it| Instant::now() >= it);
        let handed_over = !(due || self.full) || self.flush();
        if self.over {
            return Ok(if handed_over {
                Turn::Over
            } else {
                Turn::Waiting
            });
        }
        if let Some(line) = &self.line {
            match self.channel.exec(line) {
                Ok(()) => self.line = None,
                Err(error) if error.code() == AGAIN => return Ok(Turn::Waiting),
                Err(error) if error.code() == REQUEST_DENIED => {
                    return Ok(self.finish(Ending::NoStatus(NoStatus::Refused(
                        Refusal::Start,
                        "the SSH server refuses to run commands".to_owned(),
                    ))));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut moved = false;
        for stream in [Stream::Stdout, Stream::Stderr] {
            moved |= self.receive(stream, buffer)?;
        }
        if let Some(ended) = self.dialogue.ended() {
            return Ok(self.finish(match ended {
                Ok(exit) => Ending::Exit(exit),
                Err(why) => Ending::NoStatus(why),
            }));
        }
        if self.channel.eof() {
            return Ok(self.finish(Ending::NoStatus(self.dialogue.cut_off())));
        }
        match self.dialogue.next_to_send() {
            Ok(Some(line)) => self.first.extend_from_slice(line.as_bytes()),
            Ok(None) => {}
            Err(why) => return Ok(self.finish(Ending::NoStatus(why))),
        }
        if !self.announced && self.dialogue.started() {
            self.announced = true;
            self.outbox.push(Event::Started);
            self.urgent = true;
        }
        moved |= self.send()?;
        if self.urgent {
            self.urgent = false;
            self.flush();
        }
        Ok(if moved { Turn::Moved } else { Turn::Waiting })
    }

    fn finish(&mut self, ending: Ending) -> Turn {
        self.over = true;
        self.outbox.push(Event::Ended(ending));
        if self.flush() {
            Turn::Over
        } else {
            Turn::Waiting
        }
    }

    /// Whether the caller is too slow for what has come.
    pub(super) fn stalled(&self) -> bool {
        self.full
    }

    /// Until when output is held back in the hope that the command's end comes with it.
    pub(super) fn held_until(&self) -> Option<Instant> {
        (!self.full && !self.outbox.is_empty()).then(|| self.held_since + LINGER)
    }

    /// Hands waiting events to the caller; false while the caller is too slow for them.
    fn flush(&mut self) -> bool {
        if self.outbox.is_empty() {
            return true;
        }
        let batch = match self.events.try_send(std::mem::take(&mut self.outbox)) {
            Err(TrySendError::Full(batch)) => batch,
            result => return self.flushed(result.is_ok()),
        };
        // Announced before the second try, so that a caller who made room meanwhile rings.
        self.valve.stalled.store(true, Ordering::SeqCst);
        match self.events.try_send(batch) {
            Err(TrySendError::Full(batch)) => {
                self.outbox = batch;
                self.full = true;
                false
            }
            result => self.flushed(result.is_ok()),
        }
    }

    fn flushed(&mut self, heard: bool) -> bool {
        self.outbox_bytes = 0;
        self.full = false;
        self.abandoned |= !heard;
        true
    }

    /// Reads one stream as far as the caller keeps up; whether anything came.
    fn receive(&mut self, stream: Stream, buffer: &mut [u8]) -> Result<bool, io::Error> {
        let mut moved = false;
        let mut source = match stream {
            Stream::Stdout => self.channel.stream(0),
            Stream::Stderr => self.channel.stderr(),
        };
        for _ in 0..READS {
            if self.outbox_bytes >= BATCH && !self.flush() {
                return Ok(moved);
            }
            let count = match source.read(buffer) {
                Ok(0) => return Ok(moved),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(moved),
                Err(error) => return Err(error),
            };
            moved = true;
            if self.outbox.is_empty() {
                self.held_since = Instant::now();
            }
            self.outbox_bytes += count;
            let outbox = &mut self.outbox;
            self.dialogue
                .received(stream, &buffer[..count], &mut |stream, piece| {
                    outbox.push(Event::Output(stream, piece.to_vec()));
                });
        }
        Ok(moved)
    }

    /// Writes what there is to write; whether anything went.
    fn send(&mut self) -> Result<bool, io::Error> {
        let mut moved = false;
        while !self.first.is_empty() {
            match write(&mut self.channel, &self.first)? {
                Some(count) => self.first.drain(..count),
                None => return Ok(moved),
            };
            moved = true;
        }
        while self.dialogue.takes_input() {
            match &mut self.input {
                Input::None | Input::Ended => break,
                Input::Ending => match self.channel.send_eof() {
                    Ok(()) => self.input = Input::Ended,
                    Err(error) if error.code() == AGAIN => break,
                    Err(error) if error.code() == CHANNEL_CLOSED => self.input = Input::Ended,
                    Err(error) => return Err(error.into()),
                },
                Input::Piece {
                    bytes,
                    written,
                    next,
                    asked,
                } => {
                    // Asked for early: the caller reads the next piece while this one travels.
                    if !*asked {
                        *asked = true;
                        self.outbox.push(Event::WantsInput);
                        self.urgent = true;
                    }
                    if *written == bytes.len() {
                        match next.take() {
                            None => break,
                            Some(piece) if piece.is_empty() => self.input = Input::Ending,
                            Some(piece) => {
                                (*bytes, *written, *asked) = (piece, 0, false);
                            }
                        }
                        moved = true;
                        continue;
                    }
                    match write(&mut self.channel, &bytes[*written..])? {
                        Some(count) => *written += count,
                        None => break,
                    }
                    moved = true;
                }
            }
        }
        Ok(moved)
    }
}

/// Writes a part of `bytes`; `None` if nothing can be written now, or ever: then the reading side
/// will tell.
fn write(channel: &mut Channel, bytes: &[u8]) -> Result<Option<usize>, io::Error> {
    if channel.eof() {
        return Ok(None);
    }
    match channel.write(bytes) {
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
