//! The check of one file, and of the files that it reaches.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use super::{
    default, lower,
    parse::{Parsed, parse},
    report::sorted,
    scope::{Boundary, Role, Scopes, Variable},
    steps::{self, StepGraphs, WrittenGraph},
    survey::Survey,
    through::{ParamUse, Through},
    tree::{Function, Name, Statement, StatementKind, Tree},
    vocabulary::Vocabulary,
    world::CheckWorld,
};
use crate::plan::{
    check::kind::Kind,
    diagnostic::{PlanDiagnostic, own_names},
    header::Header,
    source::{Source, Span, TokenKind},
};

/// How many files are followed from one plan. A project that has more in one plan has a cycle of generated ones.
const FILES_MAX: usize = 500;

/// How many lines Rhai counts.
const LINES_MAX: usize = u16::MAX as usize;

/// How deeply files that import each other are looked into for what their functions do with their parameters.
const IMPORTS_DEEP_MAX: usize = 8;

/// Everything that is wrong with a plan and with the files and plans that it reaches by literal names, in the
/// order of the files and of their lines.
#[must_use]
pub fn check(world: &dyn CheckWorld, source: &Source) -> Vec<PlanDiagnostic> {
    let known = Known::default();
    let mut problems = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut next = vec![source.clone()];
    while let Some(source) = next.pop() {
        if seen.len() >= FILES_MAX || !seen.insert(source.name().to_owned()) {
            continue;
        }
        let examined = known.examined(world, &source);
        problems.extend(examined.problems.iter().cloned());
        next.extend(examined.reached.iter().rev().cloned());
    }
    problems
}

/// Everything that is wrong with one file alone.
#[must_use]
pub fn check_file(world: &dyn CheckWorld, source: &Source) -> Vec<PlanDiagnostic> {
    let examined = Known::default().examined(world, source);
    examined.problems.clone()
}

/// The step graphs that are written in one file, without running it.
#[must_use]
pub fn written_graphs(world: &dyn CheckWorld, source: &Source) -> Vec<WrittenGraph> {
    examine(world, source, &Known::default()).graphs
}

/// What was found in a file.
#[derive(Default)]
pub(super) struct Examined {
    problems: Vec<PlanDiagnostic>,
    /// Other files that it imports or runs.
    reached: Vec<Source>,
    graphs: Vec<WrittenGraph>,
    /// The types of its expressions, by their span, and of its variables, by where they are declared.
    pub(super) kinds: HashMap<(usize, usize), Kind>,
    pub(super) declared: Vec<(Span, Kind)>,
    /// What its functions do with their parameters.
    pub(super) uses: Vec<ParamUse>,
    /// The variables that whoever imports it can see.
    pub(super) exported: Vec<String>,
    /// False for a file that is still being looked at.
    pub(super) complete: bool,
}

/// The files that have been looked at. Each is looked at once.
#[derive(Default)]
pub(super) struct Known {
    examined: RefCell<HashMap<String, Rc<Examined>>>,
    /// Those that are being looked at now, each because the one before it imports it.
    open: RefCell<Vec<String>>,
}

impl Known {
    /// The files from one that is being looked at to the one that imports it again; none if it is not open.
    pub(super) fn importing(&self, source: &Source) -> Vec<String> {
        let open = self.open.borrow();
        let first = open.iter().position(|open| open == source.name());
        first.map_or_else(Vec::new, |first| open[first..].to_vec())
    }

    /// What is found in a file; nothing while it is being looked at.
    pub(super) fn examined(&self, world: &dyn CheckWorld, source: &Source) -> Rc<Examined> {
        let name = source.name();
        if let Some(known) = self.examined.borrow().get(name) {
            return Rc::clone(known);
        }
        let is_cycle = self.open.borrow().iter().any(|open| open == name);
        if is_cycle || self.open.borrow().len() > IMPORTS_DEEP_MAX {
            return Rc::default();
        }
        self.open.borrow_mut().push(name.to_owned());
        let examined = Rc::new(examine(world, source, self));
        self.open.borrow_mut().pop();
        self.examined
            .borrow_mut()
            .insert(name.to_owned(), Rc::clone(&examined));
        examined
    }
}

fn examine(world: &dyn CheckWorld, source: &Source, known: &Known) -> Examined {
    let Parsed {
        ast,
        mended,
        problems: parse_problems,
        lost,
        ..
    } = parse(source);
    let source = mended.current();
    let (header, problems) = Header::read(source);
    let mut lost = lost;
    lost.extend(
        problems
            .iter()
            .flat_map(|problem| words_around(source, problem)),
    );
    let header_is_sound = problems.is_empty();
    let complete = parse_problems.is_empty();
    let tree = lower::lower(source, &ast);
    let is_test = world.is_test(source);
    let mut checker = Checker {
        world,
        known,
        source,
        vocabulary: if is_test {
            Vocabulary::of_tests()
        } else {
            Vocabulary::get()
        },
        header: &header,
        functions: Functions::of(&tree),
        survey: Survey::of(&tree),
        scopes: Scopes::default(),
        imports: BTreeMap::new(),
        graphs: StepGraphs::default(),
        lost,
        makes_targets: makes_targets(source),
        made: names_made(source),
        has_own_inventory: is_test && names_one_of(source, &["inventory"]),
        outer: outer_names(&tree, false),
        constants: outer_names(&tree, true),
        used_outside: BTreeSet::new(),
        known_kinds: HashMap::new(),
        conditional: 0,
        guarded: 0,
        through: Through::default(),
        reached: Vec::new(),
        problems,
    };
    checker.lines();
    checker.problems.extend(own_names(source));
    checker.file(&tree, complete, header_is_sound);
    let kinds = checker.known_kinds.into_iter();
    let kinds = kinds
        .map(|((start, end), kind)| {
            let written = mended.written(Span { start, end });
            ((written.start, written.end), kind)
        })
        .collect();
    let declared = checker.scopes.declared.into_iter();
    let declared = declared
        .map(|(span, kind)| (mended.written(span), kind))
        .collect();
    let told = checker.problems.into_iter();
    let told = told.map(|problem| problem.unmended(&mended));
    Examined {
        problems: sorted(told.chain(parse_problems).collect()),
        reached: checker.reached,
        graphs: checker.graphs.written(),
        kinds,
        declared,
        uses: checker.through.known_uses(),
        exported: exported_names(&tree),
        complete: true,
    }
}

/// The state of the check of one file.
pub(super) struct Checker<'t> {
    pub(super) world: &'t dyn CheckWorld,
    pub(super) known: &'t Known,
    pub(super) source: &'t Source,
    pub(super) vocabulary: &'static Vocabulary,
    pub(super) header: &'t Header,
    pub(super) functions: Functions<'t>,
    pub(super) survey: Survey,
    pub(super) scopes: Scopes<'t>,
    /// What is imported, by alias.
    pub(super) imports: BTreeMap<String, Import>,
    pub(super) graphs: StepGraphs,
    /// Names that are declared where the file could not be read.
    pub(super) lost: BTreeSet<String>,
    /// The plan makes targets or groups of its own, so not every name has to be in the inventory.
    pub(super) makes_targets: bool,
    /// The names that it gives them, as far as they are written out.
    pub(super) made: BTreeSet<String>,
    /// It is a test that brings the inventory along on which its plans run.
    pub(super) has_own_inventory: bool,
    /// The names of the variables of the file itself, which its functions don't see.
    pub(super) outer: BTreeSet<String>,
    /// Those of them that are constants, which they can get at.
    pub(super) constants: BTreeSet<String>,
    /// Those of them that its functions name, rightly or not.
    pub(super) used_outside: BTreeSet<String>,
    /// The types of expressions that were looked at, by their span.
    pub(super) known_kinds: HashMap<(usize, usize), Kind>,
    /// How many loops, conditions and closures the place is in.
    pub(super) conditional: usize,
    /// How many conditions the place is under.
    pub(super) guarded: usize,
    pub(super) through: Through<'t>,
    pub(super) reached: Vec<Source>,
    pub(super) problems: Vec<PlanDiagnostic>,
}

/// The functions of the file.
#[derive(Default)]
pub(super) struct Functions<'t> {
    by_name: BTreeMap<&'t str, Vec<&'t Function>>,
    /// The type of what a function gives, once it has been looked at.
    pub(super) kinds: HashMap<(String, usize), Kind>,
}

impl<'t> Functions<'t> {
    fn of(tree: &'t Tree) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
        for function in &tree.functions {
            by_name.entry(&function.name).or_default().push(function);
        }
        Self {
            by_name,
            kinds: HashMap::new(),
        }
    }

    pub(super) fn named(&self, name: &str) -> &[&'t Function] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'t str> {
        self.by_name.keys().copied()
    }
}

/// An imported file, as far as it could be read.
pub(super) struct Import {
    /// Functions and their parameters. None if the file is not known.
    pub(super) functions: Option<Vec<(String, Vec<String>)>>,
    pub(super) variables: Vec<String>,
    /// Variables that it keeps to itself.
    pub(super) hidden: Vec<String>,
    pub(super) alias: Name,
    pub(super) used: bool,
}

impl<'t> Checker<'t> {
    /// Rhai counts lines up to a number: of what stands behind them nothing could be said with its place.
    fn lines(&mut self) {
        let behind = self.source.offset(LINES_MAX + 1, 1);
        if behind >= self.source.text().len() {
            return;
        }
        let problem = self
            .error(
                "segue::plan::too_large",
                format!("the file has more than {LINES_MAX} lines"),
                Span::empty(behind),
                "no place behind this can be told",
            )
            .help(
                "move parts of it into files of their own, or data into one that `read_file` reads",
            );
        self.tell(problem);
    }

    fn file(&mut self, tree: &'t Tree, complete: bool, header_is_sound: bool) {
        self.unended_comment();
        default::check(self);
        self.imports_of(&tree.statements);
        for function in &tree.functions {
            self.function(function);
        }
        self.scopes.open(Boundary::Block);
        for name in self.lost.clone() {
            let name = Name {
                text: name,
                span: Span::default(),
            };
            self.scopes
                .declare(Variable::new(&name, Role::Lost, Kind::Unknown));
        }
        for param in &self.header.params {
            let name = Name {
                text: param.name.clone(),
                span: param.span,
            };
            let kind = if self.survey.assigned.contains(&param.name) {
                Kind::Unknown
            } else {
                Kind::of_data_type(&param.data_type)
            };
            let mut variable = Variable::new(&name, Role::Param, kind);
            variable.used = !header_is_sound || self.is_used_in_default(&param.name);
            self.scopes.declare(variable);
        }
        self.statements(&tree.statements);
        let declared = self.scopes.close();
        // What could not be read may use anything.
        if complete {
            self.unused(declared);
            self.unused_imports();
            self.unused_functions(tree);
        }
        self.look_through();
        steps::report(self);
    }

    fn is_used_in_default(&self, name: &str) -> bool {
        self.header.params.iter().any(|param| {
            param.default.as_ref().is_some_and(|default| {
                default
                    .text
                    .split(|char: char| !(char.is_alphanumeric() || char == '_'))
                    .any(|word| word == name)
            })
        })
    }

    /// Imports are looked at first: functions may use what is imported below them.
    fn imports_of(&mut self, statements: &'t [Statement]) {
        for statement in statements {
            if let StatementKind::Import { path, alias } = &statement.kind {
                self.import(path, alias.as_ref());
            }
        }
    }
}

/// Whether a file names one of the functions that make targets or groups.
pub(super) fn makes_targets(source: &Source) -> bool {
    names_one_of(source, &["new_target", "add_to_group"])
}

fn names_one_of(source: &Source, words: &[&str]) -> bool {
    let text = source.text();
    let mut tokens = source.tokens().all().iter();
    tokens.any(|token| words.contains(&token.span.of(text)))
}

/// The words of the lines in which a declaration is wrong: what was meant to be declared is one of them.
fn words_around(source: &Source, problem: &PlanDiagnostic) -> Vec<String> {
    let text = source.text();
    let Some(span) = problem.span() else {
        return Vec::new();
    };
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let words = line.split(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '-')));
    words
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('-', "_"))
        .collect()
}

fn exported_names(tree: &Tree) -> Vec<String> {
    tree.statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Declare {
                name,
                exported: true,
                ..
            }
            | StatementKind::Export { name } => Some(name.text.clone()),
            _ => None,
        })
        .collect()
}

/// The texts among the arguments of the functions that make targets or groups.
fn names_made(source: &Source) -> BTreeSet<String> {
    let text = source.text();
    let tokens = source.tokens();
    let mut names = BTreeSet::new();
    for (index, token) in tokens.all().iter().enumerate() {
        if !matches!(token.span.of(text), "new_target" | "add_to_group") {
            continue;
        }
        let open = tokens.next(index).unwrap_or(index);
        let close = tokens.partner(open).unwrap_or(open);
        let texts = (open..close).filter_map(|at| tokens.get(at));
        let texts = texts.filter(|token| token.kind == TokenKind::Text);
        names.extend(texts.map(|token| token.span.of(text).trim_matches(['"', '`']).to_owned()));
    }
    names
}

fn outer_names(tree: &Tree, constants: bool) -> BTreeSet<String> {
    tree.statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Declare { name, constant, .. } if *constant || !constants => {
                Some(name.text.clone())
            }
            _ => None,
        })
        .collect()
}
