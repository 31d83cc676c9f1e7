//! Why a fleet does not start.

use std::{io, path::PathBuf};

use miette::Diagnostic;
use thiserror::Error;

/// Why a fleet does not start, or can't be described in a file.
#[derive(Debug, Error, Diagnostic)]
pub enum FleetError {
    #[error("`{name}` can't be the name of a target of the fleet")]
    #[diagnostic(
        code(segue::fleet::name),
        help(
            "names have letters, digits, `.`, `_` and `-`, and begin with a letter or a digit, such as `web1`"
        )
    )]
    Name { name: String },
    #[error("there are two targets named `{name}`")]
    #[diagnostic(
        code(segue::fleet::doubled_target),
        help("give one of them another name")
    )]
    DoubledTarget { name: String },
    #[error("the group `{group}` depends on `{missing}`, which is no group of the fleet")]
    #[diagnostic(code(segue::fleet::unknown_group), help("{}", known_groups(nearest.as_deref())))]
    UnknownGroup {
        group: String,
        missing: String,
        nearest: Option<String>,
    },
    #[error("the fault `{rule}` fits no target")]
    #[diagnostic(
        code(segue::fleet::fault_fits_nothing),
        help("the part before `:` is a pattern for target names, such as `web*`")
    )]
    FaultFitsNothing { rule: String },
    #[error("`{path}` is not a file that can lie in a target's directory")]
    #[diagnostic(
        code(segue::fleet::state_path),
        help("write a relative path without `..`, such as `services/nginx`")
    )]
    StatePath { path: String },
    #[error("the fleet can't use `{}`", path.display())]
    #[diagnostic(
        code(segue::fleet::directory),
        help("give it a directory that it may write to")
    )]
    Directory { path: PathBuf, source: io::Error },
    #[error("the fleet can't listen on 127.0.0.1")]
    #[diagnostic(
        code(segue::fleet::listen),
        help("look whether the loopback interface is up: `ip address show lo`")
    )]
    Listen { source: io::Error },
    #[error("the fleet can't make its keys")]
    #[diagnostic(code(segue::fleet::keys))]
    Keys { source: russh::keys::ssh_key::Error },
    #[error("the description of the fleet can't be read")]
    #[diagnostic(
        code(segue::fleet::file),
        help(
            "it has the keys `tiers`, `seed`, `latency`, `faults` and `root`; a tier has `count`, `depends_on`, `services` and `packages`"
        )
    )]
    File { source: serde_saphyr::Error },
    #[error("the fleet can't write its inventory")]
    #[diagnostic(code(segue::fleet::inventory))]
    Inventory {
        source: serde_saphyr::ser_error::Error,
    },
}

fn known_groups(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "give at least one target that group".to_owned(),
        |nearest| format!("did you mean `{nearest}`?"),
    )
}
