//! A target as the fleet plays it: its directory, its fault, its turn counts.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{
    Answer, Fault, FaultKind, FleetTarget, Happening, Latency, Logbook,
    state::{self, State},
};
use crate::model::TargetName;

/// One target, for as long as the fleet lives.
pub(super) struct PlayedTarget {
    pub(super) name: TargetName,
    pub(super) answer: Answer,
    pub(super) fault: Option<Fault>,
    /// Its home; all that it keeps lies below.
    pub(super) directory: PathBuf,
    /// How often its fault has had the chance to strike.
    chances: AtomicU32,
    /// How often it has answered, for the latency.
    turns: AtomicU32,
    /// Commands that run or wait to be run.
    busy: AtomicU32,
    /// As it was after the last command.
    state: Mutex<State>,
    /// What cuts its connections.
    lines: Mutex<Vec<CancellationToken>>,
}

impl PlayedTarget {
    pub(super) fn new(spec: &FleetTarget, fault: Option<Fault>, directory: PathBuf) -> Self {
        Self {
            name: spec.name.clone(),
            answer: spec.answer.clone(),
            fault,
            directory,
            chances: AtomicU32::new(0),
            turns: AtomicU32::new(0),
            busy: AtomicU32::new(0),
            state: Mutex::default(),
            lines: Mutex::default(),
        }
    }

    /// Makes the directory with the state that it begins with.
    pub(super) fn lay_out(&self, spec: &FleetTarget) -> io::Result<()> {
        fs::create_dir_all(self.temporary_directory())?;
        state::lay_out(&self.directory, &spec.state)?;
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state::read(&self.directory);
        Ok(())
    }

    pub(super) fn temporary_directory(&self) -> PathBuf {
        self.directory.join("tmp")
    }

    /// Its fault, if it is of those that `can_strike_here` and takes this chance.
    pub(super) fn strike(
        &self,
        log: &Logbook,
        can_strike_here: impl Fn(FaultKind) -> bool,
    ) -> Option<FaultKind> {
        let fault = self
            .fault
            .as_ref()
            .filter(|fault| can_strike_here(fault.kind))?;
        let chance = self.chances.fetch_add(1, Ordering::Relaxed);
        fault.strikes_at(chance).then(|| {
            log.write(&self.name, Happening::FaultStruck { kind: fault.kind });
            fault.kind
        })
    }

    /// How long it takes to give its next answer.
    pub(super) fn next_latency(&self, latency: Latency, seed: u64) -> Duration {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        latency.at(seed, self.name.as_str(), turn)
    }

    /// Whether it had nothing to do until now. To be paired with [`PlayedTarget::rest`].
    pub(super) fn begin_work(&self) -> bool {
        self.busy.fetch_add(1, Ordering::Relaxed) == 0
    }

    pub(super) fn rest(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    /// Looks at the state and tells the log what is different since the last look.
    pub(super) fn note_changes(&self, log: &Logbook) {
        let mut before = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let after = state::read(&self.directory);
        for change in state::changes(&before, &after) {
            log.write(
                &self.name,
                Happening::StateChanged {
                    item: change.item,
                    from: change.from,
                    to: change.to,
                },
            );
        }
        *before = after;
    }

    pub(super) fn add_line(&self, cut: CancellationToken) {
        self.lines().push(cut);
    }

    /// Forgets a line that is down.
    pub(super) fn remove_cut_lines(&self) {
        self.lines().retain(|cut| !cut.is_cancelled());
    }

    /// Resets every connection to it.
    pub(super) fn cut_lines(&self) {
        for cut in self.lines().drain(..) {
            cut.cancel();
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<CancellationToken>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
