//! `segue job`: looking at jobs, and telling them what to do.

use clap::Subcommand;

use super::{
    job_answer, job_events, job_list, job_logs, job_prune, job_rerun, job_show, job_stop, job_wait,
    resume,
};
use crate::error::{Error, Exit};

#[derive(Debug, Subcommand)]
pub(super) enum JobCommand {
    List(job_list::Arguments),
    Show(job_show::Arguments),
    Events(job_events::Arguments),
    Logs(job_logs::Arguments),
    Stop(job_stop::Arguments),
    Wait(job_wait::Arguments),
    Resume(Box<resume::Arguments>),
    Rerun(job_rerun::Arguments),
    Prune(job_prune::Arguments),
    /// Approve what a job waits for
    Approve(job_answer::Arguments),
    /// Reject what a job waits for
    Reject(job_answer::Arguments),
}

pub(super) fn run(command: JobCommand) -> Result<Exit, Error> {
    match command {
        JobCommand::List(arguments) => job_list::run(&arguments),
        JobCommand::Show(arguments) => job_show::run(&arguments),
        JobCommand::Events(arguments) => job_events::run(&arguments),
        JobCommand::Logs(arguments) => job_logs::run(&arguments),
        JobCommand::Stop(arguments) => job_stop::run(&arguments),
        JobCommand::Wait(arguments) => job_wait::run(&arguments),
        JobCommand::Resume(arguments) => resume::run(&arguments),
        JobCommand::Rerun(arguments) => job_rerun::run(&arguments),
        JobCommand::Prune(arguments) => job_prune::run(&arguments),
        JobCommand::Approve(arguments) => job_answer::run(&arguments, true),
        JobCommand::Reject(arguments) => job_answer::run(&arguments, false),
    }
}
