//! What the output of a run means: the result rules of the task contract.

mod attempt;
mod command;
mod talk;
mod task;
mod transfer;

pub(super) use self::talk::own_stderr;
pub use self::{
    attempt::{Attempt, unsuccessful_result},
    command::{command_result, script_result},
    talk::open_stderr,
    task::task_result,
    transfer::{download_result, upload_result, write_file_result},
};
