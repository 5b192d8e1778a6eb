//! The streams of simulated programs, and what ends a program from outside.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read;
use std::rc::Rc;

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

/// Bytes that are there already: a here-document, a file's content, a pipe that was written.
#[derive(Debug, Default)]
pub struct Text {
    bytes: VecDeque<u8>,
}

impl Text {
    /// A source of `bytes`.
    pub fn shared<'a>(bytes: impl Into<Vec<u8>>) -> SharedSource<'a> {
        Rc::new(RefCell::new(Self {
            bytes: bytes.into().into(),
        }))
    }
}

impl Source for Text {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt> {
        self.bytes.read(buffer).map_err(Halt::Refused)
    }
}

/// What a file held when it was opened, shared with the file.
pub struct Content {
    bytes: Bytes,
    at: usize,
}

impl Content {
    /// A source of `bytes`.
    pub fn shared<'a>(bytes: Bytes) -> SharedSource<'a> {
        Rc::new(RefCell::new(Self { bytes, at: 0 }))
    }
}

impl Source for Content {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt> {
        let rest = &self.bytes[self.at..];
        let size = rest.len().min(buffer.len());
        buffer[..size].copy_from_slice(&rest[..size]);
        self.at += size;
        Ok(size)
    }
}

/// The controller's input.
pub struct FromController<'a>(pub &'a mut (dyn Read + Send));

impl Source for FromController<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Halt> {
        self.0.read(buffer).map_err(Halt::Refused)
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
