//! Parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    segue::cli::main(std::env::args_os())
}
