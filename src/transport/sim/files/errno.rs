//! Why the kernel refuses, in the words of the C library.

use std::fmt;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words below say it")]
pub enum Errno {
    NoEntry,
    NotDirectory,
    IsDirectory,
    Exists,
    NotEmpty,
    Busy,
    CrossDevice,
    NoSpace,
    Denied,
    NotPermitted,
    Loop,
    ReadOnly,
    Invalid,
    Refused,
    Unreachable,
    NoHost,
    NoData,
    BadDescriptor,
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEntry => "No such file or directory",
            Self::NotDirectory => "Not a directory",
            Self::IsDirectory => "Is a directory",
            Self::Exists => "File exists",
            Self::NotEmpty => "Directory not empty",
            Self::Busy => "Device or resource busy",
            Self::CrossDevice => "Invalid cross-device link",
            Self::NoSpace => "No space left on device",
            Self::Denied => "Permission denied",
            Self::NotPermitted => "Operation not permitted",
            Self::Loop => "Too many levels of symbolic links",
            Self::ReadOnly => "Read-only file system",
            Self::Invalid => "Invalid argument",
            Self::Refused => "Connection refused",
            Self::Unreachable => "No route to host",
            Self::NoHost => "Name or service not known",
            Self::NoData => "No data available",
            Self::BadDescriptor => "Bad file descriptor",
        })
    }
}
