//! Reads from the socket for libssh2, no more often than it has to be.
//!
//! Any libssh2 call first tries to read whatever has arrived, for all channels: with its own reading,
//! that is thirty system calls per command that find nothing. Ours remembers that the socket is dry
//! until `poll` says otherwise. It also counts: what belongs to another channel is kept in memory,
//! where `poll` cannot see it, so one may only sleep after a round in which nothing was read.
//!
//! libssh2 has a hook for this, which `ssh2` does not wrap.

use std::cell::Cell;

use ssh2::Session;

/// What is known about a session's socket.
#[derive(Default)]
struct State {
    received: Cell<u64>,
    dry: Cell<bool>,
    /// Read until there is nothing at all: the end of the stream may stand behind the data.
    thorough: Cell<bool>,
}

/// The reading side of one session. It has to outlive the session.
pub(super) struct Intake(Box<State>);

const CALLBACK_RECV: libc::c_int = 6;

unsafe extern "C" {
    fn libssh2_session_callback_set2(
        session: *mut libssh2_sys::LIBSSH2_SESSION,
        kind: libc::c_int,
        callback: Option<unsafe extern "C" fn()>,
    ) -> Option<unsafe extern "C" fn()>;
}

type Receive = unsafe extern "C" fn(
    libc::c_int,
    *mut libc::c_void,
    libc::size_t,
    libc::c_int,
    *mut *mut libc::c_void,
) -> libc::ssize_t;

/// Reads from `socket` as libssh2 itself would: returns the count, or a negative error number.
///
/// # Safety
/// Only libssh2 calls it, with its own socket, a buffer of `length` bytes, and the place where
/// [`Intake::of`] has left the address of a [`State`].
unsafe extern "C" fn receive(
    socket: libc::c_int,
    buffer: *mut libc::c_void,
    length: libc::size_t,
    flags: libc::c_int,
    place: *mut *mut libc::c_void,
) -> libc::ssize_t {
    // SAFETY: see above; the state lives as long as its session, whose lock the caller holds.
    let state = unsafe { &*(*place).cast_const().cast::<State>() };
    if state.dry.get() {
        return -(libc::EAGAIN as libc::ssize_t);
    }
    // SAFETY: see above.
    let count = unsafe { libc::recv(socket, buffer, length, flags) };
    match u64::try_from(count) {
        Ok(read) => {
            state.received.set(state.received.get() + read);
            // Less than there was room for: it was all. The end of the stream stays readable.
            let all = read > 0 && read < length as u64;
            state.dry.set(all && !state.thorough.get());
            count
        }
        Err(_) => {
            let error = std::io::Error::last_os_error();
            let dry = error.kind() == std::io::ErrorKind::WouldBlock;
            state.dry.set(dry);
            state.thorough.set(!dry);
            -(error.raw_os_error().unwrap_or(libc::EIO) as libc::ssize_t)
        }
    }
}

impl Intake {
    /// Takes over the reading of `session`, which is logged in.
    pub(super) fn of(session: &Session) -> Self {
        let state = Box::<State>::default();
        // SAFETY: libssh2 keeps the callback as a generic function, and calls it with the signature
        // that it documents for this kind, which is the one of `receive`. The place is the session's
        // own, for its user to fill; `ssh2` uses it only while it logs in by keyboard-interactive.
        // The session is locked during both calls.
        unsafe {
            let mut raw = session.raw();
            let raw = &raw mut *raw;
            *libssh2_sys::libssh2_session_abstract(raw) =
                std::ptr::from_ref::<State>(&state).cast_mut().cast();
            let callback = std::mem::transmute::<Receive, unsafe extern "C" fn()>(receive);
            libssh2_session_callback_set2(raw, CALLBACK_RECV, Some(callback));
        }
        Self(state)
    }

    /// Notes that the socket may have something to read again.
    pub(super) fn may_be_ready(&self) {
        self.0.dry.set(false);
    }

    /// Notes that nobody has watched the socket for a while.
    pub(super) fn may_have_ended(&self) {
        self.0.dry.set(false);
        self.0.thorough.set(true);
    }

    /// How many bytes have come so far.
    pub(super) fn count(&self) -> u64 {
        self.0.received.get()
    }
}
