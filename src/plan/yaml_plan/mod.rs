//! YAML plans of Bolt become plans of Segue: the YAML and the Puppet code in it are read, and Rhai is written.
//!
//! Knows nothing of files: it gets a text and gives a text, and what could not be converted.

mod conversion;
mod expression;
mod function;
mod kind;
mod node;
mod options;
mod parse;
mod problem;
mod rhai_text;
mod step;
mod template;
mod token;
mod value;
mod writer;

pub use self::{
    conversion::{Converted, convert_yaml_plan, yaml_plan_params},
    writer::Plans,
};
