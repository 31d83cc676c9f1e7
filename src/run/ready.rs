//! An action made ready for all its targets: what they share is read and packed once.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::{TempDir, TempPath};

use crate::{
    model::{
        ActionKind, Failure, Map, Output, Payload, ResultValue, Status, Target, TargetName,
        TargetResult, kinds,
    },
    plan::{Action, Params, Run, StepLimit},
    task::{
        Attempt, Call, Keeping, Left, Pack, RunId, Task, command_payload, command_result,
        download_payload, download_result, remote_target, script_payload, script_result,
        spool_upload, task_payload, task_result, unpack_download, unsuccessful_result,
        upload_payload, upload_result, write_file_payload, write_file_result,
    },
};

/// An action and what was prepared for it on the controller.
pub(super) struct Ready {
    run: Run,
    timeout: Duration,
    prepared: Prepared,
}

enum Prepared {
    Nothing,
    /// The files of a task, for each of its implementations that some target takes.
    Task(Vec<(String, Result<Pack, Failure>)>),
    Script(Pack),
    /// The archive of an upload, one for all targets.
    Upload {
        spool: Arc<PathBuf>,
        _file: TempPath,
    },
    /// Where the archives of a download come down, one for each target.
    Download(TempDir),
    /// The runs that are collected; none where nothing was left.
    Collect(Vec<Option<Left>>),
}

/// What is collected from one target.
pub(super) struct Collected<'a> {
    pub(super) started: &'a Arc<TargetResult>,
    pub(super) left: Option<&'a Left>,
}

/// What is to be done on one target.
pub(super) enum Work {
    Run(Payload),
    /// Nothing but connecting, again and again.
    Connect {
        wait: Duration,
        interval: Duration,
    },
}

impl Ready {
    /// Reads and packs what the action needs of the controller.
    pub(super) async fn new(run: Run, timeout: Duration) -> Result<Self, Failure> {
        let (run, prepared) = tokio::task::spawn_blocking(move || {
            let prepared = prepare(&run);
            (run, prepared)
        })
        .await
        .map_err(|_| Failure::new(kinds::FILE, "packing the files went wrong"))?;
        Ok(Self {
            run,
            timeout,
            prepared: prepared?,
        })
    }

    /// An action that is not begun anywhere: it needs nothing.
    pub(super) const fn not_begun(run: Run, timeout: Duration) -> Self {
        Self {
            run,
            timeout,
            prepared: Prepared::Nothing,
        }
    }

    /// The same action on one target, for reading what came of it.
    pub(super) fn to_read(run: &Run, target: &Arc<Target>, timeout: Duration) -> Self {
        let action = match &run.action {
            // The parameters were handed over long ago, and there may be ten thousand of them.
            Action::Task { task, .. } => Action::Task {
                task: Arc::clone(task),
                params: Params::Same(Arc::default()),
            },
            other => other.clone(),
        };
        Self {
            run: Run {
                action,
                targets: vec![Arc::clone(target)],
                options: run.options.clone(),
            },
            timeout: run.options.timeout.unwrap_or(timeout),
            prepared: Prepared::Nothing,
        }
    }

    /// Whether the outcome stays on the target until it is known: where doing it again could do harm.
    pub(super) fn keeps_outcome(&self) -> bool {
        let may_do_harm = matches!(
            self.run.action,
            Action::Task { .. } | Action::Command { .. } | Action::Script { .. }
        );
        may_do_harm && !self.run.options.noop
    }

    /// Whether a run is left when it has begun. What changes nothing takes nothing down.
    pub(super) fn is_detached(&self) -> bool {
        self.run.options.detach && self.keeps_outcome()
    }

    /// What is collected, if that is the action: the run that was left on a target, if one was.
    pub(super) fn collected(&self, index: usize) -> Option<Collected<'_>> {
        match (&self.run.action, &self.prepared) {
            (Action::Collect { started }, Prepared::Collect(left)) => Some(Collected {
                started: &started[index],
                left: left[index].as_ref(),
            }),
            _ => None,
        }
    }

    pub(super) fn object(&self) -> &str {
        self.run.action.object()
    }

    pub(super) fn step_limits(&self) -> &[StepLimit] {
        &self.run.options.step_limits
    }

    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn target(&self, index: usize) -> &Arc<Target> {
        &self.run.targets[index]
    }

    /// One run on one target.
    pub(super) fn call<'a>(
        &'a self,
        index: usize,
        run: &'a RunId,
        keeping: Option<&'a Keeping<'a>>,
    ) -> Call<'a> {
        Call {
            target: self.target(index),
            run,
            run_as: match self.collected(index) {
                // The user that it was left as, whoever that is now in the inventory.
                Some(collected) => {
                    let user = collected.left.and_then(|left| left.user.as_deref());
                    Some(user.unwrap_or_default())
                }
                None => self.run.options.run_as.as_deref(),
            },
            noop: self.run.options.noop,
            timeout: self.timeout,
            env: &self.run.options.env,
            keeping,
        }
    }

    /// What is to be done on that target, or why it can't be.
    pub(super) fn work(&self, index: usize, call: &Call<'_>) -> Result<Work, Failure> {
        let runs_a_task = matches!(
            self.run.action,
            Action::Task { .. } | Action::CollectFacts { .. } | Action::WaitUntilAvailable { .. }
        );
        if call.target.transport == "remote" && !runs_a_task {
            // It would run on the machine that stands in for the target.
            return Err(Failure::new(
                kinds::VALIDATION,
                format!(
                    "only tasks run on `{}`: its transport is `remote`",
                    call.target.name
                ),
            ));
        }
        let payload = match (&self.run.action, &self.prepared) {
            (Action::Task { task, params }, Prepared::Task(packs)) => {
                let params = params_of(params, index)?;
                payload_of(task, packs, &params, call)
            }
            (Action::CollectFacts { task }, Prepared::Task(packs)) => {
                payload_of(task, packs, &Map::new(), call)
            }
            (Action::Command { command }, _) => command_payload(command, call),
            (Action::Script { arguments, .. }, Prepared::Script(pack)) => {
                script_payload(pack, arguments, call)
            }
            (
                Action::Upload {
                    source,
                    file,
                    destination,
                },
                Prepared::Upload { spool, .. },
            ) => {
                let named = file.on_disk().unwrap_or(Path::new(source));
                upload_payload(Arc::clone(spool), named, destination, call)
            }
            (Action::Download { source, .. }, Prepared::Download(directory)) => {
                download_payload(source, spool_of(directory, index), call)
            }
            (
                Action::WriteFile {
                    content,
                    destination,
                },
                _,
            ) => write_file_payload(content.as_bytes(), destination, call),
            (Action::WaitUntilAvailable { wait, interval }, _) => {
                return Ok(Work::Connect {
                    wait: *wait,
                    interval: *interval,
                });
            }
            (
                Action::Collect { .. }
                | Action::Task { .. }
                | Action::CollectFacts { .. }
                | Action::Script { .. }
                | Action::Upload { .. }
                | Action::Download { .. },
                _,
            ) => unreachable!("`prepare` has made what these need"),
        };
        payload.map(Work::Run)
    }

    /// The result that the output of a run means.
    pub(super) async fn read(
        &self,
        index: usize,
        attempt: &Attempt<'_>,
        output: &Output,
    ) -> TargetResult {
        match &self.run.action {
            Action::Task { .. } => task_result(attempt, output),
            Action::CollectFacts { .. } => TargetResult {
                action: ActionKind::CollectFacts,
                ..task_result(attempt, output)
            },
            Action::Command { .. } => command_result(attempt, output),
            Action::Script { .. } => script_result(attempt, output),
            Action::Upload {
                source,
                destination,
                ..
            } => upload_result(attempt, source, destination, output),
            Action::WriteFile { destination, .. } => {
                write_file_result(attempt, destination, output)
            }
            Action::Download { source, path, .. } => {
                let destination = path
                    .join(directory_name(&self.target(index).name))
                    .join(last_name(source));
                let shown = destination.to_string_lossy().into_owned();
                let result = download_result(attempt, source, &shown, output);
                match self.unpack(index, destination).await {
                    Err(failure) if result.is_ok() => self.unsuccessful(attempt, failure),
                    _ => result,
                }
            }
            Action::WaitUntilAvailable { .. } => available(attempt),
            Action::Collect { .. } => match self.run.action.kind() {
                ActionKind::Command => command_result(attempt, output),
                ActionKind::Script => script_result(attempt, output),
                _ => task_result(attempt, output),
            },
        }
    }

    /// The result of a run that has begun and is left.
    pub(super) fn started(&self, attempt: &Attempt<'_>) -> TargetResult {
        let left = Left::of(attempt.call);
        TargetResult {
            target: attempt.call.target.name.clone(),
            action: self.run.action.kind(),
            object: attempt.object.to_owned(),
            status: Status::Succeeded,
            value: ResultValue::new(Map::from_iter([
                ("_output".to_owned(), "started".into()),
                (Left::KEY.to_owned(), left.to_value()),
            ])),
            failure: None,
            duration_ms: attempt.duration_ms,
            attempts: attempt.attempts,
        }
    }

    /// The result of a target that gave no output, by the kind of its failure.
    pub(super) fn unsuccessful(&self, attempt: &Attempt<'_>, failure: Failure) -> TargetResult {
        let status = match failure.kind.as_str() {
            kinds::LOST => Status::Lost,
            kinds::UNREACHED => Status::Unreached,
            _ => Status::Failed,
        };
        unsuccessful_result(attempt, self.run.action.kind(), status, failure)
    }

    /// The same for a target on which nothing was begun.
    pub(super) fn not_started(
        &self,
        index: usize,
        attempts: u32,
        failure: Failure,
    ) -> TargetResult {
        let run = RunId::new(0);
        let call = self.call(index, &run, None);
        self.unsuccessful(&self.attempt(&call, 0, attempts), failure)
    }

    pub(super) fn attempt<'a>(
        &'a self,
        call: &'a Call<'a>,
        duration_ms: u64,
        attempts: u32,
    ) -> Attempt<'a> {
        Attempt {
            call,
            object: self.run.action.object(),
            duration_ms,
            attempts,
        }
    }

    async fn unpack(&self, index: usize, destination: PathBuf) -> Result<(), Failure> {
        let Prepared::Download(directory) = &self.prepared else {
            return Ok(());
        };
        let spool = spool_of(directory, index);
        let unpacked = tokio::task::spawn_blocking(move || {
            let unpacked = unpack_download(&spool, &destination);
            // A thousand archives must not all lie there until the last has come.
            let _ = std::fs::remove_file(&spool);
            unpacked
        });
        match unpacked.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(file_failure(&error)),
            Err(_) => Err(Failure::new(
                kinds::FILE,
                "unpacking the download went wrong",
            )),
        }
    }
}

/// The result of a target that answered.
pub(super) fn available(attempt: &Attempt<'_>) -> TargetResult {
    TargetResult {
        target: attempt.call.target.name.clone(),
        action: ActionKind::WaitUntilAvailable,
        object: String::new(),
        status: Status::Succeeded,
        value: ResultValue::new(Map::new()),
        failure: None,
        duration_ms: attempt.duration_ms,
        attempts: attempt.attempts,
    }
}

fn payload_of(
    task: &Task,
    packs: &[(String, Result<Pack, Failure>)],
    params: &Map,
    call: &Call<'_>,
) -> Result<Payload, Failure> {
    let implementation = task.implementation_for(call.target)?;
    let path = &implementation.executable.path;
    let (_, pack) = packs
        .iter()
        .find(|(known, _)| known == path)
        .expect("every implementation that a target takes was packed");
    let pack = pack.as_ref().map_err(Clone::clone)?;
    if implementation.remote {
        let mut params = params.clone();
        params.insert("_target".to_owned(), remote_target(call.target));
        return task_payload(task, &implementation, pack, &params, call);
    }
    task_payload(task, &implementation, pack, params, call)
}

/// The files of each implementation that some target takes. What is wrong with one is wrong on those targets only.
fn pack_task(task: &Task, targets: &[Arc<Target>]) -> Vec<(String, Result<Pack, Failure>)> {
    let mut packs: Vec<(String, Result<Pack, Failure>)> = Vec::new();
    for target in targets {
        let Ok(implementation) = task.implementation_for(target) else {
            continue;
        };
        let path = &implementation.executable.path;
        if !packs.iter().any(|(known, _)| known == path) {
            packs.push((path.clone(), Pack::of_task(task, &implementation)));
        }
    }
    packs
}

fn params_of(params: &Params, index: usize) -> Result<Arc<Map>, Failure> {
    match params {
        Params::Same(params) => Ok(Arc::clone(params)),
        Params::Each(each) => each[index].clone(),
    }
}

fn prepare(run: &Run) -> Result<Prepared, Failure> {
    match &run.action {
        Action::Task { task, .. } | Action::CollectFacts { task } => {
            Ok(Prepared::Task(pack_task(task, &run.targets)))
        }
        Action::Collect { started } => Ok(Prepared::Collect(
            started.iter().map(|result| Left::told_by(result)).collect(),
        )),
        Action::Script { script, file, .. } => {
            let content = file.read().map_err(|error| {
                let path = file.on_disk().unwrap_or(Path::new(script));
                let path = path.display();
                Failure::new(
                    kinds::FILE,
                    format!("the script `{path}` can't be read: {error}"),
                )
            })?;
            Pack::of_script(script, &content).map(Prepared::Script)
        }
        Action::Upload { file, .. } => {
            let spool = tempfile::NamedTempFile::new()
                .map_err(|error| no_room(&error))?
                .into_temp_path();
            spool_upload(file, &spool).map_err(|error| file_failure(&error))?;
            Ok(Prepared::Upload {
                spool: Arc::new(spool.to_path_buf()),
                _file: spool,
            })
        }
        Action::Download { .. } => TempDir::new()
            .map(Prepared::Download)
            .map_err(|error| no_room(&error)),
        _ => Ok(Prepared::Nothing),
    }
}

fn spool_of(directory: &TempDir, index: usize) -> PathBuf {
    directory.path().join(index.to_string())
}

/// The name of a target as one element of a path: a URI has slashes.
fn directory_name(target: &TargetName) -> String {
    let mut name = String::new();
    for byte in target.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"._-@:".contains(&byte) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
    }
    // `.` and `..` are names for the directory itself and for the one above.
    if name.bytes().all(|byte| byte == b'.') {
        name = name.replace('.', "%2E");
    }
    name
}

/// What a source of a target is called in the directory of that target. `/` and `..` have no name.
fn last_name(source: &str) -> &str {
    let name = std::path::Path::new(source).file_name();
    name.and_then(std::ffi::OsStr::to_str).unwrap_or_default()
}

fn no_room(error: &std::io::Error) -> Failure {
    Failure::new(
        kinds::FILE,
        format!("there is no place for temporary files: {error}"),
    )
    .with_detail(
        "help",
        "set `TMPDIR` to a directory that has room and that you may write to",
    )
}

fn file_failure(error: &impl miette::Diagnostic) -> Failure {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    let failure = Failure::new(kinds::FILE, message);
    match error.help() {
        Some(help) => failure.with_detail("help", help.to_string()),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::{directory_name, last_name};

    #[test]
    fn what_comes_down_keeps_its_name() {
        for (source, name) in [
            ("/var/log/nginx/", "nginx"),
            ("motd", "motd"),
            ("~/a b", "a b"),
            ("/", ""),
            ("..", ""),
        ] {
            assert_eq!(last_name(source), name, "{source}");
        }
    }

    #[test]
    fn names_of_targets_are_single_harmless_path_elements() {
        for (name, directory) in [
            ("web1.example.com", "web1.example.com"),
            ("ssh://ada@web1:22", "ssh:%2F%2Fada@web1:22"),
            ("..", "%2E%2E"),
            ("../../etc", "..%2F..%2Fetc"),
        ] {
            assert_eq!(directory_name(&name.into()), directory);
        }
    }
}
