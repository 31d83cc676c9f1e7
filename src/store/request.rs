//! What another process wants of the process that runs a job.

use serde::{Deserialize, Serialize};

use crate::model::EffectId;

/// A wish that is left in the store for whoever runs the job. Events have one writer, so this is the way in
/// for everybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wants", rename_all = "snake_case")]
pub enum Request {
    Stop {
        by: String,
    },
    AnswerApproval {
        effect: EffectId,
        who: String,
        approved: bool,
        #[serde(default)]
        comment: String,
    },
}

/// A request, and the number to ask for later ones with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedRequest {
    pub number: u64,
    pub request: Request,
}
