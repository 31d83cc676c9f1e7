//! What runs a file that is no shell script, and what to do where that is not there.

use crate::model::{Failure, Value, kinds};

use super::call::Call;

/// A language that published tasks are written in.
struct Language {
    extension: &'static str,
    /// How the names of its interpreters begin.
    name: &'static str,
    /// Where its interpreter usually is, as a setting.
    program: &'static str,
}

const LANGUAGES: [Language; 8] = [
    language("rb", "ruby", "/usr/bin/ruby"),
    language("py", "python", "/usr/bin/python3"),
    language("pl", "perl", "/usr/bin/perl"),
    language("pp", "puppet", "[/opt/puppetlabs/bin/puppet, apply]"),
    language("ps1", "pwsh", "[/usr/bin/pwsh, -File]"),
    language("js", "node", "/usr/bin/node"),
    language("php", "php", "/usr/bin/php"),
    language("lua", "lua", "/usr/bin/lua"),
];

const fn language(extension: &'static str, name: &'static str, program: &'static str) -> Language {
    Language {
        extension,
        name,
        program,
    }
}

/// The failure of a file without a `#!` line whose name says that it is no shell script: a shell would make a heap of
/// errors of it, of which none says why.
pub(super) fn no_shell_script(call: &Call<'_>, name: &str) -> Option<Failure> {
    let failure = |message: String, help: String| {
        Failure::new(kinds::FILE, message)
            .with_issue_code("EXEC_ERROR")
            .with_detail("help", help)
    };
    if ["bat", "cmd"].iter().any(|one| is_of(name, one)) {
        return Some(failure(
            format!("`{name}` is a script of Windows, which no other system can run"),
            "a task that runs elsewhere, too, lists in its metadata an implementation that requires `shell`"
                .to_owned(),
        ));
    }
    let language = LANGUAGES.iter().find(|one| is_of(name, one.extension))?;
    Some(failure(
        format!("`{name}` has no `#!` line, so nothing says what runs it"),
        format!(
            "begin it with one, or name its interpreter under `config:`, such as {}",
            setting(call, language.extension, language.program)
        ),
    ))
}

/// What to do about a program that is not on the target.
pub(in crate::task) fn help(call: &Call<'_>, program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program);
    let language = LANGUAGES.iter().find(|one| name.starts_with(one.name));
    let (extension, another) =
        language.map_or(("sh", "/bin/sh"), |one| (one.extension, one.program));
    let it = if program.starts_with("/opt/puppetlabs/") {
        "the Puppet agent"
    } else {
        "it"
    };
    // Nobody is told to try what is missing: `python` is not `python3`.
    let word = another.trim_start_matches('[').split(',').next();
    if word == Some(program) || word.and_then(|word| word.rsplit('/').next()) == Some(program) {
        return format!("install {it} there");
    }
    format!(
        "install {it} there, or name another under `config:`, such as {}",
        setting(call, extension, another)
    )
}

/// What to do about a script for PowerShell. An interpreter alone would not do: its parameters are named arguments,
/// which nobody but a Windows machine is given.
pub(super) const HELP_WITH_POWERSHELL: &str = "no target is reached as a Windows machine yet; a task that runs elsewhere, too, lists in its metadata an implementation that requires `shell`";

/// Whether it is Ruby on this machine.
pub(super) fn is_ruby_here(call: &Call<'_>, name: &str) -> bool {
    let target = call.target;
    let is_here = match target.transport.as_str() {
        "local" => true,
        "remote" => target
            .setting("run-on")
            .is_none_or(|proxy| proxy.as_str() == Some("localhost")),
        _ => false,
    };
    is_here && is_of(name, "rb") && target.setting("bundled-ruby") != Some(&Value::Bool(false))
}

fn is_of(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
}

/// The setting that names a program for an extension, as it stands in the inventory.
fn setting(call: &Call<'_>, extension: &str, program: &str) -> String {
    // What runs on a proxy runs over the proxy's transport, which is this machine's unless it says otherwise.
    let transport = match call.target.transport.as_str() {
        "remote" => "local",
        other => other,
    };
    format!("`interpreters: {{{extension}: {program}}}` in `{transport}:`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::payload::trial::Ask;

    #[test]
    fn help_names_the_language_and_the_transport() {
        let mut ask = Ask::new();
        let told: Vec<String> = [
            ("ssh", "/foo/python3.11"),
            ("ssh", "python"),
            ("ssh", "/opt/puppetlabs/puppet/bin/ruby"),
            ("local", "perl"),
            ("remote", "/opt/puppetlabs/bin/puppet"),
            ("ssh", "/bin/bash"),
            ("ssh", "/bin/sh"),
        ]
        .into_iter()
        .map(|(transport, program)| {
            transport.clone_into(&mut ask.target.transport);
            format!("{program}: {}", help(&ask.call(), program))
        })
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn only_files_that_are_surely_no_shell_scripts_are_refused() {
        let ask = Ask::new();
        let told: Vec<String> = ["a.py", "a.PP", "a.bat", "a.ps1"]
            .into_iter()
            .filter_map(|name| no_shell_script(&ask.call(), name))
            .map(|failure| format!("{} ({})", failure.message, failure.details["help"]))
            .collect();
        insta::assert_snapshot!(told.join("\n"));
        for name in ["a", "a.sh", "a.bash", "a.task", "py", ".profile", "a.py.sh"] {
            assert_eq!(no_shell_script(&ask.call(), name), None, "{name}");
        }
    }
}
