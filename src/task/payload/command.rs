//! The payloads of commands and scripts.

use std::sync::Arc;

use crate::model::{Failure, Payload, kinds};

use super::{
    call::Call,
    carriage::Carriage,
    executable,
    pack::Pack,
    script_text::{STRING_BYTES_MAX, ScriptText},
    shell,
};

/// The payload that runs a command line in the login shell; escalated or local, in `sh`.
///
/// # Errors
/// The command has a NUL in it, or a variable can't be set.
pub fn command_payload(command: &str, call: &Call<'_>) -> Result<Payload, Failure> {
    if command.contains('\0') {
        return Err(Failure::new(
            kinds::VALIDATION,
            "a command can't have a NUL in it",
        ));
    }
    let is_plain = call.escalates_to().is_some() || call.target.transport == "local";
    let login_shell = if is_plain {
        "/bin/sh"
    } else {
        r#""${SHELL:-/bin/sh}""#
    };
    let mut script = ScriptText::new();
    script.export_all(call.env)?;
    if command.len() < STRING_BYTES_MAX {
        let words = format!("{login_shell} -c {}", shell::quote(command));
        return Carriage::script(script.running(&words, "/dev/null"), call).payload(call);
    }
    // No single argument may be that long.
    let run = script.running(&format!(r#"{login_shell} "$d"/.command"#), "/dev/null");
    let pack = Pack::of_file(".command", command.as_bytes())?;
    Carriage::directory(pack.archive, Pack::own(&run, None)?).payload(call)
}

/// The payload that runs a script of the controller with its arguments.
///
/// # Errors
/// An argument has a NUL in it, a variable can't be set, or an interpreter of the target is no words.
pub fn script_payload(
    pack: &Pack,
    arguments: &[String],
    call: &Call<'_>,
) -> Result<Payload, Failure> {
    if let Some(argument) = arguments
        .iter()
        .find(|one| one.contains('\0') || one.len() >= STRING_BYTES_MAX)
    {
        return Err(Failure::new(
            kinds::VALIDATION,
            if argument.contains('\0') {
                "an argument of a script can't have a NUL in it".to_owned()
            } else {
                format!(
                    "an argument of {} bytes is longer than any target takes",
                    argument.len()
                )
            },
        ));
    }
    let mut script = ScriptText::new();
    script.export_all(call.env)?;
    let file = format!("\"$d\"/{}", shell::quote(&pack.path));
    let start = executable::start(call, &file, &pack.file_name, &pack.nature)?;
    if let Some(check) = &start.check {
        script.line(check);
    }
    let words = format!(
        "{} {}",
        start.command,
        shell::join(arguments.iter().map(String::as_str))
    );
    let run = script.running(&words, "/dev/null");
    Carriage::directory(Arc::clone(&pack.archive), Pack::own(&run, None)?).payload(call)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::task::payload::trial::{Ask, Trial, shells};

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn command_gives_its_streams_and_its_code_in_every_shell() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let payload = command_payload("pwd; echo oops >&2; cat; exit 7", &ask.call()).unwrap();
            let output = trial.run(&payload);
            let home = trial.home().canonicalize().unwrap();
            assert_eq!(text(&output.stderr), "oops\n", "{shell:?}");
            assert_eq!(
                text(&output.stdout),
                format!("{}\n", home.display()),
                "{shell:?}"
            );
            assert_eq!(output.exit.code(), 7, "{shell:?}");
            assert_eq!(trial.leftovers(), Vec::<String>::new(), "{shell:?}");
        }
    }

    #[test]
    fn death_by_signal_has_the_code_of_shells_and_no_words() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let payload = command_payload("kill -SEGV $$", &ask.call()).unwrap();
            let output = trial.run(&payload);
            assert_eq!(output.exit.code(), 139, "{shell:?}");
            assert_eq!(text(&output.stderr), "", "{shell:?}");
        }
    }

    #[test]
    fn long_command_is_no_argument() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let long = "x".repeat(200 << 10);
            let payload = command_payload(&format!(": {long}; echo ok"), &ask.call()).unwrap();
            assert_eq!(text(&trial.run(&payload).stdout), "ok\n", "{shell:?}");
        }
    }

    #[test]
    fn half_a_command_is_not_run() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let ask = Ask::new();
            let mut payload = command_payload("echo a; echo b", &ask.call()).unwrap();
            let bytes = payload.stdin.head().to_vec();
            for cut in bytes.len() - 50..bytes.len() - 1 {
                payload.stdin = crate::model::Stdin::Bytes(std::sync::Arc::new(
                    crate::model::Secret::new(bytes[..cut].to_vec()),
                ));
                let output = trial.run(&payload);
                assert_eq!(text(&output.stdout), "", "{shell:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn script_gets_its_arguments_and_variables() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let mut ask = Ask::new();
            ask.env.insert("COLOR".to_owned(), "it's \"red\"\n".into());
            let script = "#!/bin/sh\nprintf '[%s]' \"$@\" \"$COLOR\" \"${0##*/}\"";
            let arguments = ["a b".to_owned(), String::new(), "$HOME'".to_owned()];
            let pack = Pack::of_script("files/say it.sh", script.as_bytes()).unwrap();
            let payload = script_payload(&pack, &arguments, &ask.call()).unwrap();
            let output = trial.run(&payload);
            assert_eq!(
                text(&output.stdout),
                "[a b][][$HOME'][it's \"red\"\n][say it.sh]",
                "{shell:?}: {}",
                text(&output.stderr)
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn any_text_survives_the_shell(value in "[^\0]{0,60}", argument in "[^\0]{0,60}") {
            for shell in shells() {
                let trial = Trial::with_shell(&shell);
                let mut ask = Ask::new();
                ask.env.insert("V".to_owned(), value.as_str().into());
                let script = b"#!/bin/dash\nprintf '%s|%s' \"$V\" \"$1\"";
                let arguments = [argument.clone()];
                let pack = Pack::of_script("x", script).unwrap();
                let payload = script_payload(&pack, &arguments, &ask.call()).unwrap();
                let output = trial.run(&payload);
                prop_assert_eq!(
                    text(&output.stdout),
                    format!("{value}|{argument}"),
                    "{:?}: {}", shell, text(&output.stderr)
                );
            }
        }
    }
}
