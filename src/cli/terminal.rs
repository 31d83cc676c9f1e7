//! The terminal itself: where words go, whether they are coloured, and how the operator is asked.

use std::io::{self, BufRead, IsTerminal, Write};

use anstream::AutoStream;
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{cropped::Cropped, standard_output::StandardOutput, tame::Tame};
use crate::{
    error::{Error, Exit},
    model::{Failure, kinds},
    run::{Operator, Question},
};

/// How wide the words of a report are at most, to be read at ease.
const WORDS_MAX: usize = 100;

/// Standard output, stripped of colours where they are unwelcome (`NO_COLOR`, a pipe), and of what is neither text nor
/// colour.
pub(super) fn stdout() -> StandardOutput<Tame<AutoStream<io::Stdout>>> {
    StandardOutput(Tame::new(AutoStream::auto(io::stdout())))
}

/// Standard error, likewise.
pub(super) fn stderr() -> Tame<AutoStream<io::Stderr>> {
    Tame::new(AutoStream::auto(io::stderr()))
}

/// Prints what is wrong, where, and what to type next.
pub(super) fn print_error(error: &Error) {
    print_report(&error.report);
}

/// Says something on stderr that is no error.
pub(super) fn tell(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Prints a report on stderr, drawn as far as the terminal can.
pub(super) fn print_report(report: &miette::Report) {
    let mut text = String::new();
    let colour = AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let columns = columns();
    let words = columns.unwrap_or(usize::MAX).min(WORDS_MAX);
    let handler = GraphicalReportHandler::new_themed(theme).with_width(words);
    let cropped = Cropped::new(report.as_ref(), columns);
    if handler.render_report(&mut text, &cropped).is_err() {
        text = cropped.to_string();
    }
    // If stderr is gone there is nobody to tell; the exit code still does.
    let _ = stderr().write_all(text.as_bytes());
}

/// How many columns the terminal has, if there is one.
fn columns() -> Option<usize> {
    // Narrower than this every word would stand on a line of its own.
    const LEAST: usize = 40;
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    let columns = usize::from(size.ws_col);
    (columns > 0).then(|| columns.max(LEAST))
}

/// Prints clap's help to stdout and its complaints to stderr, and gives the exit code for them.
pub(super) fn print_usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    }
}

/// The person at this terminal.
#[derive(Debug)]
pub(super) struct Terminal;

impl Operator for Terminal {
    fn answer(&self, question: &Question) -> Result<String, Failure> {
        let gone = |error: io::Error| {
            let message = match error.kind() {
                io::ErrorKind::UnexpectedEof => "the input ended without an answer".to_owned(),
                _ => format!("the terminal can't be read: {error}"),
            };
            Failure::new(kinds::EFFECT, message)
        };
        match question {
            Question::Line {
                message,
                sensitive,
                default,
            } => {
                let hint = default.as_ref().map(|text| format!(" [{text}]"));
                let prompt = format!("{message}{}: ", hint.unwrap_or_default());
                let line = if *sensitive {
                    read_hidden(&prompt)
                } else {
                    read_line(&prompt)
                };
                let line = line.map_err(gone)?;
                Ok(match default {
                    Some(default) if line.is_empty() => default.clone(),
                    _ => line,
                })
            }
            Question::Choice {
                message,
                choices,
                default,
            } => loop {
                let line = read_line(&menu(message, choices, default.as_deref())).map_err(gone)?;
                if let Some(choice) = chosen(&line, choices, default.as_deref()) {
                    return Ok(choice);
                }
            },
            Question::Consent { message } => loop {
                match read_line(&format!("{message} [yes/no]: "))
                    .map_err(gone)?
                    .to_lowercase()
                    .as_str()
                {
                    "y" | "yes" => return Ok("yes".to_owned()),
                    "n" | "no" => return Ok("no".to_owned()),
                    _ => {}
                }
            },
        }
    }

    fn is_present(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

fn menu(message: &str, choices: &[String], default: Option<&str>) -> String {
    use std::fmt::Write as _;

    let mut text = format!("{message}\n");
    for (index, choice) in choices.iter().enumerate() {
        let mark = if default == Some(choice.as_str()) {
            "*"
        } else {
            " "
        };
        let _ = writeln!(text, "{mark} {}) {choice}", index + 1);
    }
    text.push_str("number: ");
    text
}

fn chosen(line: &str, choices: &[String], default: Option<&str>) -> Option<String> {
    if line.is_empty() {
        return default.map(str::to_owned);
    }
    let by_number = line
        .parse::<usize>()
        .ok()
        .and_then(|number| choices.get(number.checked_sub(1)?));
    by_number
        .or_else(|| choices.iter().find(|choice| *choice == line))
        .cloned()
}

fn read_line(prompt: &str) -> io::Result<String> {
    let mut err = stderr();
    write!(err, "{prompt}")?;
    err.flush()?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        // Ctrl-D leaves the cursor behind the question.
        writeln!(err)?;
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads a line that is not echoed. Echo is put back however reading ends, also by Ctrl-C, which the terminal itself
/// would turn into a signal that leaves no time for it.
pub(super) fn read_hidden(prompt: &str) -> io::Result<String> {
    use rustix::{
        process::{Signal, getpid, kill_process},
        termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
    };

    struct Restore(Termios);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
            let _ = writeln!(stderr());
        }
    }

    if !io::stdin().is_terminal() {
        return read_line(prompt);
    }
    let before = tcgetattr(io::stdin())?;
    let mut hidden = before.clone();
    let by_the_terminal = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    hidden.local_modes.remove(by_the_terminal);
    hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
    hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
    let restore = Restore(before);
    tcsetattr(io::stdin(), OptionalActions::Now, &hidden)?;
    let mut err = stderr();
    write!(err, "{prompt}")?;
    err.flush()?;
    let typed = read_typed(&mut io::stdin().lock());
    drop(restore);
    if matches!(&typed, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
        // Whoever waits for the signal does with it what Ctrl-C means now; nobody else gets it.
        let _ = kill_process(getpid(), Signal::INT);
    }
    typed
}

/// Reads keys until the line ends, with the few of them that correct one.
fn read_typed(keys: &mut impl io::Read) -> io::Result<String> {
    const INTERRUPT: u8 = 3;
    const END: u8 = 4;
    const BACKSPACE: u8 = 8;
    const CLEAR: u8 = 21;
    const DELETE: u8 = 127;

    let mut line: Vec<u8> = Vec::new();
    let mut key = [0];
    loop {
        let count = keys.read(&mut key)?;
        match key[0] {
            _ if count == 0 && line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if count == 0 => break,
            b'\r' | b'\n' => break,
            INTERRUPT => return Err(io::ErrorKind::Interrupted.into()),
            END if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            END => break,
            BACKSPACE | DELETE => {
                // A character of several bytes goes as a whole.
                while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            CLEAR => line.clear(),
            other => line.push(other),
        }
    }
    String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_line_is_corrected_ended_and_interrupted_by_keys() {
        let typed = |keys: &[u8]| read_typed(&mut &keys[..]).map_err(|error| error.kind());
        assert_eq!(typed(b"secret\n").as_deref(), Ok("secret"));
        assert_eq!(
            typed("ab\u{e9}\u{7f}c\rmore".as_bytes()).as_deref(),
            Ok("abc")
        );
        assert_eq!(typed(b"wrong\x15right\x04").as_deref(), Ok("right"));
        assert_eq!(typed(b"half\x03"), Err(io::ErrorKind::Interrupted));
        assert_eq!(typed(b""), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(typed(b"\n").as_deref(), Ok(""));
    }

    #[test]
    fn a_menu_takes_a_number_a_name_or_the_default() {
        let choices = ["blue".to_owned(), "green".to_owned()];
        assert_eq!(chosen("2", &choices, None).as_deref(), Some("green"));
        assert_eq!(chosen("blue", &choices, None).as_deref(), Some("blue"));
        assert_eq!(
            chosen("", &choices, Some("green")).as_deref(),
            Some("green")
        );
        assert_eq!(chosen("", &choices, None), None);
        assert_eq!(chosen("0", &choices, None), None);
        assert_eq!(chosen("3", &choices, None), None);
    }
}
