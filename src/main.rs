//! Parses, runs, prints the error, sets the exit status.

use std::process::ExitCode;

/// A rehearsal makes and drops many small values; the C library's own allocator takes a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ocpdg::cli::main()
}
