//! The language server: what an editor asks of a plan that is being written, over the Language Server Protocol.
//!
//! Decides in one synchronous state machine ([`Server`]), reads and writes messages beside it ([`serve`]). It runs
//! nothing of a project, connects to nothing, and never writes a file. Knows nothing of the command line.

mod code_action;
mod completion;
mod definition;
mod document;
mod file_uri;
mod file_view;
mod ground;
mod hover;
mod key;
mod keyword;
mod member;
mod outgoing;
mod position;
mod problem;
mod proposal;
mod publisher;
mod request;
mod server;
mod session;
mod signature;
mod snippet;
mod symbol;
mod text;
mod type_names;
mod wire;
mod words;
mod world;

pub use self::{
    server::Server,
    session::{ServeError, serve},
};
