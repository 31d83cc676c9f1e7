//! `segue demo`: the newcomer's first minute. A fleet is played, and a real plan runs on it over real SSH.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    arguments::{Format, ProjectArguments, RunArguments},
    fleet::{fleet_error, runtime},
    launch::JobOptions,
    output::print_text,
    plan_run,
    setup::Setup,
    terminal,
};
use crate::{
    error::{Error, Exit},
    fleet::{FaultRule, Fleet, FleetProject, FleetSpec},
    model::Map,
    report::Detail,
    store::Location,
};

/// Restart a service tier by tier on an embedded fleet, over real SSH; nothing else is touched
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The plan to run: `rolling_restart`, `deploy` or `failover`
    #[arg(default_value = "rolling_restart")]
    plan: String,
    /// A fault, such as `web3:exit=1`, `hang=5%` or `app*:drop=1x`; repeatable
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<FaultRule>,
    /// The same number gives the same faults and latencies
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Make the project here and keep it, to read and to change
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    run: RunArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let mut spec = FleetSpec::demo();
    spec.faults.clone_from(&arguments.faults);
    spec.seed = arguments.seed;
    let temporary;
    let directory: &Path = if let Some(directory) = &arguments.keep {
        directory
    } else {
        temporary = tempfile::TempDir::with_prefix("segue-demo")
            .map_err(|error| Error::system("make a temporary directory", error))?;
        temporary.path()
    };
    let runtime = runtime()?;
    let fleet = runtime.block_on(Fleet::start(spec)).map_err(fleet_error)?;
    let project = fleet.lay_out_project(directory).map_err(fleet_error)?;
    if arguments.format == Format::Human {
        print_text(&introduction(&project, arguments.keep.is_some()));
    }
    let exit = run_plan(arguments, &project)?;
    if exit != Exit::Success {
        terminal::tell(&match &arguments.keep {
            Some(directory) => format!(
                "the fleet has ended with the demo; `segue job show --project {}` shows what was done",
                directory.display()
            ),
            None => "nothing was kept of it; with `--keep DIR` the project and its jobs can be looked at afterwards".to_owned(),
        });
    }
    Ok(exit)
    // The fleet ends here, with every process that it began, and then its runtime.
}

fn introduction(project: &FleetProject, kept: bool) -> String {
    let mut text = format!(
        "{} SSH servers are played on 127.0.0.1:{}; nothing else is touched.\n",
        project.targets, project.port
    );
    if kept {
        let _ = writeln!(text, "The project is in {}.", project.directory.display());
    }
    text.push('\n');
    text
}

fn run_plan(arguments: &Arguments, project: &FleetProject) -> Result<Exit, Error> {
    let setup = Setup::new(&ProjectArguments {
        project: Some(project.directory.clone()),
        inventory: Some(project.inventory.clone()),
        format: arguments.format,
    })?;
    let mut options = JobOptions::new(&setup, arguments.format, Detail::Brief, &arguments.run)?;
    // The fleet is gone when this process is, and so is the project unless it is kept.
    options.can_go_on = false;
    if arguments.keep.is_none() && arguments.run.store.named().is_none() {
        options.store = Location::Memory;
    }
    let program = plan_run::load(&setup, &arguments.plan)?;
    // The plans of the demo name the shop's service; the rest of their parameters have defaults.
    let takes = |name: &str| program.header().param(name).is_some();
    let params: Map = [
        ("targets", "all,!balancers"),
        ("service", "shop"),
        ("version", "2.4.0"),
    ]
    .into_iter()
    .filter(|(name, _)| takes(name))
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect();
    plan_run::run_program(&setup, &options, program, params)
}
