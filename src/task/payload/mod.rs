//! What a transport carries to a target for each kind of action, and back.
//!
//! One process on one channel: a constant POSIX shell program reads a run from its standard input, sets it up,
//! runs it in a session of its own, watches its time and cleans up.

mod archive;
mod call;
mod carriage;
mod command;
mod escalation;
mod executable;
mod interpreter;
mod kept;
mod pack;
mod preamble;
mod script_text;
mod shell;
mod spool;
mod task;
mod transfer;
#[cfg(test)]
pub(in crate::task) mod trial;

pub use self::{
    call::{Call, RunId},
    command::{command_payload, script_payload},
    kept::{Keeping, Kept, KeptInquiry, KeptOutcome, Left, acknowledge_payloads},
    pack::Pack,
    spool::{SpoolError, Unpacked, spool_upload, unpack_download},
    task::{remote_target, task_payload},
    transfer::{download_payload, upload_payload, write_file_payload},
};
pub(super) use self::{
    escalation::failure as escalation_failure, interpreter::help as help_with_interpreter,
    preamble::SETUP_EXIT,
};
