//! Imports: which file is meant, and what of it can be used.

use super::{
    checker::{Checker, Import, makes_targets},
    parse::parse,
    tree::{Expression, ExpressionKind, Name},
};
use crate::plan::source::{Source, Span};

impl<'t> Checker<'t> {
    pub(super) fn import(&mut self, path: &'t Expression, alias: Option<&Name>) {
        if let ExpressionKind::Variable(name) = &path.kind
            && path.span.len() == name.len()
            && self.header.param(name).is_none()
            && !self.outer.contains(name)
        {
            self.lost.insert(name.clone());
            let problem = self
                .error(
                    "segue::plan::computed_import",
                    "the path of an import is a string",
                    path.span,
                    "",
                )
                .help(format!("write `import \"{name}\" as {name};`"));
            self.tell(problem);
            return;
        }
        let Some(alias) = alias else {
            if let Some(text) = path.as_text() {
                let name = text.rsplit('/').next().unwrap_or(text).to_owned();
                self.lost.insert(name.clone());
                let problem = self
                    .error(
                        "segue::plan::unnamed_import",
                        "an import needs a name",
                        path.span,
                        "nothing of this file can be used",
                    )
                    .help(format!("write `import \"{text}\" as {name};`"));
                self.tell(problem);
            }
            return;
        };
        let mut import = Import {
            functions: None,
            variables: Vec::new(),
            hidden: Vec::new(),
            alias: alias.clone(),
            used: false,
        };
        match path.as_text() {
            None => {
                let problem = self
                    .error(
                        "segue::plan::computed_import",
                        "the path of an import is a string",
                        path.span,
                        "not known before the plan runs",
                    )
                    .help("write `import \"path/to/file\" as name;`");
                self.tell(problem);
            }
            Some(text) => match self.world.import(self.source, text) {
                Ok(source) => {
                    self.cyclic_import(&source, path.span);
                    let parsed = parse(&source);
                    if parsed.lost.is_empty() {
                        import.functions = Some(
                            parsed
                                .ast
                                .iter_functions()
                                .filter(|function| function.access == rhai::FnAccess::Public)
                                .map(|function| {
                                    let params = function.params.iter();
                                    (
                                        function.name.to_owned(),
                                        params.map(ToString::to_string).collect(),
                                    )
                                })
                                .collect(),
                        );
                    }
                    let examined = self.known.examined(self.world, &source);
                    let variables = parsed.ast.iter_literal_variables(true, true);
                    import.hidden = variables.map(|(name, _, _)| name.to_owned()).collect();
                    if examined.complete {
                        import.variables.clone_from(&examined.exported);
                    } else {
                        import.variables.clone_from(&import.hidden);
                    }
                    let uses = examined.uses.iter();
                    let uses = uses.map(|used| used.imported(&alias.text, &source));
                    self.through.uses.extend(uses);
                    self.makes_targets |= makes_targets(&source);
                    self.reached.push(source);
                }
                Err(lookup) => {
                    let problem = self
                        .error("segue::plan::unknown_import", lookup.message, path.span, "")
                        .maybe_help(lookup.help);
                    self.tell(problem);
                }
            },
        }
        self.imports.insert(alias.text.clone(), import);
    }

    /// Files that import each other: Rhai would never come to the end of them.
    fn cyclic_import(&mut self, imported: &Source, span: Span) {
        let cycle = self.known.importing(imported);
        if cycle.is_empty() {
            return;
        }
        let names: Vec<String> = cycle
            .iter()
            .map(String::as_str)
            .chain([imported.name()])
            .map(|name| format!("`{name}`"))
            .collect();
        let problem = self
            .error(
                "segue::plan::cyclic_import",
                format!("these files import each other: {}", names.join(" imports ")),
                span,
                "the first one is imported again here",
            )
            .help("move what both of them need into a file of its own");
        self.tell(problem);
    }
}
