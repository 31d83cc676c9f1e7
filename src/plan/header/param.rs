//! The header of a plan, read and typed.

use crate::{
    plan::{
        diagnostic::PlanDiagnostic,
        source::{Source, Span},
    },
    task::DataType,
};

use super::{declaration::Declaration, explain, fault::FaultKind, outline::Outline};

/// What a plan says of itself.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// The text of its `//!` lines.
    pub description: Option<String>,
    /// In the order in which they were written.
    pub params: Vec<PlanParam>,
}

/// A parameter of a plan.
#[derive(Clone, Debug)]
pub struct PlanParam {
    pub name: String,
    pub data_type: DataType,
    pub default: Option<DefaultExpression>,
    /// The text of the `///` lines above it.
    pub doc: Option<String>,
    /// Of its name.
    pub span: Span,
    pub type_span: Span,
    /// Its value must not be seen.
    pub sensitive: bool,
}

/// The default of a parameter: an expression of Rhai over literals and the parameters before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultExpression {
    pub text: String,
    pub span: Span,
}

impl DefaultExpression {
    /// The expression behind as many blanks and lines as it has before it in the file, so that Rhai's positions
    /// in it are those of the file.
    #[must_use]
    pub fn in_place(&self, source: &Source) -> String {
        let before = source.text().get(..self.span.start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let lines = before[..line].matches('\n').count();
        let columns = before[line..].chars().count();
        format!("{}{}{}", "\n".repeat(lines), " ".repeat(columns), self.text)
    }
}

impl PlanParam {
    /// Whether it has to be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.data_type.is_optional()
    }
}

impl Header {
    /// Reads the header of a plan with all that is wrong in it. Parameters that are usable in spite of their
    /// faults are among the parameters, so that the rest of the plan can still be looked at.
    #[must_use]
    pub fn read(source: &Source) -> (Self, Vec<PlanDiagnostic>) {
        let text = source.text();
        let outline = Outline::of(text);
        let mut header = Self {
            description: comment_text(text, &outline.description),
            params: Vec::new(),
        };
        let mut problems = Vec::new();
        let mut is_late = false;
        for declaration in &outline.declarations {
            for fault in &declaration.faults {
                // Where one is too late, all that follow are.
                if fault.kind == FaultKind::Late && std::mem::replace(&mut is_late, true) {
                    continue;
                }
                problems.push(explain::fault(source, declaration, *fault));
            }
            if let Some(param) = param(source, declaration, &header.params, &mut problems) {
                header.params.push(param);
            }
        }
        (header, problems)
    }

    #[must_use]
    pub fn param(&self, name: &str) -> Option<&PlanParam> {
        self.params.iter().find(|param| param.name == name)
    }
}

fn param(
    source: &Source,
    declaration: &Declaration,
    before: &[PlanParam],
    problems: &mut Vec<PlanDiagnostic>,
) -> Option<PlanParam> {
    let text = source.text();
    let span = declaration.name?;
    let name = span.of(text);
    if let Some(first) = before.iter().find(|param| param.name == name) {
        problems.push(explain::duplicate(source, first.span, span));
        return None;
    }
    problems.extend(explain::bad_name(source, span));
    let type_span = declaration.data_type.unwrap_or(span);
    let data_type = match declaration
        .data_type
        .map(|span| DataType::parse(span.of(text)))
    {
        Some(Ok(data_type)) => data_type,
        Some(Err(error)) => {
            // A bracket that is never closed has been told.
            if declaration.is_sound() {
                problems.push(explain::bad_type(source, type_span, &error));
            }
            DataType::Any
        }
        None => DataType::Any,
    };
    Some(PlanParam {
        name: name.to_owned(),
        sensitive: data_type.is_sensitive(),
        data_type,
        default: declaration.default.map(|span| DefaultExpression {
            text: span.of(text).to_owned(),
            span,
        }),
        doc: comment_text(text, &declaration.docs)
            .or_else(|| comment_text(text, &declaration.docs_behind)),
        span,
        type_span,
    })
}

/// The text of comments without their marks and their common first space.
pub(in crate::plan) fn comment_text(text: &str, comments: &[Span]) -> Option<String> {
    let lines: Vec<&str> = comments
        .iter()
        .flat_map(|span| {
            let comment = span.of(text);
            let inner = comment
                .strip_prefix("/**")
                .and_then(|block| block.strip_suffix("*/"))
                .unwrap_or_else(|| comment.get(3..).unwrap_or_default());
            inner.split('\n').map(|line| {
                let line = line.trim_end();
                line.strip_prefix(' ').unwrap_or(line)
            })
        })
        .collect();
    let joined = lines.join("\n").trim().to_owned();
    (!joined.is_empty()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::diagnostic::shown::all_shown;

    fn read(text: &str) -> (Header, Vec<PlanDiagnostic>) {
        Header::read(&Source::new("plans/a.rhai", text))
    }

    fn problems(text: &str) -> String {
        all_shown(&read(text).1)
    }

    const HEADER: &str = r#"//! Restart a service.
//!
//! Tier by tier.

/// Machines to restart
param targets: TargetSpec;
// not a doc
param batch: Variant[Integer[1], Pattern[/^\d+%$/, /["';\/]/]] = 2;
/** The port;
 with two lines */
param options: Struct[{
    'port' => Integer,
    Optional['name'] => String,
}] = #{ port: 80, name: `; ${"}"} é` }; param password: Sensitive[String]; let x = 1;
"#;

    #[test]
    fn a_header_is_read_in_full() {
        let (header, problems) = read(HEADER);
        assert!(problems.is_empty(), "{}", all_shown(&problems));
        assert_eq!(
            header.description.as_deref(),
            Some("Restart a service.\n\nTier by tier.")
        );
        let names: Vec<&str> = header
            .params
            .iter()
            .map(|param| param.name.as_str())
            .collect();
        assert_eq!(names, ["targets", "batch", "options", "password"]);
        let [targets, batch, options, password] = header.params.as_slice() else {
            panic!("four")
        };
        assert_eq!(targets.doc.as_deref(), Some("Machines to restart"));
        assert_eq!(targets.data_type, DataType::TargetSpec);
        assert!(targets.is_required() && !batch.is_required());
        assert_eq!(batch.doc, None);
        assert_eq!(batch.default.as_ref().unwrap().text, "2");
        assert_eq!(options.doc.as_deref(), Some("The port;\nwith two lines"));
        assert_eq!(
            options.default.as_ref().unwrap().text,
            "#{ port: 80, name: `; ${\"}\"} é` }"
        );
        assert!(password.sensitive && !options.sensitive);
    }

    #[test]
    fn what_stands_behind_a_declaration_describes_it_and_should_stand_above() {
        let text = "param a: String; /// The a é\nparam b: Integer = 2; //! The b\n/// The c\nparam c: Any = 1; /// more\nlet x = a;\n";
        let (header, problems) = read(text);
        let docs: Vec<_> = header
            .params
            .iter()
            .map(|param| param.doc.as_deref())
            .collect();
        assert_eq!(docs, [Some("The a é"), Some("The b"), Some("The c")]);
        assert_eq!(header.description, None);
        assert_eq!(problems.len(), 3, "{}", all_shown(&problems));
        assert!(problems.iter().all(|problem| !problem.is_error()));
        let source = Source::new("a.rhai", text);
        assert_eq!(source.script().len(), text.len());
        rhai::Engine::new_raw()
            .compile(source.script().as_ref())
            .unwrap();
    }

    #[test]
    fn what_is_erased_moves_nothing() {
        let source = Source::new("a.rhai", HEADER);
        let script = source.script();
        assert_eq!(script.len(), HEADER.len());
        for (erased, written) in script.lines().zip(HEADER.lines()) {
            assert_eq!(erased.chars().count(), written.chars().count(), "{written}");
        }
        let at = |text: &str| text.find("let x").unwrap();
        assert_eq!(at(script), at(HEADER));
        assert!(!script.contains("param") && !script.contains("///"));
        rhai::Engine::new_raw().compile(script.as_ref()).unwrap();
    }

    #[test]
    fn a_default_keeps_its_place() {
        let source = Source::new("a.rhai", "\nparam é: Any = 1; param b: Any = nope;");
        let (header, _) = Header::read(&source);
        let script = header.params[1].default.as_ref().unwrap().in_place(&source);
        let engine = rhai::Engine::new_raw();
        let error = engine
            .eval_expression::<rhai::Dynamic>(&script)
            .unwrap_err();
        let span = source.span_at(error.position()).unwrap();
        assert_eq!(span.of(source.text()), "nope");
    }

    #[test]
    fn all_faults_are_told_in_one_go() {
        insta::assert_snapshot!(problems(
            r#"
param service String;
param nodes;
param $name: String;
param String[1] $version;
param ports: Array[Integer = [80];
param size: Integer = ;
param kind: Enum['a', 'b'] "a";
params mode: String;
param loop: Boolean;
param count: Intger[1] = 3;
param count: Integer = 3;
param a: String = "x"
param b: Optional[Strin];
param c: Array[String] = ["a", "b"
param d: String
run_task("x", a);
param late: String = "y";
"#
        ));
    }

    #[test]
    fn two_words_are_needed_for_a_declaration() {
        for text in [
            "param = 3;",
            "param in [1]",
            "let param = 1; param.foo",
            "param",
        ] {
            let (header, problems) = read(text);
            assert!(header.params.is_empty() && problems.is_empty(), "{text}");
        }
    }

    fn declaration() -> impl Strategy<Value = String> {
        let types = prop::sample::select(vec![
            "String[1]",
            "Enum['a;', \"b\"]",
            "Pattern[/[;\\/'\"]/]",
            "Optional[Array[Integer]]",
            "Struct[{\n 'é' => String\n}]",
        ]);
        let defaults = prop::sample::select(vec![
            "",
            " = 1",
            " = \"; é\"",
            " = `a ${\";\"} }`",
            " = [1,\n  2]",
            " = #{ a: 'x' } /* ; */",
        ]);
        let around =
            prop::sample::select(vec!["\n", " ", "\n/// Doc é.\n", "\n// ; param\n", "\r\n"]);
        (around, "[a-z][a-z_]{0,6}x", types, defaults).prop_map(
            |(around, name, data_type, default)| {
                format!("{around}param {name}: {data_type}{default};")
            },
        )
    }

    proptest! {
        #[test]
        fn erasing_keeps_bytes_lines_and_columns(
            declarations in prop::collection::vec(declaration(), 0..5),
            rest in "(let é = 1;|// é\n|x\n){0,3}",
        ) {
            let text = format!("{}\n{rest}", declarations.concat());
            let source = Source::new("a.rhai", text.as_str());
            let script = source.script();
            prop_assert_eq!(script.len(), text.len());
            let shape = |text: &str| -> Vec<usize> {
                text.split('\n').map(|line| line.chars().count()).collect()
            };
            prop_assert_eq!(shape(script), shape(&text));
            prop_assert!(script.ends_with(&rest));
            let declared = Header::read(&source).0.params;
            prop_assert!(declared.len() <= declarations.len());
            prop_assert!(!script.contains("param ") || script.contains("// ; param"));
        }

        #[test]
        fn no_header_is_too_odd(
            text in "(param |params |[a-z]{1,3}|[:;=$]|String|Array|\\[|\\]|\\{|\\}|[\"'`/#é]|///|//!|/\\*|\\*/|\n| ){0,40}",
        ) {
            let source = Source::new("a.rhai", text.as_str());
            prop_assert_eq!(source.script().len(), text.len());
            prop_assert_eq!(source.script().matches('\n').count(), text.matches('\n').count());
            let (_, problems) = Header::read(&source);
            for problem in &problems {
                for label in &problem.labels {
                    prop_assert!(text.get(label.span.range()).is_some(), "{problem:?}");
                }
            }
            all_shown(&problems);
        }
    }
}
