//! A store that failed in the middle of a job: what can be said then of going on with it.

use std::fmt;

use miette::Diagnostic;
use thiserror::Error;

use crate::store::StoreError;

/// The failure, and the command that goes on with the job once the store does its work again.
#[derive(Debug, Error)]
#[error("{error}")]
pub(super) struct CutOff {
    pub(super) error: StoreError,
    pub(super) resume: Option<String>,
}

impl Diagnostic for CutOff {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let first = match &self.error {
            StoreError::Full { .. } => "free some space on its disk".to_owned(),
            StoreError::Locked { path } => {
                format!(
                    "find who keeps it with `fuser '{}'`, end that",
                    path.display()
                )
            }
            StoreError::Failed { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::Unavailable { .. } => "mend the disk that it is on".to_owned(),
            // What they say already is all that is true.
            _ => return self.error.help(),
        };
        match &self.resume {
            Some(resume) => Some(Box::new(format!(
                "{first}, then `{resume}` goes on from what is on record"
            ))),
            None => self.error.help(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_not_gone_on_with() {
        let path = std::path::PathBuf::from("disk/jobs.db");
        let help = |error: &StoreError| {
            let cut_off = CutOff {
                error: error.clone(),
                resume: Some("segue plan resume ngrh3s62 --store disk/jobs.db".to_owned()),
            };
            cut_off.help().unwrap().to_string()
        };
        assert_eq!(
            help(&StoreError::Full { path: path.clone() }),
            "free some space on its disk, then `segue plan resume ngrh3s62 --store disk/jobs.db` goes on from \
             what is on record"
        );
        let gone = StoreError::Gone { path };
        assert_eq!(help(&gone), gone.help().unwrap().to_string());
        assert!(!help(&gone).contains("segue plan resume"));
    }
}
