//! Why a job could not be resumed as it was asked.

use miette::Diagnostic;
use thiserror::Error;

use crate::model::{EffectId, JobId, TargetName, a_few};

/// What is wrong with a resume.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum JournalError {
    #[error("the job has done nothing that is named `{typed}`{}", meant(nearest.as_deref()))]
    #[diagnostic(
        code(segue::run::unknown_effect),
        help("`segue job resume JOB --preview` lists what it has done")
    )]
    UnknownEffect {
        typed: String,
        nearest: Option<String>,
    },

    #[error("the job has begun no step `{typed}`{}", meant(nearest.as_deref()))]
    #[diagnostic(
        code(segue::run::unknown_step),
        help("`segue job show JOB` lists its steps")
    )]
    UnknownStep {
        typed: String,
        nearest: Option<String>,
    },

    #[error("what became of {} is not known: {}", count(lost), listed(lost))]
    #[diagnostic(
        code(segue::run::lost_targets),
        help(
            "they were started when the controller went away, and running them twice may do harm. Look at them, then: \
             `segue job resume {job} --rerun-lost`, or `--assume-lost ok` or `--assume-lost failed`"
        )
    )]
    Lost { job: JobId, lost: Vec<LostTargets> },
}

/// Targets of one effect whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostTargets {
    pub effect: EffectId,
    /// The name of the task, the command, or the path.
    pub object: String,
    pub targets: Vec<TargetName>,
}

/// How many names a message lists before it says how many more there are.
const NAMES_MAX: usize = 10;

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn count(lost: &[LostTargets]) -> String {
    match lost.iter().map(|lost| lost.targets.len()).sum() {
        1 => "1 target".to_owned(),
        number => format!("{number} targets"),
    }
}

fn listed(lost: &[LostTargets]) -> String {
    let lines: Vec<String> = lost
        .iter()
        .map(|lost| format!("`{}` on {}", lost.object, a_few(&lost.targets, NAMES_MAX)))
        .collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BranchPath, ContentHash};

    #[test]
    fn lost_targets_are_listed_with_what_to_type() {
        let lost = |object: &str, number: usize| LostTargets {
            effect: EffectId {
                branch: BranchPath::root(),
                content: ContentHash::of(object.as_bytes()),
                occurrence: 0,
            },
            object: object.to_owned(),
            targets: (0..number).map(|at| format!("web{at}").into()).collect(),
        };
        let error = JournalError::Lost {
            job: "00ab1111".parse().unwrap(),
            lost: vec![lost("db::migrate", 1), lost("reboot", 12)],
        };
        assert_eq!(
            error.to_string(),
            "what became of 13 targets is not known: `db::migrate` on web0; \
             `reboot` on web0, web1, web2, web3, web4, web5, web6, web7, web8, web9 and 2 more"
        );
        let help = error.help().unwrap().to_string();
        assert!(
            help.contains("segue job resume 00ab1111 --rerun-lost"),
            "{help}"
        );
    }
}
