//! Reading a job of another process while it runs.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Runtime;

use super::kept::{self, Kept};
use crate::{
    error::Error,
    event::Event,
    model::{JobId, TargetName},
    store::{OutputFilter, Store, StoreError},
};

/// How often the store is asked for more: a person feels no delay, and a reader costs next to nothing.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How many events are read at once, so that a long job is shown as it is read.
const PAGE: usize = 5_000;

/// What is read of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Events,
    /// Events, and output in its place among them.
    Output(Option<TargetName>),
}

/// Gives all that there is to `tell`, and, with `follow`, all that comes until nobody runs the job any more.
pub(super) fn read(
    kept: &Kept,
    job: &JobId,
    reading: &Reading,
    follow: bool,
    mut tell: impl FnMut(&Event),
) -> Result<(), Error> {
    let runtime = runtime()?;
    let mut after = 0;
    loop {
        // Asked before reading: what a job writes before it ends is read after it has.
        let state = kept.summary(job)?.state;
        loop {
            let events = page(&kept.store, job, reading, after).map_err(kept::store_error)?;
            let Some(last) = events.last() else { break };
            after = last.seq;
            events.iter().for_each(&mut tell);
        }
        if !follow || !kept::is_running(state) {
            return Ok(());
        }
        runtime.block_on(async { tokio::time::sleep(LOOK_EVERY).await });
    }
}

/// Waits until nobody runs the job any more.
pub(super) fn wait(kept: &Kept, job: &JobId) -> Result<(), Error> {
    let runtime = runtime()?;
    while kept::is_running(kept.summary(job)?.state) {
        runtime.block_on(async { tokio::time::sleep(LOOK_EVERY).await });
    }
    Ok(())
}

fn page(
    store: &Arc<dyn Store>,
    job: &JobId,
    reading: &Reading,
    after: u64,
) -> Result<Vec<Event>, StoreError> {
    let mut events = store.events(job, after, PAGE)?;
    if let Reading::Output(target) = reading {
        let filter = OutputFilter {
            after,
            target: target.clone(),
            limit: PAGE,
        };
        let output = store.output(job, &filter)?;
        // Beyond the end of either page nothing is known of the other.
        let full = [&events, &output]
            .into_iter()
            .filter(|page| page.len() == PAGE)
            .filter_map(|page| page.last().map(|event| event.seq))
            .min();
        events.extend(output);
        events.sort_by_key(|event| event.seq);
        if let Some(last) = full {
            events.retain(|event| event.seq <= last);
        }
    }
    Ok(events)
}

fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Error::system("start the runtime", error))
}
