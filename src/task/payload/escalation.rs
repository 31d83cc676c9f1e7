//! Becoming another user on the target: the words before the command, the password before the header, and what it
//! means when the run did not begin.

use std::sync::Arc;

use crate::model::{Failure, Value, kinds};

use super::{call::Call, preamble, shell};

// What sudo is told to ask with. Counting it tells a wrong password from a missing one in every language.
const PROMPT: &str = "segue-password:";

/// How a run becomes another user.
pub(super) struct Escalation {
    pub command: Arc<str>,
    /// The line that goes first on standard input.
    pub password_line: String,
}

impl Escalation {
    /// The escalation that a call asks for, if it does.
    pub(super) fn of(call: &Call<'_>) -> Result<Option<Self>, Failure> {
        let Some(user) = call.escalates_to() else {
            return Ok(None);
        };
        if user.starts_with('-') || user.contains('\0') {
            return Err(Failure::new(
                kinds::VALIDATION,
                format!("`{user}` is no name of a user to run as"),
            ));
        }
        let plain = preamble::command();
        if let Some(words) = own_command(call)? {
            let words = words.iter().map(String::as_str).chain([user]);
            return Ok(Some(Self {
                command: Arc::from(format!("{} {plain}", shell::join(words))),
                password_line: String::new(),
            }));
        }
        let sudo = shell::join([call.text_setting("sudo-executable").unwrap_or("sudo")]);
        let user = shell::quote(user);
        let password = call
            .text_setting("sudo-password")
            .or_else(|| call.text_setting("password"));
        let Some(password) = password else {
            return Ok(Some(Self {
                command: Arc::from(format!("{sudo} -n -H -u {user} {plain}")),
                password_line: String::new(),
            }));
        };
        // A line of this form would be taken for the header if sudo did not need the password.
        if password.contains(['\n', '\0']) || password.starts_with("segue:") {
            return Err(escalate_failure(
                "the password can't be given to sudo: it begins with `segue:` or has a line break in it".to_owned(),
                "BAD_PASSWORD",
            ));
        }
        Ok(Some(Self {
            command: Arc::from(format!("{sudo} -S -H -u {user} -p {PROMPT} {plain}")),
            password_line: format!("{password}\n"),
        }))
    }
}

/// The `run-as-command` of a target.
fn own_command(call: &Call<'_>) -> Result<Option<Vec<String>>, Failure> {
    let Some(setting) = call.target.setting("run-as-command") else {
        return Ok(None);
    };
    let words: Option<Vec<String>> = setting.as_array().map(|words| {
        words
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    });
    match words {
        Some(words) if !words.is_empty() => Ok(Some(words)),
        _ if *setting == Value::Null => Ok(None),
        _ => Err(Failure::new(
            kinds::VALIDATION,
            "`run-as-command` must be a list of words, such as [\"doas\", \"-u\"]",
        )),
    }
}

/// Why an escalated run never began, from all that was said in its place.
pub(in crate::task) fn failure(user: &str, stderr: &str) -> Failure {
    let asked = stderr.matches(PROMPT).count();
    let said = stderr.replace(PROMPT, "");
    let said = said.trim();
    let (code, what, help) = if asked >= 2 || said.contains("incorrect password") {
        (
            "BAD_PASSWORD",
            format!("sudo did not accept the password to become `{user}`"),
            "type it with `--sudo-password-prompt`, or mend `sudo-password` under `config: ssh:`",
        )
    } else if said.contains("password is required") || said.contains("no password was provided") {
        (
            "NO_PASSWORD",
            format!("sudo needs a password to become `{user}`, and none is configured"),
            "type it with `--sudo-password-prompt`, set `sudo-password` under `config: ssh:`, or let sudo not ask (`NOPASSWD:`)",
        )
    } else {
        (
            "SUDO_DENIED",
            format!("becoming `{user}` was denied"),
            "try `sudo -l` there as the user who logs in; `run-as`, `run-as-command` and `sudo-executable` are set under `config: ssh:`",
        )
    };
    let message = if said.is_empty() {
        what
    } else {
        format!("{what}: {said}")
    };
    escalate_failure(message, code).with_detail("help", help)
}

fn escalate_failure(message: String, code: &str) -> Failure {
    Failure::new(kinds::ESCALATE, message).with_issue_code(code)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use crate::{
        model::{Output, Secret, TargetResult, Value},
        task::{
            Attempt, command_result, open_stderr,
            payload::{
                command_payload,
                trial::{Ask, Trial, shells},
            },
        },
    };

    /// A sudo that asks for `hunter2` as long as `asks` says, and knows only the user `app`.
    const SUDO: &str = r#"#!/bin/sh
prompt=Password: user= stdin=
while :; do
  case $1 in
    -S) stdin=1; shift ;;
    -n) stdin=; shift ;;
    -H) shift ;;
    -u) user=$2; shift 2 ;;
    -p) prompt=$2; shift 2 ;;
    *) break ;;
  esac
done
echo "We trust you have received the usual lecture." >&2
if [ -e "$HOME/asks" ]; then
  [ "$stdin" ] || { echo "sudo: a password is required" >&2; exit 1; }
  n=0
  while :; do
    printf %s "$prompt" >&2
    IFS= read -r word || { echo "sudo: no password was provided" >&2; exit 1; }
    [ "$word" = hunter2 ] && break
    n=$((n + 1))
    echo "Sorry, try again." >&2
    [ $n -lt 3 ] || { echo "sudo: 3 incorrect password attempts" >&2; exit 1; }
  done
fi
[ "$user" = app ] || { echo "sudo: unknown user $user" >&2; exit 1; }
SUDO_UID=$(id -u) USER=app
export SUDO_UID USER
exec "$@"
"#;

    fn machine(shell: &[&str], asks: bool) -> Trial {
        let trial = Trial::with_shell(shell);
        let sudo = trial.directory.path().join("sudo");
        fs::write(&sudo, SUDO).unwrap();
        fs::set_permissions(&sudo, fs::Permissions::from_mode(0o755)).unwrap();
        if asks {
            fs::write(trial.home().join("asks"), "").unwrap();
        }
        trial
    }

    fn ask(trial: &Trial) -> Ask {
        let sudo = trial.directory.path().join("sudo");
        Ask::new()
            .setting("run-as", "app")
            .setting("sudo-executable", sudo.to_str().unwrap())
            .setting(
                "tmpdir",
                trial.directory.path().join("tmp").to_str().unwrap(),
            )
    }

    fn run(trial: &Trial, ask: &Ask, command: &str) -> (TargetResult, Output) {
        let call = ask.call();
        let payload = command_payload(command, &call).unwrap();
        assert!(!payload.command.contains("hunter2"));
        let output = trial.run_through(&payload);
        let attempt = Attempt {
            call: &call,
            object: command,
            duration_ms: 0,
            attempts: 1,
        };
        (command_result(&attempt, &output), output)
    }

    fn code(result: &TargetResult) -> &str {
        result
            .failure
            .as_ref()
            .unwrap()
            .issue_code
            .as_deref()
            .unwrap()
    }

    #[test]
    fn escalated_run_has_its_own_words_only() {
        for shell in shells() {
            for (asks, password) in [
                (false, None),
                (false, Some("hunter2")),
                (true, Some("hunter2")),
            ] {
                let trial = machine(&shell, asks);
                let mut ask = ask(&trial);
                if let Some(password) = password {
                    ask = ask.setting("sudo-password", Value::sensitive(password.into()));
                }
                let (result, output) = run(&trial, &ask, "echo $USER; cat; echo oops >&2; exit 3");
                let get = |key: &str| result.value.get(key).unwrap().to_string();
                assert_eq!(get("stdout"), "app\n", "{shell:?} {asks} {password:?}");
                assert_eq!(get("stderr"), "oops\n", "{shell:?} {asks} {password:?}");
                assert_eq!(get("exit_code"), "3", "{shell:?} {asks} {password:?}");
                assert_eq!(trial.leftovers(), Vec::<String>::new());
                let stderr = String::from_utf8(output.stderr).unwrap();
                assert_eq!(open_stderr(&ask.call(), &stderr), "oops\n");
                assert_eq!(open_stderr(&ask.call(), &stderr[..9]), "");
            }
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        let trial = machine(&["/bin/sh"], true);
        let (result, _) = run(&trial, &ask(&trial), "true");
        assert_eq!(code(&result), "NO_PASSWORD");
        let wrong = ask(&trial).setting(
            "password",
            Value::Sensitive(Box::new(Secret::new("guess".into()))),
        );
        let (result, _) = run(&trial, &wrong, "true");
        assert_eq!(code(&result), "BAD_PASSWORD");
        assert!(
            !result
                .failure
                .as_ref()
                .unwrap()
                .message
                .contains("segue-password")
        );
        let trial = machine(&["/bin/sh"], false);
        let (result, _) = run(&trial, &ask(&trial).setting("run-as", "nobody"), "true");
        assert_eq!(code(&result), "SUDO_DENIED");
        let message = &result.failure.as_ref().unwrap().message;
        assert!(message.contains("sudo: unknown user nobody"), "{message}");
        let gone = ask(&trial).setting("sudo-executable", "/no/such/sudo");
        let (result, _) = run(&trial, &gone, "true");
        assert_eq!(code(&result), "SUDO_DENIED");
        // A command that fails like sudo does is a command that failed.
        let (result, _) = run(
            &trial,
            &ask(&trial),
            "echo 'sudo: a password is required' >&2; exit 1",
        );
        assert_eq!(code(&result), "COMMAND_ERROR");
    }

    #[test]
    fn login_user_needs_no_escalation() {
        let trial = machine(&["/bin/sh"], true);
        let mut ask = ask(&trial);
        ask.target.user = Some("app".to_owned());
        let (result, _) = run(&trial, &ask, "true");
        assert!(result.is_ok(), "{result:?}");
    }

    #[test]
    fn other_command_may_escalate() {
        let trial = machine(&["/bin/sh"], false);
        let own = trial.directory.path().join("do as");
        fs::write(&own, "#!/bin/sh\nU=$2; export U; shift 2; exec \"$@\"").unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
        let words: Vec<Value> = vec![own.to_str().unwrap().into(), "-u".into()];
        let ask = ask(&trial).setting("run-as-command", words);
        let (result, _) = run(&trial, &ask, "echo $U");
        assert_eq!(result.value.get("stdout").unwrap().to_string(), "app\n");
    }

    #[test]
    fn wish_of_the_login_user_ends_an_escalated_run() {
        let trial = machine(&["/bin/sh"], false);
        let ask = ask(&trial);
        let payload = command_payload("echo >$HOME/began; sleep 1000", &ask.call()).unwrap();
        let input = trial.home().join("input");
        fs::write(&input, payload.stdin.head()).unwrap();
        let mut child = trial
            .login(&payload.command)
            .stdin(fs::File::open(&input).unwrap())
            .spawn()
            .unwrap();
        while !trial.home().join("began").exists() {
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it began"
            );
            std::thread::yield_now();
        }
        let flag = trial
            .directory
            .path()
            .join(format!("tmp/segue.{}.end", ask.run));
        fs::write(flag, "").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(143));
        assert_eq!(trial.leftovers(), Vec::<String>::new());
    }

    #[test]
    fn real_sudo_becomes_another_user() {
        // Root may become anybody without a password, which is all that can be tried anywhere.
        let is_root = fs::read_to_string("/proc/self/status")
            .is_ok_and(|status| status.contains("\nUid:\t0\t0\t"));
        if !is_root || !Path::new("/usr/bin/sudo").exists() {
            return;
        }
        let trial = Trial::new();
        let ask = Ask::new().setting("run-as", "nobody");
        let (result, _) = run(&trial, &ask, "umask 077; id -un; echo oops >&2");
        assert_eq!(
            result.value.get("stdout").unwrap().to_string(),
            "nobody\n",
            "{result:?}"
        );
        assert_eq!(result.value.get("stderr").unwrap().to_string(), "oops\n");
        let unknown = Ask::new().setting("run-as", "no-such-user");
        let (result, _) = run(&trial, &unknown, "true");
        assert_eq!(code(&result), "SUDO_DENIED", "{result:?}");
    }
}
