//! `segue lsp`: the language server, which an editor starts and talks to over stdin and stdout.

use std::io::{self, BufReader, BufWriter};

use clap::Args;

use crate::{
    error::{Error, Exit},
    lsp::serve,
};

/// Serve an editor: diagnostics, completion, hover and definitions over the Language Server Protocol
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Talk over stdin and stdout, which is the only way: accepted because editors say so
    #[arg(long)]
    stdio: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    // Said or not, there is one way.
    let Arguments { stdio: _ } = arguments;
    let output = BufWriter::new(io::stdout().lock());
    match serve(BufReader::new(io::stdin()), output) {
        Ok(true) => Ok(Exit::Success),
        Ok(false) => Ok(Exit::Unexpected),
        Err(error) => Err(Error::new(Exit::Unexpected, error)),
    }
}
