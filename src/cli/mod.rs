//! The commands, one file each. The only place where the rooms are joined.

mod action;
mod action_resume;
mod arguments;
mod command_run;
mod cropped;
mod cut_off;
mod demo;
mod doc;
mod explain;
mod file_download;
mod file_upload;
mod fleet;
mod follow;
mod given_text;
mod heed;
mod inventory_show;
mod job;
mod job_answer;
mod job_events;
mod job_list;
mod job_logs;
mod job_prune;
mod job_rerun;
mod job_show;
mod job_stop;
mod job_wait;
mod kept;
mod launch;
mod lsp;
mod operator;
mod output;
mod params;
mod plan_check;
mod plan_convert;
mod plan_graph;
mod plan_new;
mod plan_preview;
mod plan_resume;
mod plan_run;
mod plan_show;
mod plan_test;
mod plugins;
mod preview_text;
mod project_init;
#[cfg(test)]
mod recovery;
mod resume;
mod script_run;
mod sent_file;
mod setup;
mod standard_output;
mod tame;
mod task_run;
mod task_show;
mod template;
mod terminal;
mod test_report;
mod usage;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::error::{Error, Exit};

/// Runs plans: scripts that run tasks on many machines, look at the results and decide what comes next.
#[derive(Debug, Parser)]
#[command(
    name = "segue",
    version,
    propagate_version = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a plan, or look at plans
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Run a task on targets, or look at tasks
    #[command(subcommand)]
    Task(TaskCommand),
    /// Run a command on targets
    #[command(subcommand)]
    #[command(name = "command")]
    Line(LineCommand),
    /// Run a script of this machine on targets
    #[command(subcommand)]
    Script(ScriptCommand),
    /// Copy files to targets and back
    #[command(subcommand)]
    File(FileCommand),
    /// Look at targets and groups
    #[command(subcommand)]
    Inventory(InventoryCommand),
    /// Look at jobs, stop them, answer what they wait for
    #[command(subcommand)]
    Job(job::JobCommand),
    /// Begin a project
    #[command(subcommand)]
    Project(ProjectCommand),
    Fleet(fleet::Arguments),
    Demo(demo::Arguments),
    Doc(doc::Arguments),
    Explain(explain::Arguments),
    Lsp(lsp::Arguments),
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    Run(plan_run::Arguments),
    Preview(plan_preview::Arguments),
    Check(plan_check::Arguments),
    Resume(Box<resume::Arguments>),
    Graph(plan_graph::Arguments),
    Show(plan_show::Arguments),
    Test(plan_test::Arguments),
    New(plan_new::Arguments),
    Convert(plan_convert::Arguments),
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    Init(project_init::Arguments),
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, for as long as the process lives"
)]
enum TaskCommand {
    Run(task_run::Arguments),
    Show(task_show::Arguments),
}

#[derive(Debug, Subcommand)]
enum LineCommand {
    Run(command_run::Arguments),
}

#[derive(Debug, Subcommand)]
enum ScriptCommand {
    Run(script_run::Arguments),
}

#[derive(Debug, Subcommand)]
enum FileCommand {
    Upload(file_upload::Arguments),
    Download(file_download::Arguments),
}

#[derive(Debug, Subcommand)]
enum InventoryCommand {
    Show(inventory_show::Arguments),
}

/// Parses a command line, does what it says, and gives the exit code. What is wrong is told on stderr.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return terminal::print_usage(&error).into(),
    };
    let exit = run(cli.command).unwrap_or_else(|error| {
        terminal::print_error(&error);
        error.exit
    });
    let Some(error) = standard_output::failure(exit) else {
        return exit.into();
    };
    terminal::print_error(&error);
    error.exit.into()
}

fn run(command: Command) -> Result<Exit, Error> {
    match command {
        Command::Plan(PlanCommand::Run(arguments)) => plan_run::run(&arguments),
        Command::Plan(PlanCommand::Preview(arguments)) => plan_preview::run(&arguments),
        Command::Plan(PlanCommand::Resume(arguments)) => resume::run(&arguments),
        Command::Plan(PlanCommand::Check(arguments)) => plan_check::run(&arguments),
        Command::Plan(PlanCommand::Graph(arguments)) => plan_graph::run(&arguments),
        Command::Plan(PlanCommand::Show(arguments)) => plan_show::run(&arguments),
        Command::Plan(PlanCommand::Test(arguments)) => plan_test::run(&arguments),
        Command::Plan(PlanCommand::New(arguments)) => plan_new::run(&arguments),
        Command::Plan(PlanCommand::Convert(arguments)) => plan_convert::run(&arguments),
        Command::Project(ProjectCommand::Init(arguments)) => project_init::run(&arguments),
        Command::Task(TaskCommand::Run(arguments)) => task_run::run(&arguments),
        Command::Task(TaskCommand::Show(arguments)) => task_show::run(&arguments),
        Command::Line(LineCommand::Run(arguments)) => command_run::run(&arguments),
        Command::Script(ScriptCommand::Run(arguments)) => script_run::run(&arguments),
        Command::File(FileCommand::Upload(arguments)) => file_upload::run(&arguments),
        Command::File(FileCommand::Download(arguments)) => file_download::run(&arguments),
        Command::Inventory(InventoryCommand::Show(arguments)) => inventory_show::run(&arguments),
        Command::Job(command) => job::run(command),
        Command::Fleet(arguments) => fleet::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Doc(arguments) => doc::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Lsp(arguments) => lsp::run(&arguments),
    }
}
