//! The program that receives a run on the target, and the one that ends it: constant text for any POSIX shell.
//!
//! Everything of a run comes on standard input: a header line, which the program evaluates, then what the mode of
//! the run asks for. Nothing of it is on the command line, so nothing can be read in the target's list of processes.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use super::{call::RunId, shell};

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
// d: our directory  p: process of the run, which leads its group  w: the watchdog  x: what makes a session
const PREAMBLE: &str = concat!(
    // Says why a run could not be set up.
    r#"f(){ echo "segue:$i:$1:$2" >&2;exit 97;};"#,
    r#"c(){ [ "$o" ]||rm -rf "$d";rm -f "$d.pid" "$d.end";};"#,
    // Ends the run: TERM, five seconds to comply, KILL. Before `setsid` has made the group, there is one process.
    r#"k(){ [ "$p" ]||return;kill -TERM -$p||kill -TERM $p;n=0;"#,
    r"while kill -0 -$p&&[ $n -lt 5 ];do sleep 1;n=$((n+1));done;kill -KILL -$p;};",
    // A tar for machines that have none: headers of 512 bytes, the name first, the size in octal at 124.
    r#"u(){ cd "$d"||return;while dd bs=1 count=512 of=.h;"#,
    r#"h=$(dd if=.h bs=1 count=100|tr -d "\000");[ "$h" ];do "#,
    r#"n=$(dd if=.h bs=1 skip=124 count=11);n=$((0$n));case $h in */)mkdir -p "$h";;"#,
    r#"*)dd bs=1 count=$n of="$h"&&chmod 700 "$h";;esac||return;"#,
    r"dd bs=1 count=$(((512-n%512)%512)) of=.h;done;};",
    // sudo leaves the password there when it did not need it, so lines before the header are passed over.
    r#"i=;while IFS= read -r h;do case $h in segue:*)eval "${h#segue:}";break;;esac;done;"#,
    r#"[ "$i" ]||f input "it ended before the run began";"#,
    r#"if [ "$v" ];then echo "segue:$i:started" >&2;fi;"#,
    r#"d=$b/segue.$i;p=;trap c EXIT;trap "k >/dev/null 2>&1;exit 143" HUP INT TERM;"#,
    r#"case $m in d)e=$(mkdir -m 700 "$d" 2>&1)||f tmpdir "$e";"#,
    r#"if command -v tar >/dev/null 2>&1;then e=$(cd "$d"&&tar -xof - 2>&1);"#,
    r#"else e="there is no tar, and dd failed";(u) 2>/dev/null;fi||f unpack "$e";"#,
    r#"[ -f "$d/.run" ]||f unpack "the input ended early";s=". \"\$d/.run\"";;"#,
    "c)s=$(cat);;esac;",
    "if command -v setsid >/dev/null 2>&1;then x=setsid;else x=;set -m 2>/dev/null;fi;",
    r#"exec 3<&0;(eval "$s") <&3 3<&-& p=$!;"#,
    // From here on nobody listens: what a shell has to say about signals would look like the task's words.
    "exec </dev/null >/dev/null 2>&1 3<&-;",
    r#"set -C;echo $p >"$d.pid";if [ -e "$d.end" ];then k;exit 143;fi;"#,
    // The watchdog. The login user can't signal an escalated run, so that one looks for the wish to end by itself.
    r#"if [ "$v" ];then (while [ $t -gt 0 ];do "#,
    r#"if [ -e "$d.end" ]&&[ "$(find "$d.end" -prune ${SUDO_UID:+-user $SUDO_UID})" ];then break;fi;"#,
    r"sleep 1;t=$((t-1));done;k;c)& ",
    r#"else (sleep $t& s=$!;trap "kill $s;wait $s;exit" TERM;wait $s;k;c)& fi;w=$!;"#,
    // ksh93 counts signals from 256.
    "wait $p;r=$?;if [ $r -gt 256 ];then r=$((r-128));fi;",
    "kill $w;wait $w;exit $r",
);

// Leaves the wish to end, for a run that is being set up or is another user's, and ends the group of one that is ours.
// Ten seconds are twice what the run gives its processes after TERM.
const END: &str = concat!(
    r#"d=$b/segue.$i;: >"$d.end";[ -e "$d.pid" ]||sleep 2;p=;read -r p <"$d.pid";"#,
    r"if [ $p ];then kill -TERM -$p||kill -TERM $p;n=0;",
    r#"while [ -e "$d.pid" ]&&[ $n -lt 10 ];do sleep 1;n=$((n+1));"#,
    r#"if [ $n = 6 ];then kill -KILL -$p;fi;done;fi;rm -rf "$d" "$d.pid" "$d.end""#,
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
    /// For [`Mode::Stream`]. No newline may be in it.
    pub script: &'a str,
}

impl Header<'_> {
    pub(super) fn line(&self) -> String {
        let flag = |is_set: bool| if is_set { "1" } else { "" };
        let seconds = self
            .timeout
            .saturating_add(WATCHDOG_GRACE)
            .as_secs()
            .clamp(1, SECONDS_MAX);
        format!(
            "segue:i={};m={};t={seconds};b={};v={};o={};s={}\n",
            self.run,
            self.mode.letter(),
            self.base,
            flag(self.is_escalated),
            flag(self.keeps_directory),
            shell::quote(self.script),
        )
    }
}

/// The command line that ends a run.
pub(super) fn end(run: &RunId, base: &str) -> Arc<str> {
    let text = format!("i={run};b={base};exec >/dev/null 2>&1;{END}");
    Arc::from(format!("/bin/sh -c {}", shell::quote(&text)))
}
