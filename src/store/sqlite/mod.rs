//! The store on disk: one SQLite database, one thread that writes, readers beside it.

mod database;
mod decoding;
mod file;
mod gathering;
mod leases;
mod reading;
mod record;
mod retention;
mod row;
mod sqlite_store;
mod writer;

#[cfg(test)]
mod trouble;

pub use self::{
    database::Access,
    sqlite_store::{SqliteOptions, SqliteStore},
};
