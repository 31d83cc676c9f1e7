//! Texts made of texts. A text is a value like a number: no method changes one, each gives the new one.
//!
//! Rhai's own methods of these names work in place and give nothing, which makes `r.stdout.trim()` nothing.

use rhai::{Dynamic, EvalAltResult, FuncRegistration, ImmutableString, Module, Position};

use super::{catalog::Entry, list::cut};
use crate::{
    model::{Failure, kinds},
    plan::{
        call::{Call, CallError, CallResult},
        object::Fault,
    },
};

const TEXT: &str = "String";
const LETTER: &str = "Character";
const INTEGER: &str = "Integer";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = ends();
    entries.extend(parts());
    entries.extend(letters());
    entries
}

fn ends() -> Vec<Entry> {
    vec![
        Entry::method(TEXT, "trim", |call| Ok(text(call).trim().into()))
            .in_place_of(&[&[]])
            .gives(TEXT)
            .doc("The text without white space at both ends. The text itself stays as it is, as with every method of a text.")
            .example(r#"let version = run_command("cat /etc/version", "web1").first.stdout.trim();"#),
        Entry::method(TEXT, "trim_start", |call| Ok(text(call).trim_start().into()))
            .gives(TEXT)
            .doc("The text without white space at its start.")
            .example(r#"print("  indented".trim_start());"#),
        Entry::method(TEXT, "trim_end", |call| Ok(text(call).trim_end().into()))
            .gives(TEXT)
            .doc("The text without white space at its end.")
            .example(r#"print("a line\n".trim_end());"#),
        Entry::method(TEXT, "pad", pad)
            .takes("length", INTEGER)
            .takes("with", TEXT)
            .in_place_of(&[&[INTEGER, TEXT], &[INTEGER, LETTER]])
            .gives(TEXT)
            .doc("The text, made at least so many characters long by adding another one at its end.")
            .example(r#"for t in targets("web") { print(`${t.name.pad(20, ".")} ${t.transport}`); }"#),
        Entry::method(TEXT, "truncate", |call| {
            let length = cut(call.integer(1)?);
            Ok(text(call).chars().take(length).collect::<String>().into())
        })
        .takes("length", INTEGER)
        .in_place_of(&[&[INTEGER]])
        .gives(TEXT)
        .doc("No more than the first so many characters of the text.")
        .example(r#"print("a long story".truncate(6));"#),
    ]
}

fn parts() -> Vec<Entry> {
    vec![
        Entry::method(TEXT, "replace", |call| {
            let (what, by) = (letters_of(call, 1)?, letters_of(call, 2)?);
            replaced(call, &what, &by)
        })
        .takes("what", TEXT)
        .takes("by", TEXT)
        .in_place_of(&[
            &[TEXT, TEXT],
            &[TEXT, LETTER],
            &[LETTER, TEXT],
            &[LETTER, LETTER],
        ])
        .gives(TEXT)
        .doc("The text with each occurrence of another one replaced. `replace_regex` does it with a pattern.")
        .example(r#"print("web1.example.com".replace(".example.com", ""));"#),
        Entry::method(TEXT, "remove", |call| {
            let what = letters_of(call, 1)?;
            replaced(call, &what, "")
        })
        .takes("what", TEXT)
        .in_place_of(&[&[TEXT], &[LETTER]])
        .gives(TEXT)
        .doc("The text without any occurrence of another one.")
        .example(r#"print("1,024".remove(","));"#),
        Entry::method(TEXT, "crop", crop)
            .takes("start", "Integer | Range")
            .may_take("length", INTEGER)
            .in_place_of(&[
                &[INTEGER],
                &[INTEGER, INTEGER],
                &["Range"],
                &["InclusiveRange"],
            ])
            .gives(TEXT)
            .doc("A part of the text: from a character on, counted from 0 (or from the end, if negative), so many characters or all that follow. A range does as well. It is the same as `sub_string`.")
            .example(r#"print("nginx-1.24.0".crop(6)); print("nginx-1.24.0".crop(0..5));"#),
        Entry::method(TEXT, "append", |call| {
            let more = call.argument(1).to_string();
            joined(call, &more)
        })
        .takes("more", "Any")
        .in_place_of(&[&[TEXT], &[LETTER]])
        .gives(TEXT)
        .doc("The text with something behind it. For a variable, `text += \"more\"` is shorter.")
        .example(r#"print("web".append("1"));"#),
        Entry::method(TEXT, "set", set)
            .takes("index", INTEGER)
            .takes("character", LETTER)
            .in_place_of(&[&[INTEGER, LETTER]])
            .gives(TEXT)
            .doc("The text with another character at a place, counted from 0, or from the end if negative.")
            .example("print(\"web1\".set(-1, '2'));"),
    ]
}

fn letters() -> Vec<Entry> {
    vec![
        Entry::method(TEXT, "make_upper", |call| {
            Ok(text(call).to_uppercase().into())
        })
        .in_place_of(&[&[]])
        .gives(TEXT)
        .doc("The text in capital letters: the same as `to_upper`.")
        .example(r#"print("web".make_upper());"#),
        Entry::method(TEXT, "make_lower", |call| {
            Ok(text(call).to_lowercase().into())
        })
        .in_place_of(&[&[]])
        .gives(TEXT)
        .doc("The text in small letters: the same as `to_lower`.")
        .example(r#"print("WEB".make_lower());"#),
    ]
}

/// Has the methods that would only change a text say what to write instead.
pub(super) fn refuse_changes(module: &mut Module) {
    let refuse = |module: &mut Module, name: &str, help: &'static str| {
        FuncRegistration::new(name)
            .in_global_namespace()
            .with_purity(true)
            .set_into_module(module, move |_: &mut ImmutableString| refused(help));
    };
    refuse(module, "clear", CLEAR);
    refuse(module, "pop", POP);
    FuncRegistration::new("pop")
        .in_global_namespace()
        .with_purity(true)
        .set_into_module(module, |_: &mut ImmutableString, _: i64| refused(POP));
}

/// What to write for two methods that texts don't have.
pub(in crate::plan) const CLEAR: &str = "a text can't be changed: write `text = \"\";`";
pub(in crate::plan) const POP: &str = "a text can't be changed: `text[-1]` is its last character, `text.crop(0, text.len() - 1)` what is before it";

fn refused(help: &str) -> Result<(), Box<EvalAltResult>> {
    let failure = Failure::new(kinds::VALIDATION, help);
    Err(Fault::new(failure, None).into_error(Position::NONE))
}

fn text(call: &Call<'_>) -> ImmutableString {
    call.receiver()
}

/// A String, or a character.
fn letters_of(call: &Call<'_>, index: usize) -> Result<ImmutableString, CallError> {
    match call.argument(index).as_char() {
        Ok(letter) => Ok(letter.to_string().into()),
        Err(_) => call.text(index),
    }
}

/// Rhai's own makes the new text before it looks at its size: of 256 KB it can make 64 GB.
fn replaced(call: &Call<'_>, what: &str, by: &str) -> CallResult {
    let text = text(call);
    let count = text.matches(what).count();
    if count == 0 {
        return Ok(text.into());
    }
    let size = (text.len()).saturating_add(count.saturating_mul(by.len()));
    check_size(call, size)?;
    Ok(text.replace(what, by).into())
}

fn joined(call: &Call<'_>, more: &str) -> CallResult {
    let text = text(call);
    check_size(call, text.len().saturating_add(more.len()))?;
    Ok(format!("{text}{more}").into())
}

fn pad(call: &Call<'_>) -> CallResult {
    let text = text(call);
    let with = letters_of(call, 2)?;
    let wanted = cut(call.integer(1)?);
    let missing = wanted.saturating_sub(text.chars().count());
    if missing == 0 {
        return Ok(text.into());
    }
    // Rhai's own never comes to an end here.
    if with.is_empty() {
        return Err(call.misuse("nothing can't make a text longer: `with` of `pad` is empty"));
    }
    check_size(call, text.len().saturating_add(missing))?;
    let padding: String = with.chars().cycle().take(missing).collect();
    joined(call, &padding)
}

fn set(call: &Call<'_>) -> CallResult {
    let text = text(call);
    let letter = call.argument(2).as_char();
    let letter = letter.map_err(|_| call.wrong_type(2, "a character, such as 'x'"))?;
    let length = text.chars().count();
    let Some(at) = super::sequence::position(call.integer(1)?, length) else {
        return Ok(text.into());
    };
    let changed = text.chars().enumerate();
    let changed = changed.map(|(index, other)| if index == at { letter } else { other });
    Ok(changed.collect::<String>().into())
}

fn crop(call: &Call<'_>) -> CallResult {
    let text = text(call);
    let length = text.chars().count();
    let part = super::list::part(call, length)?;
    let part: String = text.chars().skip(part.start).take(part.len()).collect();
    Ok(Dynamic::from(part))
}

pub(super) fn check_size(call: &Call<'_>, size: usize) -> Result<(), CallError> {
    if size > call.host().limits.string_bytes {
        return Err(Box::new(EvalAltResult::ErrorDataTooLarge(
            "Length of string".to_owned(),
            call.position(),
        )));
    }
    Ok(())
}
