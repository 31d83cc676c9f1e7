//! The functions of the file.

use super::{
    checker::Checker,
    kind::Kind,
    scope::{Boundary, Role, Variable},
    tree::Function,
};

/// Functions of Rhai for the parts of a range, which nobody misses.
const RANGE_PARTS: [&str; 4] = ["start", "end", "is_exclusive", "is_inclusive"];

impl<'t> Checker<'t> {
    pub(super) fn function(&mut self, function: &'t Function) {
        self.shadowed(function);
        self.method_of_no_type(function);
        self.scopes.open(Boundary::Function);
        for param in &function.params {
            self.scopes
                .declare(Variable::new(param, Role::Argument, Kind::Unknown));
        }
        self.through.current = Some(function);
        self.through.may_have_returned = false;
        let kind = self.body(&function.body);
        self.through.current = None;
        let declared = self.scopes.close();
        self.unused(declared);
        self.functions
            .kinds
            .insert((function.name.clone(), function.params.len()), kind);
    }

    /// `fn String.twice()`: the types of Rhai have names of their own.
    fn method_of_no_type(&mut self, function: &Function) {
        let Some(receiver) = &function.receiver else {
            return;
        };
        let meant = match receiver.as_str() {
            "String" | "Text" | "str" => "string",
            "Array" | "List" | "list" => "array",
            "Map" | "Hash" | "Object" | "dict" => "map",
            "Integer" | "Int" | "Number" => "int",
            "Float" => "float",
            "Boolean" | "Bool" => "bool",
            "Targets" | "Nodes" => "TargetSet",
            "Results" => "ResultSet",
            _ => return,
        };
        let name = &function.name;
        let problem = self
            .error(
                "segue::plan::wrong_type",
                format!("no value is of the type `{receiver}`"),
                function.name_span,
                format!("this is a method of `{receiver}`"),
            )
            .help(format!("write `fn {meant}.{name}(...)`"));
        self.tell(problem);
    }

    /// A function of the file that has the name of a built-in is called in its place.
    fn shadowed(&mut self, function: &Function) {
        let name = &function.name;
        if function.receiver.is_some() {
            return;
        }
        if let Some(signature) = self.vocabulary.functions(name).next() {
            let help = format!(
                "rename it; every call of `{}` in this file would call this function",
                signature.shown
            );
            let problem = self
                .error(
                    "segue::plan::shadowed_function",
                    format!("`{name}` is a function of the language"),
                    function.name_span,
                    "defined again here",
                )
                .help(help);
            self.tell(problem);
        } else if !RANGE_PARTS.contains(&name.as_str())
            && self
                .vocabulary
                .rhai(name)
                .iter()
                .any(|known| known.params.len() == function.params.len())
        {
            let problem = self
                .warning(
                    "segue::plan::shadowed_function",
                    format!("`{name}` is a function of the language"),
                    function.name_span,
                    "this one is called in its place",
                )
                .help("rename it if that is not what you want");
            self.tell(problem);
        }
    }
}
