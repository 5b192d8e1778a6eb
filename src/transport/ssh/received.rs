//! Counts the bytes that libssh2 takes from the socket of the thread that calls it.
//!
//! Any libssh2 call reads whatever has arrived, for all channels, and keeps what belongs to others
//! in memory, where `poll` cannot see it. The owner may only sleep after a round in which nothing
//! was read: this count tells. libssh2 has a hook for it, which `ssh2` does not wrap.

use std::cell::Cell;

use ssh2::Session;

thread_local! {
    static RECEIVED: Cell<u64> = const { Cell::new(0) };
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
    // SAFETY: libssh2 passes its own socket and a buffer of `length` bytes.
    let count = unsafe { libc::recv(socket, buffer, length, flags) };
    match u64::try_from(count) {
        Ok(count_read) => {
            RECEIVED.set(RECEIVED.get() + count_read);
            count
        }
        Err(_) => {
            let error = std::io::Error::last_os_error().raw_os_error();
            -(error.unwrap_or(libc::EIO) as libc::ssize_t)
        }
    }
}

/// Counts what `session` receives from now on.
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

/// How many bytes this thread has received, in all its sessions.
pub(super) fn count() -> u64 {
    RECEIVED.get()
}
