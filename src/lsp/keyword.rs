//! The words of the language that completion proposes, with what follows them where an editor fills in snippets.

/// The words that begin statements.
pub(super) const STATEMENTS: [(&str, &str); 14] = [
    ("break", "break;"),
    ("const", "const ${1:NAME} = $0;"),
    ("continue", "continue;"),
    ("do", "do {\n    $0\n} while ${1:condition};"),
    ("fn", "fn ${1:name}(${2:values}) {\n    $0\n}"),
    ("for", "for ${1:item} in ${2:items} {\n    $0\n}"),
    ("import", "import \"${1:std/}\" as ${2:name};"),
    ("let", "let ${1:name} = $0;"),
    ("loop", "loop {\n    $0\n}"),
    ("private", "private fn ${1:name}(${2:values}) {\n    $0\n}"),
    ("return", "return $0;"),
    ("throw", "throw $0;"),
    ("try", "try {\n    $0\n} catch (${1:error}) {\n}"),
    ("while", "while ${1:condition} {\n    $0\n}"),
];

/// The words that expressions can have.
pub(super) const EXPRESSIONS: [(&str, &str); 4] = [
    ("false", "false"),
    ("if", "if ${1:condition} {\n    $0\n}"),
    ("switch", "switch ${1:value} {\n    ${2:case} => $0,\n}"),
    ("true", "true"),
];
