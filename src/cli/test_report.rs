//! The results of tests, for people, for scripts and for the servers that draw them.

use std::fmt::Write as _;

use serde_json::json;

use super::plan_test::Tested;

/// A line for each test, and for those that failed what is wrong, and where.
pub(super) fn human(tested: &[Tested]) -> String {
    let mut text = String::new();
    let mut file = None;
    for test in tested {
        if file != Some(&test.file) {
            let _ = writeln!(text, "{}", test.file);
            file = Some(&test.file);
        }
        let mark = if test.is_passed() { "✓" } else { "✗" };
        let _ = writeln!(text, "  {mark} {}", test.case.name);
        if test.is_passed() {
            continue;
        }
        for told in told(test) {
            let _ = writeln!(text, "      {told}");
        }
        for line in &test.printed {
            let _ = writeln!(text, "      said: {line}");
        }
    }
    let failed = tested.iter().filter(|test| !test.is_passed()).count();
    let plural = if tested.len() == 1 { "test" } else { "tests" };
    let _ = writeln!(
        text,
        "{} {plural}, {} passed, {failed} failed",
        tested.len(),
        tested.len() - failed
    );
    text
}

/// What is wrong, a line each.
fn told(test: &Tested) -> Vec<String> {
    let mut lines = Vec::new();
    for problem in &test.problems {
        lines.push(problem.message.clone());
        if let Some(place) = &problem.place {
            lines.push(format!("  at {place}"));
        }
        if let Some(help) = &problem.help {
            lines.push(format!("  {help}"));
        }
    }
    if let Some(error) = &test.error {
        lines.push(error.failure.message.clone());
        if let Some(place) = error.place() {
            lines.push(format!("  at {place}"));
        }
    }
    lines
}

/// All of it as one document.
pub(super) fn json(tested: &[Tested]) -> serde_json::Value {
    let tests: Vec<serde_json::Value> = tested
        .iter()
        .map(|test| {
            json!({
                "file": test.file,
                "name": test.case.name,
                "place": test.case.place,
                "status": if test.is_passed() { "passed" } else { "failed" },
                "problems": test.problems,
                "failure": test.error.as_ref().map(|error| &error.failure),
                "failed_at": test.error.as_ref().and_then(|error| error.place()),
                "printed": test.printed,
            })
        })
        .collect();
    let passed = tested.iter().filter(|test| test.is_passed()).count();
    json!({ "tests": tests, "passed": passed, "failed": tested.len() - passed })
}

/// The format that build servers read: a suite for all, a case for each test.
pub(super) fn junit(tested: &[Tested]) -> String {
    let failed = tested.iter().filter(|test| !test.is_passed()).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites><testsuite name=\"segue\" tests=\"{}\" failures=\"{failed}\">",
        tested.len()
    );
    for test in tested {
        let _ = write!(
            text,
            "<testcase classname=\"{}\" name=\"{}\"",
            escaped(&test.file),
            escaped(&test.case.name)
        );
        if test.is_passed() {
            text.push_str("/>\n");
            continue;
        }
        let told = told(test);
        let first = told.first().map_or("", String::as_str);
        let _ = writeln!(
            text,
            "><failure message=\"{}\">{}</failure></testcase>",
            escaped(first),
            escaped(&told.join("\n"))
        );
    }
    text.push_str("</testsuite></testsuites>\n");
    text
}

/// Text that may stand between tags and in attributes. What XML has no way to write is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn xml_is_never_broken_by_what_a_plan_says() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{1b}[31m"),
            "a&lt;b&gt; &amp; &quot;c&quot;[31m"
        );
    }
}
