//! Reads from the socket for libssh2, on the owner's thread, no more often than it has to be.
//!
//! Any libssh2 call first tries to read whatever has arrived, for all channels: with its own reading,
//! that is thirty system calls per command that find nothing. Ours remembers that the socket is dry
//! until `poll` says otherwise. It also counts: what belongs to another channel is kept in memory,
//! where `poll` cannot see it, so the owner may only sleep after a round in which nothing was read.
//!
//! libssh2 has a hook for this, which `ssh2` does not wrap.

use std::cell::Cell;

use ssh2::Session;

thread_local! {
    static RECEIVED: Cell<u64> = const { Cell::new(0) };
    static DRY: Cell<bool> = const { Cell::new(false) };
}

const CALLBACK_RECV: libc::c_int = 6;

unsafe extern "C" {
    fn libssh2_session_callback_set2(
        session: *mut libssh2_sys::LIBSSH2_SESSION,
        kind: libc::c_int,
        callback: Option<unsafe extern "C" fn()>,
    ) -> Option<unsafe extern "C" fn()>;
}

/// Reads from `socket` as libssh2 itself would: returns the count, or a negative error number.
extern "C" fn receive(
    socket: libc::c_int,
    buffer: *mut libc::c_void,
    length: libc::size_t,
    flags: libc::c_int,
    _session: *mut *mut libc::c_void,
) -> libc::ssize_t {
    if DRY.get() {
        return -(libc::EAGAIN as libc::ssize_t);
    }
    // SAFETY: libssh2 passes its own socket and a buffer of `length` bytes.
    let count = unsafe { libc::recv(socket, buffer, length, flags) };
    match u64::try_from(count) {
        Ok(count_read) => {
            RECEIVED.set(RECEIVED.get() + count_read);
            // Less than there was room for: it was all. The end of the stream stays readable.
            DRY.set(count_read > 0 && count_read < length as u64);
            count
        }
        Err(_) => {
            let error = std::io::Error::last_os_error();
            DRY.set(error.kind() == std::io::ErrorKind::WouldBlock);
            -(error.raw_os_error().unwrap_or(libc::EIO) as libc::ssize_t)
        }
    }
}

/// Reads for `session` from now on. A thread can do this for one session only.
pub(super) fn watch(session: &Session) {
    type Receive = extern "C" fn(
        libc::c_int,
        *mut libc::c_void,
        libc::size_t,
        libc::c_int,
        *mut *mut libc::c_void,
    ) -> libc::ssize_t;
    // SAFETY: libssh2 keeps the pointer as a generic function and calls it with the signature that
    // it documents for this kind of callback, which is the one of `receive`. The session is locked
    // during the call.
    unsafe {
        let callback = std::mem::transmute::<Receive, unsafe extern "C" fn()>(receive);
        libssh2_session_callback_set2(&raw mut *session.raw(), CALLBACK_RECV, Some(callback));
    }
}

/// Notes that the socket may have something to read again.
pub(super) fn may_be_ready() {
    DRY.set(false);
}

/// How many bytes this thread has received.
pub(super) fn count() -> u64 {
    RECEIVED.get()
}
