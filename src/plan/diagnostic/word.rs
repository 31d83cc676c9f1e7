//! Words that mean something in another language, or are kept by Rhai for later.

/// What to write instead of a word that Rhai reserves, as a sentence.
pub(super) fn reserved(word: &str) -> Option<&'static str> {
    Some(match word {
        "null" | "nil" | "void" | "undefined" => "the value that is nothing is written `()`",
        "match" | "case" => "write `switch value { 1 => ..., _ => ... }`",
        "var" => "write `let`",
        "new" => {
            "there is nothing to construct: write a literal, or call the function that gives it"
        }
        "async" | "await" | "sync" | "yield" => {
            "every call that takes time waits by itself; to do several at once use `parallel` or `background`"
        }
        "spawn" | "thread" | "go" => "write `background(|| ...)`, and `wait(future)` for its value",
        "use" | "module" | "package" => "write `import \"path/to/file\" as name;`",
        "public" | "protected" | "static" | "shared" => {
            "every function of a plan can be called from the whole file; remove the word"
        }
        "goto" | "exit" => "`return` ends the plan, `fail(\"...\")` ends it as failed",
        "is" => "compare with `==`, or the type with `type_of(value) == \"string\"`",
        "eval" => "text can't be run as code; write a function",
        "with" => {
            "there is no `with`: `read_file(path)` gives a text, and `finally(body, cleanup)` cleans up"
        }
        "super" => "quote it if it is the key of a map, else choose another name",
        _ => return None,
    })
}

/// What to write instead of a symbol that Rhai has not.
pub(super) fn symbol(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "++" => "write `+= 1`",
        "--" => "write `-= 1`",
        "===" => "write `==`",
        "!==" => "write `!=`",
        "->" => "functions don't say what they return: remove the arrow and the type",
        "<-" => "write `<`, a space and `-`, or `=` to assign",
        ":=" => "write `let name = value;` or `name = value;`",
        "::<" => "functions take no type arguments",
        ":;" => "write `::` or `;`",
        "|>" | "<|" => "write the call around its argument, or as a method: `value.function()`",
        "?" => "there is no `?:`; write `if condition { one } else { other }`",
        "..." => "arrays are joined with `+`; a range is written `1..5`, or `1..=5` with its end",
        "$" => "variables have no `$` in front; in a string between back-ticks write `${name}`",
        "#" => "comments begin with `//`, maps with `#{`",
        "@" => "remove it",
        "~" => "write `!` for not",
        _ => return None,
    })
}

/// What to write instead of a word of another language that is a plain name in Rhai.
///
/// `None` for words that are usual as names of variables.
pub(in crate::plan) fn foreign(word: &str) -> Option<&'static str> {
    Some(match word {
        "True" => "write `true`",
        "False" => "write `false`",
        "None" | "undef" | "undefined" | "nothing" => "the value that is nothing is written `()`",
        "and" => "write `&&`",
        "or" => "write `||`",
        "not" => "write `!` in front",
        "elif" | "elsif" | "elseif" => "write `else if`",
        "def" | "function" | "func" | "fun" | "sub" => "write `fn`",
        "foreach" | "each" => "write `for item in items { ... }`",
        "unless" => "write `if !condition { ... }`",
        "then" | "end" | "begin" | "done" | "fi" | "endif" | "esac" => {
            "blocks are written in braces: `{ ... }`"
        }
        "except" | "rescue" => "write `catch (err) { ... }` behind the `try` block",
        "finally" | "ensure" => {
            "write `finally(|| { ... }, || { ... })`: the second closure is called whatever comes of the first"
        }
        "raise" => "write `fail(\"message\")` or `throw`",
        "mut" => "every `let` can be changed: remove `mut`",
        "of" => "write `in`",
        "echo" | "puts" | "printf" | "println" | "console" => "write `print(...)`",
        "delete" | "del" | "unset" => "a key is taken out of a map with `map.remove(\"key\")`",
        "pass" => "an empty block `{}` does nothing",
        "lambda" => "write `|x| ...`",
        "self" => "write `this`",
        "int" | "string" | "String" | "bool" | "float" | "auto" | "val" | "local" | "my" => {
            "write `let name = value;`"
        }
        "class" | "struct" | "enum" | "interface" | "type" => {
            "there are no types to define; use maps: `#{ name: value }`"
        }
        "require" | "include" | "from" => "write `import \"path/to/file\" as name;`",
        _ => return None,
    })
}

/// How often more the same is to be done, behind what is to be done.
pub(super) fn as_often(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => ", and once more in this file".to_owned(),
        _ => format!(", and {more} times more in this file"),
    }
}
