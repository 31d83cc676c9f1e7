//! The task contract: metadata, Puppet data types, parameters, the payload that runs on a target, and what its
//! output means.
//!
//! Knows nothing of where modules are found, of connections or of plans.

mod data_type;
mod definition;
mod expression;
mod input_method;
mod metadata;
mod metadata_error;
mod metadata_reader;
mod mismatch;
mod missing_file;
mod parameter;
mod payload;
mod result;
#[cfg(test)]
mod shipped;
mod task_error;
mod type_builder;
mod type_check;
mod type_error;
mod type_parser;

pub use self::{
    data_type::{Bounds, DataType, Expression, Member, Presence},
    definition::{FileSource, FindFiles, Implementation, Task, TaskFile, TaskParts, features_of},
    input_method::InputMethod,
    metadata::{ImplementationMetadata, Metadata, MetadataWarning},
    metadata_error::MetadataError,
    mismatch::Mismatch,
    parameter::{ParamError, ParamErrorReason, Parameter, Parameters, check_params, coerce_param},
    payload::{
        Call, Keeping, Kept, KeptInquiry, KeptOutcome, Left, Pack, RunId, SpoolError, Unpacked,
        acknowledge_payloads, command_payload, download_payload, remote_target, script_payload,
        spool_upload, task_payload, unpack_download, upload_payload, write_file_payload,
    },
    result::{
        Attempt, command_result, download_result, open_stderr, script_result, task_result,
        unsuccessful_result, upload_result, write_file_result,
    },
    task_error::TaskError,
    type_error::TypeError,
};
