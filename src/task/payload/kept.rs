//! The outcome of a run that stays on its target until the controller has it: asking for it, and having it removed.
//!
//! It lies in a directory of its own beside that of the run: the beginning of both streams, and the exit code.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use crate::model::{
    Exit, Failure, Map, Output, OutputCap, Payload, Stdin, Stdout, Target, TargetResult, Value,
};

use super::{
    call::{Call, RunId},
    carriage::{Carriage, Content, base},
    preamble, shell,
};
use crate::task::result::own_stderr;

/// How much is kept of each stream: what `ulimit -f` in the program says, in bytes. A result that is longer than this
/// is rare, and ten thousand of them must not fill the disk of the one machine that they were left on.
const KEPT_BYTES_MAX: usize = 1 << 20;
/// What is older than this may have been removed by a later run, which goes by whole days. An hour for clocks that
/// do not go alike.
const KEPT_FOR: Duration = Duration::from_hours(23);
/// How much longer a target must have been up than the run is old before it can say that it never began: it takes a
/// while from the start of a machine to the first run on it.
const UPTIME_SLACK: Duration = Duration::from_secs(2);
/// Removing a few directories takes no time; a target that does not come to it keeps them until they are too old.
const ACKNOWLEDGE_MAX: Duration = Duration::from_secs(10);

/// How the outcome of a run is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// Outcomes on this target that are known, in the same place, and are removed on the way.
    pub acknowledged: &'a [Kept],
    /// Remove what is too old for anybody to ask for, too.
    pub sweeps: bool,
    /// The run is left when it has begun, since it may take the target down. Its outcome is kept where it outlives that.
    pub is_detached: bool,
}

/// A run that left its outcome on its target, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    run: RunId,
    place: Place,
}

/// Only the same user can find it and remove it, and only in the same directory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    user: Option<String>,
    base: String,
}

impl Place {
    fn of(call: &Call<'_>) -> Option<Self> {
        let user = call.escalates_to().map(str::to_owned);
        let base = base(call, user.is_some()).ok()?;
        Some(Self { user, base })
    }
}

impl Kept {
    /// What this run leaves, if it leaves anything.
    #[must_use]
    pub fn of(call: &Call<'_>) -> Option<Self> {
        call.keeping?;
        Some(Self {
            run: *call.run,
            place: Place::of(call)?,
        })
    }

    /// Whether a run of this call can remove it.
    #[must_use]
    pub fn is_beside(&self, call: &Call<'_>) -> bool {
        Place::of(call).is_some_and(|place| place == self.place)
    }

    pub(super) const fn run(&self) -> &RunId {
        &self.run
    }
}

/// A run that was started and left, as its result tells it: where its outcome is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub run: RunId,
    /// The user it was escalated to.
    pub user: Option<String>,
}

impl Left {
    /// The entry of a result's value that has it.
    pub const KEY: &str = "_run";

    #[must_use]
    pub fn of(call: &Call<'_>) -> Self {
        Self {
            run: *call.run,
            user: call.escalates_to().map(str::to_owned),
        }
    }

    /// What a result tells, if it is that of a run that was left.
    #[must_use]
    pub fn told_by(result: &TargetResult) -> Option<Self> {
        let told = result.value.get(Self::KEY)?.as_map()?;
        let text = |key: &str| told.get(key).and_then(Value::as_str);
        Some(Self {
            run: text("id")?.parse().ok()?,
            user: text("as").map(str::to_owned),
        })
    }

    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut told = Map::from_iter([("id".to_owned(), self.run.to_string().into())]);
        if let Some(user) = &self.user {
            told.insert("as".to_owned(), user.as_str().into());
        }
        Value::Map(told)
    }
}

/// The payloads that remove outcomes from one target: one for each place where there are some.
#[must_use]
pub fn acknowledge_payloads(target: &Target, kept: &[Kept]) -> Vec<Payload> {
    let mut places: Vec<&Place> = Vec::new();
    for kept in kept {
        if !places.contains(&&kept.place) {
            places.push(&kept.place);
        }
    }
    let payload = |place: &Place| {
        let mut script = format!("b={};exec rm -rf", place.base);
        for kept in kept.iter().filter(|kept| kept.place == *place) {
            let _ = write!(script, " \"$b\"/segue.{}.kept", kept.run);
        }
        let Some(user) = &place.user else {
            return Some(Payload {
                command: Arc::from(format!("/bin/sh -c {}", shell::quote(&script))),
                stdin: Stdin::empty(),
                stdout: Stdout::Keep(OutputCap::default()),
                timeout: ACKNOWLEDGE_MAX,
                end: None,
            });
        };
        let call = Call {
            target,
            run: &RunId::new(rand::random()),
            run_as: Some(user),
            noop: false,
            timeout: ACKNOWLEDGE_MAX,
            env: &std::collections::BTreeMap::new(),
            keeping: None,
        };
        let content = Content::Bytes(Vec::new());
        Carriage::stream(script, content).payload(&call).ok()
    };
    places.into_iter().filter_map(payload).collect()
}

/// The question what became of a run.
#[derive(Clone, Copy, Debug)]
pub struct KeptInquiry<'a> {
    asked: Call<'a>,
    own: &'a RunId,
}

/// What a target knows of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptOutcome {
    /// As if it had been told when it ended.
    Finished(Output),
    /// It never began, and never will: its place is taken.
    NeverStarted,
    /// Nobody can say; why.
    Unknown(String),
}

// One line, for the header. `k` is where the run worked, `o` where its outcome is. Whoever makes that directory first
// has the run: a payload that is still on its way finds it and gives up. So nothing can begin after it was asked about.
// A run that has neither an exit code nor a process for five seconds was ended by something that is not ours.
const INQUIRY: &str = concat!(
    r#"o=$k.kept;if mkdir -m 700 "$o" 2>/dev/null;then u=;"#,
    r#"if [ -r /proc/uptime ];then read -r u n </proc/uptime;fi;echo "segue:absent:$u";exit 0;fi;"#,
    r#"if [ ! -d "$o" ];then echo "segue:hidden:";exit 0;fi;"#,
    // After a restart of the target, its process is gone, whoever has its number now.
    r#"w=;if [ -e "$o/boot" ];then read -r u <"$o/boot";read -r n </proc/sys/kernel/random/boot_id;"#,
    r#"if [ "$u" != "$n" ];then w=1;fi;fi;"#,
    r#"n=0;until [ -s "$o/code" ];do p=;if [ -e "$k.pid" ];then read -r p <"$k.pid";fi;"#,
    r#"if [ "$p" ]&&[ ! "$w" ]&&kill -0 $p 2>/dev/null;then n=0;else n=$((n+1));"#,
    r#"if [ $n -gt 5 ];then echo "segue:gone:";exit 0;fi;fi;sleep 1;done;"#,
    // What the run leaves behind may hold its streams for ever, so they are waited for a moment only.
    r#"z=;if [ -e "$o/relays" ];then read -r z <"$o/relays";fi;"#,
    r#"n=0;while [ $n -lt 5 ];do u=;for p in $z;do if kill -0 $p 2>/dev/null;then u=1;fi;done;"#,
    r#"if [ "$u" ];then sleep 1;n=$((n+1));else n=9;fi;done;"#,
    r#"read -r c <"$o/code";if [ ! -e "$o/out" ];then echo "segue:silent:$c";exit 0;fi;"#,
    r#"echo "segue:finished:$c";cat "$o/out";if [ -e "$o/err" ];then cat "$o/err" >&2;fi;exit 0"#,
);

impl<'a> KeptInquiry<'a> {
    /// Asks about the run of `call`. `own` names the asking, which is a run as well.
    #[must_use]
    pub const fn new(call: Call<'a>, own: &'a RunId) -> Self {
        Self { asked: call, own }
    }

    /// The payload that waits until the run is over and brings its outcome. Giving up on it ends that run.
    ///
    /// # Errors
    /// Those of the run itself.
    pub fn payload(&self, wait: Duration) -> Result<Payload, Failure> {
        let base = self.base()?;
        let mut payload = self.look(wait)?;
        payload.end = Some(preamble::end(self.asked.run, &base));
        Ok(payload)
    }

    /// The same, but giving up on it leaves that run alone.
    ///
    /// # Errors
    /// Those of the run itself.
    pub fn look(&self, wait: Duration) -> Result<Payload, Failure> {
        let base = self.base()?;
        let script = format!("k={base}/segue.{};{INQUIRY}", self.asked.run);
        Carriage::stream(script, Content::Bytes(Vec::new())).payload(&self.call(wait))
    }

    fn base(&self) -> Result<String, Failure> {
        base(&self.asked, self.asked.escalates_to().is_some())
    }

    /// What the answer means, for a run that was started so long ago.
    ///
    /// # Errors
    /// The question could not be asked.
    pub fn read(&self, output: &Output, age: Duration) -> Result<KeptOutcome, Failure> {
        let call = self.call(Duration::ZERO);
        let stderr = own_stderr(&call, output)?;
        let unknown = |why: &str| Ok(KeptOutcome::Unknown(why.to_owned()));
        let line = output.stdout.iter().position(|byte| *byte == b'\n');
        let (line, rest) = output.stdout.split_at(line.map_or(0, |at| at + 1));
        let line = String::from_utf8_lossy(line);
        let Some((what, detail)) = line
            .trim_end()
            .strip_prefix("segue:")
            .and_then(|line| line.split_once(':'))
        else {
            return unknown("the target did not say what became of it");
        };
        match what {
            "finished" => {
                let Ok(code) = detail.parse() else {
                    return unknown("its exit code can't be read");
                };
                Ok(KeptOutcome::Finished(self.output(rest, &stderr, code)))
            }
            "absent" if is_certain(detail, age) => Ok(KeptOutcome::NeverStarted),
            "absent" => unknown("the target has nothing of it, and may have been restarted since"),
            "gone" => unknown("it was ended on the target and left no outcome"),
            "silent" => Ok(KeptOutcome::Unknown(format!(
                "it ended with exit code {detail}, and the target has no means to keep what it printed"
            ))),
            _ => unknown("the place where its outcome would be can't be looked at"),
        }
    }

    fn call(&self, timeout: Duration) -> Call<'a> {
        Call {
            run: self.own,
            timeout,
            keeping: None,
            ..self.asked
        }
    }

    /// The output as the run itself would have brought it.
    fn output(&self, stdout: &[u8], stderr: &str, code: i32) -> Output {
        let mut own = String::new();
        if self.asked.escalates_to().is_some() {
            own = format!("segue:{}:started\n", self.asked.run);
        }
        own.push_str(stderr);
        Output {
            stdout: whole(stdout.to_vec()),
            stderr: whole(own.into_bytes()),
            exit: Exit::Code(code),
            omitted: 0,
        }
    }
}

/// Says so at its end where a stream was longer than what is kept of it.
fn whole(mut stream: Vec<u8>) -> Vec<u8> {
    if stream.len() >= KEPT_BYTES_MAX {
        stream.extend_from_slice(b"\n[the rest was lost with the connection]\n");
    }
    stream
}

/// Whether what is not there was never there. `uptime` is in seconds, with a fraction, or nothing.
fn is_certain(uptime: &str, age: Duration) -> bool {
    let seconds = uptime.split('.').next().unwrap_or_default();
    let up = seconds.parse().map(Duration::from_secs);
    age < KEPT_FOR && up.is_ok_and(|up| up > age.saturating_add(UPTIME_SLACK))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        process::{Child, Stdio},
        time::Instant,
    };

    use super::*;
    use crate::task::payload::{
        command_payload,
        trial::{Ask, Trial, shells},
    };

    const KEEPING: Keeping<'static> = Keeping {
        acknowledged: &[],
        sweeps: true,
        is_detached: false,
    };
    // Ten times what it takes on a busy machine.
    const PATIENCE: Duration = Duration::from_mins(1);
    const YOUNG: Duration = Duration::ZERO;

    fn kept<'a>(ask: &'a Ask, keeping: &'a Keeping<'a>) -> Call<'a> {
        Call {
            keeping: Some(keeping),
            ..ask.call()
        }
    }

    /// Asks what became of the run.
    fn inquire(trial: &Trial, call: Call<'_>, age: Duration) -> KeptOutcome {
        let own = RunId::new(rand::random());
        let inquiry = KeptInquiry::new(call, &own);
        let payload = inquiry.payload(PATIENCE).unwrap();
        inquiry.read(&trial.run(&payload), age).unwrap()
    }

    fn finished(outcome: KeptOutcome) -> Output {
        match outcome {
            KeptOutcome::Finished(output) => output,
            other => panic!("{other:?}"),
        }
    }

    fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < PATIENCE, "{what}");
            std::thread::yield_now();
        }
    }

    /// Starts a command whose controller can go away: its output goes to pipes that this drops.
    fn start(trial: &Trial, payload: &Payload) -> Child {
        let input = trial.home().join("input");
        fs::write(&input, payload.stdin.head()).unwrap();
        trial
            .command(&payload.command)
            .stdin(fs::File::open(&input).unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn outcome_of_a_run_lies_there_for_its_owner_until_it_is_acknowledged() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let call = kept(&ask, &KEEPING);
            let command = "umask; printf 'a\\nb'; echo oops >&2; exit 7";
            let told = trial.run(&command_payload(command, &call).unwrap());
            assert_eq!(told.stderr, b"oops\n", "{shell:?}");
            assert!(told.stdout.ends_with(b"22\na\nb"), "{shell:?}: {told:?}");
            assert_eq!(told.exit, Exit::Code(7), "{shell:?}");
            let place = trial.directory.path().join("tmp");
            let name = format!("segue.{}.kept", ask.run);
            assert_eq!(trial.leftovers(), [name.as_str()], "{shell:?}");
            let mode = |path: &str| {
                let metadata = fs::metadata(place.join(&name).join(path)).unwrap();
                metadata.permissions().mode() & 0o777
            };
            assert_eq!(
                [mode(""), mode("out"), mode("err")],
                [0o700, 0o600, 0o600],
                "{shell:?}"
            );
            assert_eq!(finished(inquire(&trial, call, YOUNG)), told, "{shell:?}");
            let left = Kept::of(&call).unwrap();
            for payload in acknowledge_payloads(&ask.target, &[left]) {
                assert_eq!(trial.run(&payload).exit, Exit::Code(0));
            }
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    const DETACHED: Keeping<'static> = Keeping {
        is_detached: true,
        ..KEEPING
    };

    /// A call whose run is left, on a machine that keeps everything in one place.
    fn leaving(trial: &Trial) -> Ask {
        let place = trial.directory.path().join("tmp");
        Ask::new().setting("tmpdir", place.to_str().unwrap())
    }

    #[test]
    fn run_that_is_left_goes_on_alone_and_is_collected() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = leaving(&trial);
            let call = kept(&ask, &DETACHED);
            let command =
                "while [ ! -e $HOME/go ];do sleep 0.02;done; echo out; echo err >&2; exit 3";
            let told = trial.run(&command_payload(command, &call).unwrap());
            let nothing = (Exit::Code(0), &b""[..], &b""[..]);
            let said = (told.exit, &told.stdout[..], &told.stderr[..]);
            assert_eq!(said, nothing, "{shell:?}");
            fs::write(trial.home().join("go"), "").unwrap();
            let output = finished(inquire(&trial, call, Duration::MAX));
            assert_eq!(output.exit, Exit::Code(3), "{shell:?}");
            assert_eq!(output.stdout, b"out\n", "{shell:?}");
            assert_eq!(output.stderr, b"err\n", "{shell:?}");
            let name = format!("segue.{}.kept", ask.run);
            until("nothing but the outcome", || {
                trial.leftovers() == [name.as_str()]
            });
        }
    }

    #[test]
    fn run_that_is_left_is_ended_when_its_time_is_over() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = leaving(&trial);
            let call = kept(&ask, &DETACHED);
            let mut payload =
                command_payload("sleep 1000 & echo $! >$HOME/child; wait", &call).unwrap();
            let head = String::from_utf8(payload.stdin.pieces().concat()).unwrap();
            let head = head.replace(";t=70;", ";t=1;").into_bytes();
            payload.stdin = Stdin::Bytes(Arc::new(crate::model::Secret::new(head)));
            assert_eq!(trial.run(&payload).exit, Exit::Code(0), "{shell:?}");
            let output = finished(inquire(&trial, call, Duration::MAX));
            assert_eq!(output.exit, Exit::Code(143), "{shell:?}");
            let child = fs::read_to_string(trial.home().join("child")).unwrap();
            let stat = format!("/proc/{}/stat", child.trim());
            until("the end of its child", || {
                fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
            });
        }
    }

    #[test]
    fn run_that_is_left_and_can_keep_nothing_does_not_begin() {
        let trial = Trial::new();
        let ask = leaving(&trial).setting("tmpdir", "/no/such/place");
        let told = trial.run(&command_payload("echo >$HOME/ran", &kept(&ask, &DETACHED)).unwrap());
        assert_eq!(told.exit, Exit::Code(preamble::SETUP_EXIT));
        assert!(!trial.home().join("ran").exists());
    }

    #[test]
    fn restart_of_the_target_ends_a_run_whoever_has_its_number() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = leaving(&trial);
            let call = kept(&ask, &DETACHED);
            let payload = command_payload("sleep 1000", &call).unwrap();
            assert_eq!(trial.run(&payload).exit, Exit::Code(0), "{shell:?}");
            let boot = trial
                .directory
                .path()
                .join(format!("tmp/segue.{}.kept/boot", ask.run));
            fs::write(&boot, "another\n").unwrap();
            let outcome = inquire(&trial, call, Duration::MAX);
            let KeptOutcome::Unknown(why) = outcome else {
                panic!("{shell:?}: {outcome:?}");
            };
            assert!(why.contains("ended on the target"), "{shell:?}: {why}");
            let end = payload.end.as_deref().unwrap();
            trial.command(end).output().unwrap();
        }
    }

    #[test]
    fn what_a_result_tells_of_a_run_is_found_again() {
        let mut ask = Ask::new();
        for user in [None, Some("app")] {
            if let Some(user) = user {
                ask = ask.setting("run-as", user);
            }
            let left = Left::of(&ask.call());
            assert_eq!(left.user.as_deref(), user);
            let value = Map::from_iter([(Left::KEY.to_owned(), left.to_value())]);
            let result = TargetResult {
                target: "web1".into(),
                action: crate::model::ActionKind::Task,
                object: "restart".to_owned(),
                status: crate::model::Status::Succeeded,
                value: crate::model::ResultValue::new(value),
                failure: None,
                duration_ms: 1,
                attempts: 1,
            };
            assert_eq!(Left::told_by(&result), Some(left));
        }
    }

    #[test]
    fn next_run_removes_what_is_known_and_what_is_too_old() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let asks = [Ask::new(), Ask::new(), Ask::new()];
            for ask in &asks {
                trial.run(&command_payload("true", &kept(ask, &KEEPING)).unwrap());
            }
            let old = trial
                .directory
                .path()
                .join(format!("tmp/segue.{}.kept", asks[0].run));
            let aged = std::process::Command::new("touch")
                .args(["-d", "2 days ago"])
                .arg(&old)
                .status();
            assert!(aged.unwrap().success());
            let known = [Kept::of(&kept(&asks[1], &KEEPING)).unwrap()];
            let keeping = Keeping {
                acknowledged: &known,
                ..KEEPING
            };
            let ask = Ask::new();
            assert!(known[0].is_beside(&kept(&ask, &keeping)));
            trial.run(&command_payload("true", &kept(&ask, &keeping)).unwrap());
            until("the old one is still there", || !old.exists());
            let mut left = trial.leftovers();
            left.sort();
            let mut expected = [&asks[2], &ask].map(|ask| format!("segue.{}.kept", ask.run));
            expected.sort();
            assert_eq!(left, expected, "{shell:?}");
        }
    }

    #[test]
    fn run_goes_on_without_its_controller_and_is_waited_for() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let call = kept(&ask, &KEEPING);
            // Much is printed before and after nobody listens: more than a pipe holds.
            let print = "i=0; while [ $i -lt 3000 ]; do echo 'a line of some forty characters is one'; \
                         echo problem >&2; i=$((i+1)); done";
            let command = format!(
                "echo run >>$HOME/runs; {print}; : >$HOME/half; \
                 while [ ! -e $HOME/go ]; do sleep 0.1; done; {print}; exit 3"
            );
            let mut child = start(&trial, &command_payload(&command, &call).unwrap());
            until("it has begun", || trial.home().join("runs").exists());
            drop((child.stdout.take(), child.stderr.take()));
            until("it went on", || trial.home().join("half").exists());
            let killed = std::process::Command::new("kill")
                .args(["-HUP", &child.id().to_string()])
                .status();
            assert!(killed.unwrap().success());
            let output = std::thread::scope(|scope| {
                let asking = scope.spawn(|| finished(inquire(&trial, call, YOUNG)));
                fs::write(trial.home().join("go"), "").unwrap();
                asking.join().unwrap()
            });
            assert_eq!(output.exit, Exit::Code(3), "{shell:?}");
            assert_eq!(output.stdout.len(), 6000 * 39, "{shell:?}");
            assert_eq!(output.stderr.len(), 6000 * 8, "{shell:?}");
            assert_eq!(
                fs::read_to_string(trial.home().join("runs")).unwrap(),
                "run\n"
            );
            child.wait().unwrap();
        }
    }

    #[test]
    fn what_was_asked_about_before_it_came_does_not_begin() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let call = kept(&ask, &KEEPING);
            assert_eq!(inquire(&trial, call, YOUNG), KeptOutcome::NeverStarted);
            // It was on its way all the time.
            let output = trial.run(&command_payload("echo run >$HOME/runs", &call).unwrap());
            assert_eq!(output.exit, Exit::Code(97), "{shell:?}");
            assert!(!trial.home().join("runs").exists(), "{shell:?}");
        }
    }

    #[test]
    fn payload_that_came_by_half_has_never_begun() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let call = kept(&ask, &KEEPING);
            let mut payload = command_payload("{ echo run >$HOME/runs; }", &call).unwrap();
            let bytes = payload.stdin.head().to_vec();
            for cut in [1, 2, 30, 36, 37, 40] {
                let half = crate::model::Secret::new(bytes[..bytes.len() - cut - 1].to_vec());
                payload.stdin = Stdin::Bytes(Arc::new(half));
                trial.run(&payload);
                assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
            }
            assert_eq!(inquire(&trial, call, YOUNG), KeptOutcome::NeverStarted);
        }
    }

    #[test]
    fn absence_says_nothing_when_the_target_may_have_been_emptied() {
        let trial = Trial::new();
        let ask = Ask::new();
        let call = kept(&ask, &KEEPING);
        // No machine has been up for that long, and no outcome is kept for that long.
        for age in [KEPT_FOR, Duration::from_hours(10_000_000)] {
            let outcome = inquire(&trial, call, age);
            assert!(matches!(outcome, KeptOutcome::Unknown(_)), "{outcome:?}");
        }
        assert!(is_certain("100.73", Duration::from_secs(97)));
        assert!(!is_certain("100.73", Duration::from_secs(99)));
        assert!(!is_certain("", YOUNG));
    }

    #[test]
    fn run_that_was_killed_from_outside_has_no_outcome() {
        let trial = Trial::new();
        let ask = Ask::new();
        let call = kept(&ask, &KEEPING);
        let place = trial
            .directory
            .path()
            .join(format!("tmp/segue.{}.kept", ask.run));
        fs::create_dir(&place).unwrap();
        let outcome = inquire(&trial, call, YOUNG);
        assert!(matches!(outcome, KeptOutcome::Unknown(_)), "{outcome:?}");
    }

    #[test]
    fn only_the_beginning_of_a_flood_is_kept_and_all_of_it_is_told() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let call = kept(&ask, &KEEPING);
            let command = "yes 0123456789abcde | head -c 4000000";
            let told = trial.run(&command_payload(command, &call).unwrap());
            assert_eq!(told.stdout.len(), 4_000_000, "{shell:?}");
            let output = finished(inquire(&trial, call, YOUNG));
            // bash counts in its own units when it is not strict.
            assert!(output.stdout.len() < 3 << 20, "{shell:?}");
            assert!(
                output.stdout.ends_with(b"lost with the connection]\n"),
                "{shell:?}: {}",
                output.stdout.len()
            );
        }
    }

    #[test]
    fn machine_without_pipes_and_tee_runs_commands_too_and_says_what_it_can_not() {
        for shell in shells() {
            let mut trial = Trial::with_shell(&shell);
            let tools = trial.directory.path().join("bin");
            fs::create_dir(&tools).unwrap();
            for tool in ["cat", "mkdir", "rm", "sleep"] {
                let real = ["/usr/bin", "/bin"]
                    .map(|directory| std::path::Path::new(directory).join(tool))
                    .into_iter()
                    .find(|path| path.exists())
                    .unwrap();
                std::os::unix::fs::symlink(real, tools.join(tool)).unwrap();
            }
            // The shells of busybox have tools of their own.
            if shell[0].contains("busybox") {
                continue;
            }
            trial.path = tools.to_str().unwrap().to_owned();
            let ask = Ask::new();
            let call = kept(&ask, &KEEPING);
            let output = trial.run(&command_payload("echo told; exit 4", &call).unwrap());
            assert_eq!(output.stdout, b"told\n", "{shell:?}");
            assert_eq!(output.stderr, b"", "{shell:?}");
            match inquire(&trial, call, YOUNG) {
                KeptOutcome::Unknown(why) => assert!(why.contains("exit code 4"), "{why}"),
                other => panic!("{shell:?}: {other:?}"),
            }
        }
    }
}
