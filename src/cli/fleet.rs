//! `segue fleet`: plays a fleet in the foreground, to rehearse plans on.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::runtime::Runtime;

use super::{given_text::text_of, terminal};
use crate::{
    error::{Error, Exit},
    fleet::{FaultRule, Fleet, FleetSpec, FleetTier, Latency},
};

/// Play a fleet of SSH servers on this machine, to rehearse plans on
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A tier: `web=6` is web1 to web6, `web=6:app` needs the tier `app`; repeatable
    #[arg(value_name = "TIER=COUNT", required_unless_present = "file")]
    tiers: Vec<FleetTier>,
    /// Read the fleet from a YAML file
    #[arg(long, value_name = "FILE", conflicts_with = "tiers")]
    file: Option<PathBuf>,
    /// A fault, such as `hang=2%`, `exit=3,5%` or `web*:drop=1x`; repeatable
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<FaultRule>,
    /// How long targets take to answer, such as `5ms-20ms`
    #[arg(long)]
    latency: Option<Latency>,
    /// The same number gives the same faults and latencies
    #[arg(long)]
    seed: Option<u64>,
    /// Where the targets' directories lie; they are kept there
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Where the inventory is written
    #[arg(long, value_name = "FILE", default_value = "inventory.yaml")]
    inventory: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let spec = spec(arguments)?;
    let count = spec.targets.len();
    let inventory = &arguments.inventory;
    if inventory.exists() {
        return Err(Error::usage(
            format!("`{}` exists, and is not overwritten", inventory.display()),
            "give another file with --inventory, or move that one away",
        ));
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let fleet = Fleet::start(spec).await.map_err(fleet_error)?;
        fleet.write_inventory(inventory).map_err(fleet_error)?;
        terminal::tell(&format!(
            "{count} targets are played on 127.0.0.1:{}. In another terminal:\n\n  \
             segue command run 'hostname' --targets all --inventory {}\n\nCtrl-C ends the fleet.",
            fleet.port(),
            inventory.display(),
        ));
        let ended = tokio::signal::ctrl_c().await;
        remove(inventory);
        ended.map_err(|error| Error::system("wait for Ctrl-C", error))?;
        Ok(Exit::Success)
    })
}

/// A fleet's own threads: it must not wait for the job that works on it.
pub(super) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("fleet")
        .enable_all()
        .build()
        .map_err(|error| Error::system("start the fleet's runtime", error))
}

pub(super) fn fleet_error(error: crate::fleet::FleetError) -> Error {
    Error::new(Exit::Usage, error)
}

fn spec(arguments: &Arguments) -> Result<FleetSpec, Error> {
    let mut spec = match &arguments.file {
        Some(path) => {
            let text = text_of(path)?;
            FleetSpec::from_yaml(&text).map_err(fleet_error)?
        }
        None => FleetSpec::of(arguments.tiers.iter().cloned()),
    };
    spec.faults.extend(arguments.faults.iter().cloned());
    if let Some(latency) = arguments.latency {
        spec.latency = latency;
    }
    if let Some(seed) = arguments.seed {
        spec.seed = seed;
    }
    if let Some(root) = &arguments.root {
        spec.root = Some(root.clone());
    }
    Ok(spec)
}

/// The inventory leads nowhere once the fleet is gone.
fn remove(inventory: &Path) {
    let _ = std::fs::remove_file(inventory);
}
