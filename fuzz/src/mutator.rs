//! Texts that are nearly plans: real ones, with a few of their tokens deleted, doubled, moved and exchanged.

use super::random::Random;

/// Longer texts are cut: a mutation that doubles must not make the next one take a minute.
const BYTES_MAX: usize = 20_000;

/// What may stand anywhere, and what parsers stumble over.
const TOKENS: [&str; 113] = [
    "param",
    "let",
    "const",
    "fn",
    "if",
    "else",
    "while",
    "loop",
    "for",
    "in",
    "switch",
    "try",
    "catch",
    "throw",
    "return",
    "break",
    "continue",
    "import",
    "export",
    "as",
    "private",
    "this",
    "true",
    "false",
    "default",
    "do",
    "until",
    "global",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#{",
    "${",
    "`",
    "\"",
    "'",
    "|",
    "||",
    "&&",
    "?.",
    "?[",
    "??",
    "..",
    "..=",
    "::",
    ":",
    ";",
    ",",
    ".",
    "=",
    "==",
    "!=",
    "=>",
    "+=",
    "-",
    "!",
    "<",
    ">",
    "**",
    "<<",
    "@",
    "#",
    "\\",
    "//",
    "/*",
    "*/",
    "///",
    "//!",
    "run_task(",
    "run_command(\"x\", \"web\")",
    "run_plan(\"p\")",
    "parallel(",
    "settle(",
    "background(",
    "wait(",
    "retry(",
    "graph(\"g\")",
    ".step(\"a\", || 1)",
    "#{ after: \"a\" }",
    ".run()",
    "targets(\"all\")",
    ".ok",
    ".first",
    ".names",
    "[\"web1\"]",
    ".value",
    ".stdout.trim()",
    ".filter(|r| r.ok)",
    "String[1]",
    "Optional[",
    "Enum['a', 'b']",
    "Variant[",
    "Struct[{'a' => Integer}]",
    "Pattern[/^\\d+$/]",
    "Hash[String, Any]",
    "Tuple[",
    "Integer[1, 2]",
    "Sensitive[",
    "/x/",
    "9223372036854775808",
    "0x",
    "1e999",
    "-9223372036854775808",
    "\u{feff}",
    "\u{0}",
    "é",
    "🦀",
    "\r\n",
    "\t",
    "\u{2028}",
];

/// A text made of others, by chance.
pub fn mutated(random: &mut Random, corpus: &[String]) -> String {
    let mut text = random.pick(corpus).clone();
    for _ in 0..=random.below(8) {
        text = changed(random, &text, corpus);
        let mut end = BYTES_MAX.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

fn changed(random: &mut Random, text: &str, corpus: &[String]) -> String {
    let tokens = tokens(text);
    let part = random.part(tokens.len());
    let at = part.start;
    let (before, of_part, behind) = (&tokens[..at], &tokens[part.clone()], &tokens[part.end..]);
    match random.below(12) {
        0 => joined(&[before, behind]),
        1 => joined(&[before, of_part, of_part, behind]),
        2 => joined(&[of_part, before, behind]),
        3 | 4 => joined(&[before, &[*random.pick(&TOKENS)], behind]),
        5 => joined(&[before, &[*random.pick(&TOKENS)], &tokens[at..]]),
        6 => {
            let other = self::tokens(random.pick::<String>(corpus));
            let taken = random.part(other.len());
            joined(&[before, &other[taken], behind])
        }
        7 => {
            // Deep, wide or long.
            let again = 1 << random.below(9);
            joined(&[before, &vec![*random.pick(&TOKENS); again], behind])
        }
        8 => {
            let (open, close) = *random.pick(&[
                ("(", ")"),
                ("[", "]"),
                ("{", "}"),
                ("#{a:", "}"),
                ("`${", "}`"),
                ("|x| ", ""),
                ("if true {", "} else {}"),
                ("Optional[", "]"),
                ("try {", "} catch (e) {}"),
            ]);
            let deepest = if random.below(4) == 0 { 120 } else { 4 };
            let depth = 1 + random.below(deepest);
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            joined(&[before, &[open.as_str()], of_part, &[close.as_str()], behind])
        }
        9 => {
            // One token in place of another of the same text.
            let other = tokens.get(random.below(tokens.len())).copied();
            joined(&[
                before,
                &[other.unwrap_or_default()],
                tokens.get(at + 1..).unwrap_or_default(),
            ])
        }
        10 => {
            // In the middle of a token.
            let mut cut = random.below(text.len() + 1);
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            format!("{}{}{}", &text[..cut], random.pick(&TOKENS), &text[cut..])
        }
        _ => {
            let letter = char::from_u32(u32::try_from(random.below(0x2_0000)).unwrap_or(0));
            let letter = letter.unwrap_or('\u{fffd}').to_string();
            joined(&[before, &[letter.as_str()], behind])
        }
    }
}

fn joined(parts: &[&[&str]]) -> String {
    parts.iter().flat_map(|part| part.iter().copied()).collect()
}

/// Words, numbers, strings without escapes, white space, and single characters: enough to cut where a parser would.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |is: fn(char) -> bool| rest.find(|char| !is(char)).unwrap_or(rest.len());
        let length = if first.is_alphanumeric() || first == '_' {
            run(|char| char.is_alphanumeric() || char == '_')
        } else if first.is_whitespace() {
            run(char::is_whitespace)
        } else if matches!(first, '"' | '\'') {
            rest[1..].find([first, '\n']).map_or(1, |end| end + 2)
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind;
    }
    tokens
}
