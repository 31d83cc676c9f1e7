//! The program that receives a run on the target, and the one that ends it: constant text for any POSIX shell.
//!
//! Everything of a run comes on standard input: a header line, which the program evaluates, then what the mode of
//! the run asks for. Nothing of it is on the command line, so nothing can be read in the target's list of processes.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use super::{call::RunId, kept::Keeping, shell};

/// The exit code of a run that could not be set up. Only together with a line of talk does it say so.
pub(in crate::task) const SETUP_EXIT: i32 = 97;

/// What follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A tar archive, whose last entry `.run` is a script. It works in a directory of its own.
    Directory,
    /// A script. It needs no place on a disk.
    Script,
    /// The standard input of the script, which is in the header.
    Stream,
}

impl Mode {
    const fn letter(self) -> char {
        match self {
            Self::Directory => 'd',
            Self::Script => 'c',
            Self::Stream => 's',
        }
    }
}

// One line without single quotes, so that it can stand between single quotes in every login shell there is:
// csh takes no newline there, and fish takes two backslashes, or one before a single quote, for escapes.
//
// i: run id  t: seconds  b: directory for temporary files  m: mode  s: script  v: escalated  o: the directory stays
// y: the outcome is kept, then where  a: runs whose outcomes are known  g: look for what is too old  q: it has begun
// d: our directory  l: the sleeper  w: the watcher  p: process of the run, which leads its group  x: makes a session
// z: the relays  B: it is left to itself
const PREAMBLE: &str = concat!(
    // Says why a run could not be set up.
    r#"f(){ echo "segue:$i:$1:$2" >&2;exit 97;};"#,
    // Cleans up with one process. What never began leaves no outcome.
    r#"c(){ if [ "$o" ];then set --;else set -- "$d";fi;if [ "$y" ]&&[ ! "$q" ];then set -- "$@" "$y";fi;"#,
    r#"for n in $a;do set -- "$@" "$b/segue.$n.kept";done;rm -rf "$d.pid" "$d.end" "$@";};"#,
    // Carries a stream to the controller and keeps the beginning of it. It goes on when the one or the other is not
    // possible any more, so that what the run prints never harms it: that is what the null device is for.
    r#"t(){ umask 077;ulimit -f 2048;trap "" HUP INT TERM PIPE XFSZ;"#,
    r#"exec tee "$y/$2" /dev/null <"$y/$1" 2>/dev/null 3<&-;};"#,
    // Keeps how the run ended.
    r#"j(){ if [ "$y" ];then echo $1 >"$y/code";fi;};"#,
    // Ends the run: TERM, five seconds to comply, KILL. Before `setsid` has made the group, there is one process.
    r"k(){ kill -TERM -$p||kill -TERM $p;n=0;while kill -0 -$p;do ",
    // Not every `sleep` knows parts of a second.
    r"if [ $n -gt 50 ];then kill -KILL -$p;break;fi;if sleep .1;then n=$((n+1));else sleep 1;n=$((n+10));fi;done;};",
    // Has the watcher do it.
    r"e(){ kill -TERM $w;wait $w;exit 143;};",
    // A tar for machines that have none: headers of 512 bytes, the name first, the size in octal at 124.
    r#"u(){ cd "$d"||return;while dd bs=1 count=512 of=.h;"#,
    r#"h=$(dd if=.h bs=1 count=100|tr -d "\000");[ "$h" ];do "#,
    // Not every shell takes a number with a zero in front for an octal one.
    r#"z=$(dd if=.h bs=1 skip=124 count=11);n=0;while [ "$z" ];do r=${z#?};n=$((n*8+${z%"$r"}));z=$r;done;"#,
    r#"case $h in */)mkdir -p "$h";;"#,
    r#"*)dd bs=1 count=$n of="$h"&&chmod 700 "$h";;esac||return;"#,
    r"dd bs=1 count=$(((512-n%512)%512)) of=.h;done;};",
    // sudo leaves the password there when it did not need it, so lines before the header are passed over.
    r#"i=;while IFS= read -r h;do case $h in segue:*)eval "${h#segue:}";break;;esac;done;"#,
    r#"[ "$i" ]||f input "it ended before the run began";"#,
    r#"if [ "$v" ];then echo "segue:$i:started" >&2;fi;"#,
    r#"d=$b/segue.$i;q=;if [ "$y" ];then y=$d.kept;fi;trap c EXIT;trap "exit 143" HUP INT TERM;"#,
    r#"case $m in d)e=$(mkdir -m 700 "$d" ${y:+"$y"} 2>&1)||f tmpdir "$e";"#,
    r#"if command -v tar >/dev/null 2>&1;then e=$(cd "$d"&&tar -xof - 2>&1);"#,
    r#"else e="there is no tar, and dd failed";(u) 2>/dev/null;fi||f unpack "$e";"#,
    r#"[ -f "$d/.run" ]||f unpack "the input ended early";s=". \"\$d/.run\"";;"#,
    // A command needs no place on a disk; but one that has been given up for lost has a place that is taken.
    r#"c)if [ "$y" ]&&! mkdir -m 700 "$y" 2>/dev/null;then if [ -e "$y" ];then f tmpdir "$y is taken";fi;y=;fi;"#,
    r##"s=$(cat);case $s in *"#$i");;*)f input "it ended early";;esac;;esac;exec 3<&0;"##,
    // Who asks after a run that is left must be able to tell whether the target was started anew since: a process of
    // the same number is another one then.
    r#"if [ "$B" ];then [ "$y" ]||f tmpdir "there is no place for its outcome";"#,
    r#"if [ -r /proc/sys/kernel/random/boot_id ];then read -r h </proc/sys/kernel/random/boot_id;echo $h >"$y/boot";fi;fi;"#,
    r#"if [ "$g" ];then set -- "$b"/segue.*.kept;if [ $# -gt 1 ];then "#,
    r#"find "$@" -prune -mtime +0 -exec rm -rf {} + </dev/null >/dev/null 2>&1 3<&- & fi;fi;q=1;"#,
    // All that is left to do.
    "g(){ ",
    // The sleeper ends by itself when the time is over, or when somebody wishes the run to end: the login user, who
    // may not signal an escalated run. A shell that has just forked would swallow a signal that it traps.
    "trap - HUP INT TERM;",
    r#"if [ "$v" ];then (while [ $t -gt 0 ];do "#,
    r#"if [ -e "$d.end" ]&&[ "$(find "$d.end" -prune ${SUDO_UID:+-user $SUDO_UID})" ];then break;fi;"#,
    r"sleep 1;t=$((t-1));done) </dev/null >/dev/null 2>&1 3<&-& ",
    r"else sleep $t </dev/null >/dev/null 2>&1 3<&-& fi;l=$!;",
    // The watcher starts the run, waits for it, and kills the sleeper: with a signal that no shell can be late for.
    "(if command -v setsid >/dev/null 2>&1;then x=setsid;else x=;set -m 2>/dev/null;fi;",
    // Named pipes, because in a pipeline of the shell nobody would know the process of the run.
    r#"if [ "$y" ]&&command -v tee >/dev/null 2>&1&&mkfifo "$y/1" "$y/2" 2>/dev/null;then "#,
    r#"t 1 out& z=$!;t 2 err >&2& z="$z $!";(eval "$s") <&3 3<&- >"$y/1" 2>"$y/2"& "#,
    r#"else z=;(eval "$s") <&3 3<&-& fi;p=$!;"#,
    // From here on nobody listens: what a shell has to say about signals would look like the task's words.
    // A connection that is gone ends nothing whose outcome is kept.
    r#"exec </dev/null >/dev/null 2>&1 3<&-;trap "k;j 143;exit 143" INT TERM;"#,
    r#"if [ "$y" ];then trap "" HUP;else trap "k;exit 143" HUP;fi;"#,
    r#"set -C;if [ "$z" ];then echo $z >"$y/relays";fi;echo $p >"$d.pid";if [ -e "$d.end" ];then k;fi;"#,
    // ksh93 counts signals from 256. Who finds the shell above it killed cleans up in its place.
    "wait $p;r=$?;if [ $r -gt 256 ];then r=$((r-128));fi;j $r;kill -KILL $l;if [ $B ]||! kill -0 $$;then c;fi;exit $r)& w=$!;",
    // A process that has been waited for is never signalled: its number may be another's by then.
    r#"exec </dev/null >/dev/null 2>&1 3<&-;h="HUP INT TERM";if [ "$y" ];then h="INT TERM";trap "" HUP;fi;"#,
    r#"trap "kill -KILL $l;e" $h;if wait $l;then e;fi;trap e $h;wait $w;};"#,
    // A run that is left to itself goes on without anybody who listens. By `exec`, because a redirection of the whole is
    // one that some shells keep a way back from.
    r#"if [ "$B" ];then trap - EXIT;(exec </dev/null >/dev/null 2>&1 3</dev/null;trap c EXIT;g)&exit 0;fi;g"#,
);

// Leaves the wish to end, for a run that is being set up or is another user's, and ends the group of one that is ours.
// Ten seconds are twice what the run gives its processes after TERM.
const END: &str = concat!(
    r#"d=$b/segue.$i;: >"$d.end";[ -e "$d.pid" ]||sleep 2;p=;read -r p <"$d.pid";"#,
    r"if [ $p ];then kill -TERM -$p||kill -TERM $p;n=0;",
    r#"while [ -e "$d.pid" ]&&[ $n -lt 100 ];do if sleep .1;then n=$((n+1));else sleep 1;n=$((n+10));fi;"#,
    r#"if [ $n -gt 60 ];then kill -KILL -$p;fi;done;fi;rm -rf "$d" "$d.pid" "$d.end" "$d.kept""#,
);

// The watchdog on the target is for controllers that are gone. One that is there comes first.
const WATCHDOG_GRACE: Duration = Duration::from_secs(10);
// What `sleep` takes everywhere; a run of three years is one without a limit.
const SECONDS_MAX: u64 = 100_000_000;

static COMMAND: LazyLock<Arc<str>> =
    LazyLock::new(|| Arc::from(format!("/bin/sh -c '{PREAMBLE}'")));

/// The command line of every run that does not escalate.
pub(super) fn command() -> Arc<str> {
    Arc::clone(&COMMAND)
}

/// The first line of standard input.
pub(super) struct Header<'a> {
    pub run: &'a RunId,
    pub mode: Mode,
    pub timeout: Duration,
    /// Quoted for the shell, or an expression.
    pub base: &'a str,
    pub is_escalated: bool,
    pub keeps_directory: bool,
    pub keeping: Option<&'a Keeping<'a>>,
    /// For [`Mode::Stream`]. No newline may be in it.
    pub script: &'a str,
}

impl Header<'_> {
    /// The ids of the runs whose outcomes may go, with spaces between them.
    fn acknowledged(&self) -> String {
        let kept = self.keeping.map_or(&[][..], |keeping| keeping.acknowledged);
        let ids: Vec<String> = kept.iter().map(|kept| kept.run().to_string()).collect();
        ids.join(" ")
    }

    pub(super) fn line(&self) -> String {
        let flag = |is_set: bool| if is_set { "1" } else { "" };
        let seconds = self
            .timeout
            .saturating_add(WATCHDOG_GRACE)
            .as_secs()
            .clamp(1, SECONDS_MAX);
        format!(
            "segue:i={};m={};t={seconds};b={};v={};o={};y={};a={};g={};B={};s={}\n",
            self.run,
            self.mode.letter(),
            self.base,
            flag(self.is_escalated),
            flag(self.keeps_directory),
            flag(self.keeping.is_some()),
            shell::quote(&self.acknowledged()),
            flag(self.keeping.is_some_and(|keeping| keeping.sweeps)),
            flag(self.keeping.is_some_and(|keeping| keeping.is_detached)),
            shell::quote(self.script),
        )
    }
}

/// The command line that ends a run.
pub(super) fn end(run: &RunId, base: &str) -> Arc<str> {
    let text = format!("i={run};b={base};exec >/dev/null 2>&1;{END}");
    Arc::from(format!("/bin/sh -c {}", shell::quote(&text)))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
        process::{Child, Stdio},
        time::Instant,
    };

    use super::*;
    use crate::{
        model::Payload,
        task::payload::{
            command_payload,
            trial::{Ask, Trial, shells},
        },
    };

    // Ten times what it takes on a busy machine.
    const PATIENCE: Duration = Duration::from_mins(1);

    #[test]
    fn program_can_stand_between_single_quotes_of_any_login_shell() {
        for text in [PREAMBLE, END] {
            assert!(!text.contains(['\'', '\n']), "{text}");
            assert!(!text.contains(r"\\") && text.is_ascii(), "{text}");
        }
    }

    #[test]
    fn login_shells_of_other_kinds_start_it() {
        for login_shell in ["/bin/tcsh", "/usr/bin/fish", "/bin/zsh", "/bin/bash"] {
            if !Path::new(login_shell).exists() {
                continue;
            }
            let trial = Trial::with_shell(&[login_shell, "-c"]);
            let ask = Ask::new();
            let payload = command_payload("echo 'it''s' \"$HOME\" | wc -l; exit 4", &ask.call());
            let output = trial.run_through(&payload.unwrap());
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.exit.code(), 4, "{login_shell}: {stderr}");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).trim(),
                "1",
                "{login_shell}"
            );
        }
    }

    /// Waits until `path` holds a whole line, and gives it.
    fn line_of(path: &Path) -> String {
        let start = Instant::now();
        loop {
            if let Ok(text) = fs::read_to_string(path)
                && let Some(line) = text.strip_suffix('\n')
            {
                return line.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "{} has no line", path.display());
            std::thread::yield_now();
        }
    }

    fn is_alive(process: &str) -> bool {
        // A dead one that nobody has asked after yet is dead.
        fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    fn dies(process: &str) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if !is_alive(process) {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    fn ends(process: &str) -> bool {
        std::process::Command::new("kill")
            .arg(process)
            .status()
            .unwrap()
            .success()
    }

    /// A command that writes its own id and that of its child, and stays.
    fn start(trial: &Trial, ask: &Ask, prelude: &str) -> (Payload, Child, Vec<String>) {
        let home = trial.home();
        let command =
            format!("{prelude} sleep 1000 & echo $! >$HOME/child; echo $$ >$HOME/own; wait; wait");
        let payload = command_payload(&command, &ask.call()).unwrap();
        let file: PathBuf = home.join("stdin");
        fs::write(&file, payload.stdin.head()).unwrap();
        let child = trial
            .command(&payload.command)
            .stdin(fs::File::open(&file).unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let processes = ["child", "own"]
            .iter()
            .map(|name| line_of(&home.join(name)))
            .collect();
        (payload, child, processes)
    }

    #[test]
    fn end_leaves_no_process_and_no_file() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let (payload, mut child, processes) = start(&trial, &ask, "");
            assert!(processes.iter().all(|one| is_alive(one)), "{shell:?}");
            let end = trial
                .command(payload.end.as_deref().unwrap())
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(end.status.success(), "{shell:?}: {end:?}");
            for process in &processes {
                assert!(dies(process), "{shell:?}: {process} of {processes:?}");
            }
            assert!(!child.wait().unwrap().success(), "{shell:?}");
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    #[test]
    fn process_that_does_not_listen_is_ended_all_the_same() {
        let trial = Trial::new();
        let ask = Ask::new();
        let (payload, mut child, processes) = start(&trial, &ask, "trap '' TERM;");
        trial
            .command(payload.end.as_deref().unwrap())
            .output()
            .unwrap();
        for process in &processes {
            assert!(dies(process), "{process} of {processes:?}");
        }
        child.wait().unwrap();
        assert_eq!(trial.leftovers(), Vec::<String>::new());
    }

    #[test]
    fn target_ends_by_itself_what_nobody_ends() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let home = trial.home();
            let command = "sleep 1000 & echo $! >$HOME/child; wait";
            let payload = command_payload(command, &ask.call()).unwrap();
            // Its time and the grace of the watchdog, made short.
            let head = String::from_utf8(payload.stdin.head().to_vec()).unwrap();
            let head = head.replace(";t=70;", ";t=1;");
            fs::write(home.join("stdin"), head).unwrap();
            let mut child = trial
                .command(&payload.command)
                .stdin(fs::File::open(home.join("stdin")).unwrap())
                .spawn()
                .unwrap();
            let process = line_of(&home.join("child"));
            assert!(dies(&process), "{shell:?}");
            assert_eq!(child.wait().unwrap().code(), Some(143), "{shell:?}");
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    #[test]
    fn signal_to_the_program_ends_the_run() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let (_, mut child, processes) = start(&trial, &ask, "");
            let killed = std::process::Command::new("kill")
                .args(["-HUP", &child.id().to_string()])
                .status()
                .unwrap();
            assert!(killed.success());
            for process in &processes {
                assert!(dies(process), "{shell:?}: {process} of {processes:?}");
            }
            child.wait().unwrap();
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    #[test]
    fn killed_program_leaves_no_file_when_its_run_is_over() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let (_, mut child, processes) = start(&trial, &ask, "");
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(processes.iter().all(|one| is_alive(one)), "{shell:?}");
            // The command waits for its child, which is the first.
            assert!(ends(&processes[0]), "{shell:?}");
            let start = Instant::now();
            while !trial.leftovers().is_empty() {
                assert!(
                    start.elapsed() < PATIENCE,
                    "{shell:?}: {:?}",
                    trial.leftovers()
                );
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn what_a_run_leaves_behind_on_purpose_stays() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let command = "sleep 1000 >/dev/null 2>&1 & echo $!";
            let payload = command_payload(command, &ask.call()).unwrap();
            let output = trial.run(&payload);
            let process = String::from_utf8(output.stdout).unwrap();
            let process = process.trim();
            assert!(is_alive(process), "{shell:?}");
            assert!(ends(process), "{shell:?}");
            assert!(dies(process), "{shell:?}");
        }
    }
}
