//! The few calls into the C library that the transports need, each behind a safe function.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

pub(super) use libc::{POLLERR, POLLHUP, POLLIN, POLLOUT, pollfd};

/// Waits until one of `fds` is ready, at most `limit` (`None`: for as long as it takes).
///
/// A signal that arrives meanwhile counts as "nothing is ready".
///
/// # Errors
/// The system's, such as too many descriptors.
pub(super) fn poll(fds: &mut [pollfd], limit: Option<Duration>) -> io::Result<usize> {
    // Rounded up: waking just before a deadline would spin until it.
    let limit = limit.map_or(-1, |limit| {
        i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
    });
    let count = libc::nfds_t::try_from(fds.len()).unwrap_or(libc::nfds_t::MAX);
    // SAFETY: `fds` is a valid, exclusively borrowed slice of `count` entries during the call.
    let ready = unsafe { libc::poll(fds.as_mut_ptr(), count, limit) };
    match usize::try_from(ready) {
        Ok(ready) => Ok(ready),
        Err(_) => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => {
                fds.iter_mut().for_each(|entry| entry.revents = 0);
                Ok(0)
            }
            error => Err(error),
        },
    }
}

/// An entry of [`poll`] that waits for `events` on `fd`.
pub(super) fn waits_for(fd: RawFd, events: libc::c_short) -> pollfd {
    pollfd {
        fd,
        events,
        revents: 0,
    }
}

/// Makes reads and writes on `fd` return at once.
///
/// # Errors
/// The system's.
pub(super) fn set_nonblocking(fd: &impl AsRawFd) -> io::Result<()> {
    let fd = fd.as_raw_fd();
    // SAFETY: plain flag calls on a descriptor that `fd` keeps open.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        if flags < 0 || libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// 32 hexadecimal digits that nobody can guess.
pub(super) fn unpredictable() -> String {
    let mut bytes = [0_u8; 16];
    // SAFETY: the buffer is valid for its length. 16 bytes always come whole, once the system's
    // generator is seeded, for which the call waits.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if got != 16 {
        // A kernel before 3.17; std seeds its hash keys there from the same source.
        use std::hash::{BuildHasher, RandomState};
        for half in bytes.chunks_mut(8) {
            half.copy_from_slice(&RandomState::new().hash_one(0).to_ne_bytes());
        }
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where `needle` begins in `haystack`.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // SAFETY: both slices are valid for their lengths; the result points into `haystack`.
    let found = unsafe {
        libc::memmem(
            haystack.as_ptr().cast(),
            haystack.len(),
            needle.as_ptr().cast(),
            needle.len(),
        )
    };
    (!found.is_null()).then(|| found as usize - haystack.as_ptr() as usize)
}

/// Sends `signal` to the process group `group`; a group that is gone is no error.
pub(super) fn signal_group(group: i32, signal: i32) {
    // SAFETY: a plain system call.
    unsafe { libc::kill(-group, signal) };
}

/// Lets this process open as many files as the system allows it: two per host are needed.
pub(super) fn raise_open_files_limit() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: `limit` is valid for both calls. Failure leaves the limit as it was, and opening
        // one file too many is reported where it happens.
        unsafe {
            if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
                limit.rlim_cur = limit.rlim_max.min(65_536).max(limit.rlim_cur);
                libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
            }
        }
    });
}

/// A bell that wakes a thread out of [`poll`].
pub(super) struct Bell(OwnedFd);

impl Bell {
    /// # Errors
    /// The system's, such as too many open files.
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: a plain system call.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` is fresh, and nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Wakes the sleeper, now or at its next [`poll`].
    pub(super) fn ring(&self) {
        let one = 1_u64;
        // SAFETY: eight valid bytes. It can only fail when the counter is full, that is: rung.
        unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// Forgets all earlier rings.
    pub(super) fn silence(&self) {
        let mut count = 0_u64;
        // SAFETY: eight valid bytes. It can only fail when there is nothing to forget.
        unsafe { libc::read(self.0.as_raw_fd(), (&raw mut count).cast(), 8) };
    }
}

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Lets `process` start with every signal at its default: what ocpdg itself was started with ignored,
/// as `nohup` and background jobs are, is no business of the commands it runs.
pub(super) fn with_default_signals(process: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    let reset = || {
        for signal in [
            libc::SIGHUP,
            libc::SIGINT,
            libc::SIGQUIT,
            libc::SIGPIPE,
            libc::SIGTERM,
        ] {
            // SAFETY: `signal` is async-signal-safe, and SIG_DFL is a valid disposition.
            if unsafe { libc::signal(signal, libc::SIG_DFL) } == libc::SIG_ERR {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: the closure calls nothing but `signal`, which may be called between fork and exec.
    unsafe { process.pre_exec(reset) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_tells_where_the_needle_begins() {
        assert_eq!(find(b"abcabd", b"abd"), Some(3));
        assert_eq!(find(b"abc", b"x"), None);
        assert_eq!(find(b"", b"x"), None);
    }

    #[test]
    fn a_bell_rings_until_it_is_silenced() {
        let bell = Bell::new().unwrap();
        let ready = |bell: &Bell| {
            poll(
                &mut [waits_for(bell.as_raw_fd(), POLLIN)],
                Some(Duration::ZERO),
            )
            .unwrap()
        };
        assert_eq!(ready(&bell), 0);
        bell.ring();
        bell.ring();
        assert_eq!(ready(&bell), 1);
        bell.silence();
        assert_eq!(ready(&bell), 0);
    }

    #[test]
    fn unpredictable_words_differ() {
        assert_ne!(unpredictable(), unpredictable());
        assert_eq!(unpredictable().len(), 32);
    }
}
