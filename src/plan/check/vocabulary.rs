//! All functions, methods and getters that a plan can use: those of Segue, and those that Rhai brings along.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;

use crate::plan::{
    engine,
    functions::{Entry, EntryKind, catalog, test_catalog},
    limits::Limits,
};

/// One way to call a function, method or getter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) name: String,
    pub(super) member: MemberKind,
    /// The type that a method or getter belongs to.
    pub(super) receiver: Option<String>,
    pub(super) params: Vec<SignatureParam>,
    /// The keys of its map of options.
    pub(super) options: &'static [&'static str],
    pub(super) returns: String,
    /// As it is shown.
    pub(super) shown: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberKind {
    Function,
    Method,
    Getter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignatureParam {
    pub(super) name: String,
    /// A type, as [`super::kind::Kind::fits`] knows them.
    pub(super) wanted: String,
    pub(super) optional: bool,
}

impl Signature {
    /// Indexes and operators are no names.
    fn of(entry: &'static Entry) -> Option<Self> {
        let member = match entry.kind {
            EntryKind::Function => MemberKind::Function,
            EntryKind::Method => MemberKind::Method,
            EntryKind::Getter => MemberKind::Getter,
            EntryKind::Index | EntryKind::Operator => return None,
        };
        let params = entry.params.iter();
        Some(Self {
            name: entry.name.to_owned(),
            member,
            receiver: entry.receiver.map(str::to_owned),
            params: params
                .map(|param| SignatureParam {
                    name: param.name.to_owned(),
                    wanted: param.kind.to_owned(),
                    optional: param.optional,
                })
                .collect(),
            options: &entry.options,
            returns: entry.returns.to_owned(),
            shown: entry.signature(),
        })
    }

    /// Which argument its options are, from 0.
    pub(super) fn index_of_options(&self) -> Option<usize> {
        let is_options = |wanted: &str| wanted.split(" | ").any(|one| one == "Options");
        self.params
            .iter()
            .position(|param| is_options(&param.wanted))
    }

    /// The same in words.
    pub(super) fn ordinal_of_options(&self) -> &'static str {
        const WORDS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
        let index = self.index_of_options().and_then(|index| WORDS.get(index));
        index.copied().unwrap_or("last")
    }

    pub(super) fn takes(&self, count: usize) -> bool {
        let required = self.params.iter().filter(|param| !param.optional).count();
        (required..=self.params.len()).contains(&count)
    }
}

/// The functions of Segue by name, and the names that Rhai has. In order: of two names that are as near, the same
/// one is always meant.
pub(super) struct Vocabulary {
    own: BTreeMap<String, Vec<Signature>>,
    rhai: BTreeMap<String, Vec<RhaiFunction>>,
}

/// A function of one of Rhai's packages.
#[derive(Clone, Debug)]
pub(super) struct RhaiFunction {
    /// The types of its parameters, in our words.
    pub(super) params: Vec<String>,
    /// The type of what it gives.
    pub(super) returns: String,
}

impl Vocabulary {
    /// The one of this version of Segue.
    pub(super) fn get() -> &'static Self {
        static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
        VOCABULARY.get_or_init(|| Self::of(catalog().iter()))
    }

    /// With what only tests can use.
    pub(super) fn of_tests() -> &'static Self {
        static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
        VOCABULARY.get_or_init(|| Self::of(catalog().iter().chain(test_catalog())))
    }

    fn of(entries: impl Iterator<Item = &'static Entry>) -> Self {
        let mut own: BTreeMap<String, Vec<Signature>> = BTreeMap::new();
        for entry in entries {
            if let Some(signature) = Signature::of(entry) {
                own.entry(signature.name.clone())
                    .or_default()
                    .push(signature);
            }
        }
        Self {
            own,
            rhai: rhai_functions(),
        }
    }

    /// The functions of Segue of that name, such as `run_task` or `log::info`.
    pub(super) fn functions<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Signature> {
        self.named(name, MemberKind::Function)
    }

    /// The members of that name that any type of Segue has.
    pub(super) fn named<'a>(
        &'a self,
        name: &str,
        member: MemberKind,
    ) -> impl Iterator<Item = &'a Signature> {
        self.own
            .get(name)
            .into_iter()
            .flatten()
            .filter(move |signature| signature.member == member)
    }

    /// `log` of `log::info`.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.own
            .keys()
            .filter_map(|name| name.split_once("::").map(|(namespace, _)| namespace))
    }

    /// Everything that Segue adds.
    pub(super) fn all(&self) -> impl Iterator<Item = &Signature> {
        self.own.values().flatten()
    }

    /// The members of a native type.
    pub(super) fn members<'a>(&'a self, receiver: &'a str) -> impl Iterator<Item = &'a Signature> {
        self.all()
            .filter(move |signature| signature.receiver.as_deref() == Some(receiver))
    }

    pub(super) fn rhai(&self, name: &str) -> &[RhaiFunction] {
        self.rhai.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn rhai_names(&self) -> impl Iterator<Item = &str> {
        self.rhai.keys().map(String::as_str)
    }

    /// Whether anything at all has this name and can be called.
    pub(super) fn knows(&self, name: &str) -> bool {
        !self.rhai(name).is_empty()
            || self.functions(name).next().is_some()
            || self.named(name, MemberKind::Method).next().is_some()
    }

    /// The names of all functions without a receiver, for did-you-mean.
    pub(super) fn function_names(&self) -> impl Iterator<Item = &str> {
        self.own
            .iter()
            .filter(|(_, signatures)| {
                signatures
                    .iter()
                    .any(|signature| signature.member == MemberKind::Function)
            })
            .map(|(name, _)| name.as_str())
            .chain(self.rhai_names().filter(|name| is_word(name)))
    }
}

fn is_word(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic()) && !name.contains('$')
}

#[derive(Deserialize)]
struct Listing {
    functions: Vec<ListedFunction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedFunction {
    name: String,
    #[serde(default)]
    params: Vec<ListedParam>,
    #[serde(default)]
    return_type: Option<String>,
}

#[derive(Deserialize)]
struct ListedParam {
    #[serde(rename = "type", default)]
    data_type: Option<String>,
}

/// The functions of the packages that plans have. Rhai tells them as JSON only.
fn rhai_functions() -> BTreeMap<String, Vec<RhaiFunction>> {
    let engine = engine::without_functions(&Limits::default());
    let json = engine
        .gen_fn_metadata_to_json(true)
        .unwrap_or_else(|_| "{\"functions\":[]}".to_owned());
    let listing: Listing = serde_json::from_str(&json).unwrap_or(Listing {
        functions: Vec::new(),
    });
    let mut functions: BTreeMap<String, Vec<RhaiFunction>> = BTreeMap::new();
    for listed in listing.functions {
        let params = listed
            .params
            .iter()
            .map(|param| our_type(param.data_type.as_deref().unwrap_or("?")))
            .collect();
        // Texts have them no more.
        let is_text = |params: &Vec<String>| params.first().is_some_and(|first| first == "String");
        if matches!(listed.name.as_str(), "clear" | "pop") && is_text(&params) {
            continue;
        }
        functions
            .entry(listed.name)
            .or_default()
            .push(RhaiFunction {
                params,
                returns: our_type(listed.return_type.as_deref().unwrap_or("()")),
            });
    }
    // Part of the interpreter itself, and in no package.
    for (name, counts) in [
        ("type_of", 0..=1),
        ("is_def_var", 1..=1),
        ("is_def_fn", 2..=3),
        ("is_shared", 1..=1),
        ("curry", 1..=16),
        ("call", 0..=16),
        ("Fn", 1..=1),
    ] {
        for count in counts {
            functions
                .entry(name.to_owned())
                .or_default()
                .push(RhaiFunction {
                    params: vec!["Any".to_owned(); count],
                    returns: "Any".to_owned(),
                });
        }
    }
    functions
}

/// A type of Rhai's listing in our words.
pub(in crate::plan) fn our_type(name: &str) -> String {
    let plain = name.trim_start_matches("&mut ").trim_start_matches('&');
    match plain {
        "string" | "String" | "ImmutableString" | "str" => "String",
        "int" | "i64" => "Integer",
        "float" | "f64" => "Float",
        "bool" => "Boolean",
        "Array" | "array" => "Array",
        "Map" | "map" => "Map",
        "Fn" | "FnPtr" => "Closure",
        "()" => "()",
        "char" => "Character",
        _ => "Any",
    }
    .to_owned()
}
