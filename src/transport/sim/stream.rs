//! The streams of simulated programs, and what ends a program from outside.

use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

use super::files::{Bytes, Device, Errno};
use crate::transport::Stream;

/// What ends a program before it returns by itself.
#[derive(Debug)]
pub enum Halt {
    /// It ended with this status from deep inside.
    Exit(u8),
    /// A signal killed it.
    Signal(u8),
    /// It asked for something that the simulated cluster does not model: the words name it.
    Unmodelled(String),
    /// The command's time is over.
    Overdue,
    /// The whole run's time is over.
    Overspent,
    /// The operator interrupted.
    Interrupted,
    /// The controller does not take the output any more.
    Refused(std::io::Error),
    /// The connection, or the host, went away.
    Lost(String),
    /// It serves from now on, until it is ended.
    Serving(Serving),
}

/// What a daemon says of itself when it begins to serve.
#[derive(Debug)]
pub struct Serving {
    /// The program's name, as its file says it.
    pub program: String,
    /// Its words.
    pub argv: Vec<String>,
    /// The ports that it listens on.
    pub listens: Vec<u16>,
    /// Whether it is ready; a daemon that is not waits for something.
    pub ready: bool,
}

/// Where a program reads.
pub trait Source {
    /// Reads some bytes into `buffer`; 0 is the end.
    ///
    /// # Errors
    /// [`Halt`] when the controller's side fails.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt>;

    /// Reads at most so many bytes; none is the end.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn take(&mut self, most: usize) -> Result<Vec<u8>, Halt> {
        let mut taken = vec![0; most];
        let size = self.read(&mut taken)?;
        taken.truncate(size);
        Ok(taken)
    }

    /// Puts all that is still to be read at the end of `all`.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn read_all(&mut self, all: &mut Vec<u8>) -> Result<(), Halt> {
        let mut buffer = [0; 8 << 10];
        loop {
            match self.read(&mut buffer)? {
                0 => return Ok(()),
                size => all.extend_from_slice(&buffer[..size]),
            }
        }
    }
}

/// Where a program writes.
pub trait Sink {
    /// Takes all of `bytes`.
    ///
    /// # Errors
    /// [`Fault::Refused`] as the kernel refuses a write, [`Fault::Halt`] when nobody reads any more.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault>;
}

/// Why a write did not succeed.
#[derive(Debug)]
pub enum Fault {
    /// The kernel refuses it; the program can say so.
    Refused(Errno),
    /// It ends the program.
    Halt(Halt),
}

/// A source as several descriptors and processes share it.
pub type SharedSource<'a> = Rc<RefCell<dyn Source + 'a>>;
/// A sink as several descriptors and processes share it.
pub type SharedSink<'a> = Rc<RefCell<dyn Sink + 'a>>;

/// Bytes that are there already: a here-document, a pipe that was written, what a file held when it was opened.
#[derive(Debug, Default)]
pub struct Text {
    bytes: Bytes,
    at: usize,
}

impl Text {
    /// A source of `bytes`.
    pub fn shared<'a>(bytes: impl Into<Vec<u8>>) -> SharedSource<'a> {
        Self::of_file(Arc::new(bytes.into()))
    }

    /// A source of a file's content, which it shares with the file.
    pub fn of_file<'a>(bytes: Bytes) -> SharedSource<'a> {
        Rc::new(RefCell::new(Self { bytes, at: 0 }))
    }
}

impl Source for Text {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt> {
        let size = copy(&self.bytes[self.at..], buffer);
        self.at += size;
        Ok(size)
    }

    fn take(&mut self, most: usize) -> Result<Vec<u8>, Halt> {
        let taken = first(&self.bytes[self.at..], most).to_vec();
        self.at += taken.len();
        Ok(taken)
    }

    fn read_all(&mut self, all: &mut Vec<u8>) -> Result<(), Halt> {
        if self.at == 0 && all.is_empty() {
            // What nobody shares need not be copied.
            *all = Arc::unwrap_or_clone(std::mem::take(&mut self.bytes));
            return Ok(());
        }
        all.extend_from_slice(&self.bytes[self.at..]);
        self.at = self.bytes.len();
        Ok(())
    }
}

/// At most so many bytes of `rest`.
fn first(rest: &[u8], most: usize) -> &[u8] {
    &rest[..rest.len().min(most)]
}

/// Copies what fits of `rest` into `buffer`, and says how much that is.
fn copy(rest: &[u8], buffer: &mut [u8]) -> usize {
    let taken = first(rest, buffer.len());
    buffer[..taken.len()].copy_from_slice(taken);
    taken.len()
}

/// The controller's input.
pub struct FromController<'a> {
    input: &'a mut (dyn Read + Send),
    /// Where [`Source::take`] reads: a program asks for much again and again, and gets little.
    room: Vec<u8>,
}

impl<'a> FromController<'a> {
    /// A source of what `input` reads.
    pub fn shared(input: &'a mut (dyn Read + Send)) -> SharedSource<'a> {
        Rc::new(RefCell::new(Self {
            input,
            room: Vec::new(),
        }))
    }
}

impl Source for FromController<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt> {
        self.input.read(buffer).map_err(Halt::Refused)
    }

    fn take(&mut self, most: usize) -> Result<Vec<u8>, Halt> {
        let room = self.room.len().max(most);
        self.room.resize(room, 0);
        let size = self.input.read(&mut self.room[..most]);
        let size = size.map_err(Halt::Refused)?;
        Ok(self.room[..size].to_vec())
    }
}

/// One of the two outputs of the whole command.
pub struct ToController<'a> {
    /// Which.
    pub stream: Stream,
    /// Who takes both.
    pub taker: Rc<RefCell<&'a mut Taker<'a>>>,
}

/// Takes each piece of output.
pub type Taker<'a> = dyn FnMut(Stream, &[u8]) -> std::io::Result<()> + Send + 'a;

impl Sink for ToController<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut taker = self.taker.borrow_mut();
        taker(self.stream, bytes).map_err(|error| Fault::Halt(Halt::Refused(error)))
    }
}

/// A device as a source.
pub struct DeviceSource(pub Device);

impl Source for DeviceSource {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt> {
        match self.0 {
            Device::Null => return Ok(0),
            Device::Zero | Device::Full => buffer.fill(0),
            // Repeatable: nothing on a simulated host may depend on chance.
            Device::Random => {
                for (at, byte) in buffer.iter_mut().enumerate() {
                    *byte = (at.wrapping_mul(167).wrapping_add(13) >> 3) as u8;
                }
            }
        }
        Ok(buffer.len())
    }
}

/// A pipe: what is written is kept until the reader runs, after the writer has ended.
#[derive(Debug, Default)]
pub struct Pipe {
    bytes: Vec<u8>,
}

impl Pipe {
    /// So much fits. A writer that never ends is taken to have lost its reader then.
    pub const ROOM: usize = 256 << 20;

    /// What was written, taken out.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl Sink for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        const SIGPIPE: u8 = 13;
        if self.bytes.len() + bytes.len() > Self::ROOM {
            return Err(Fault::Halt(Halt::Signal(SIGPIPE)));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// A device as a sink.
pub struct DeviceSink(pub Device);

impl Sink for DeviceSink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match self.0 {
            Device::Full if !bytes.is_empty() => Err(Fault::Refused(Errno::NoSpace)),
            _ => Ok(()),
        }
    }
}
