//! Parses, runs, prints the error, sets the exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    ocpdg::cli::main()
}
