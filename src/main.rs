//! Parses, runs, prints the error, sets the exit status.

fn main() {}
