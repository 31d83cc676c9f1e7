//! How a task or a plan is used, in the layout that Puppet's users know: description, usage line, parameters.

use std::fmt;

use crate::task::{Parameter, Parameters};

/// Longer descriptions are cut in lists: the rest is in the page of the one.
const DESCRIPTION_MAX: usize = 72;

/// The page of one task or plan.
pub(super) struct Usage<'a> {
    /// `task` or `plan`.
    pub(super) command: &'static str,
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    /// None if any parameter is taken.
    pub(super) parameters: Option<&'a Parameters>,
    pub(super) needs_targets: bool,
    pub(super) supports_noop: bool,
}

impl fmt::Display for Usage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.name)?;
        if !self.description.is_empty() {
            write!(f, " - {}", self.description)?;
        }
        write!(f, "\n\nUSAGE:\n$ segue {} run {}", self.command, self.name)?;
        let sorted = self.sorted();
        for (name, parameter) in &sorted {
            if parameter.is_required() {
                write!(f, " {name}=<value>")?;
            } else {
                write!(f, " [{name}=<value>]")?;
            }
        }
        if self.needs_targets {
            write!(f, " --targets <targets>")?;
        }
        if self.supports_noop {
            write!(f, " [--noop]")?;
        }
        writeln!(f)?;
        if self.parameters.is_none() {
            return writeln!(f, "\nIt declares no parameters and takes any.");
        }
        if !sorted.is_empty() {
            writeln!(f, "\nPARAMETERS:")?;
        }
        for (name, parameter) in sorted {
            writeln!(f, "- {name} : {}", parameter.data_type)?;
            for line in parameter.description.lines() {
                writeln!(f, "    {}", line.trim_end())?;
            }
            if let Some(default) = &parameter.default {
                writeln!(f, "    Default: {default}")?;
            }
        }
        Ok(())
    }
}

impl<'a> Usage<'a> {
    /// What must be given first, each part as it was declared.
    fn sorted(&self) -> Vec<(&'a str, &'a Parameter)> {
        let mut sorted: Vec<(&str, &Parameter)> = self
            .parameters
            .into_iter()
            .flatten()
            .map(|(name, parameter)| (name.as_str(), parameter))
            .collect();
        sorted.sort_by_key(|(_, parameter)| !parameter.is_required());
        sorted
    }
}

/// Names and what they are for, in two columns.
pub(super) fn table(rows: impl IntoIterator<Item = (String, String)>) -> String {
    let rows: Vec<(String, String)> = rows.into_iter().collect();
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or_default();
    rows.iter()
        .map(|(name, description)| {
            let first = description.lines().next().unwrap_or_default();
            let shown: String = first.chars().take(DESCRIPTION_MAX).collect();
            let line = format!("{name:width$}  {shown}");
            line.trim_end().to_owned()
        })
        .chain([String::new()])
        .collect::<Vec<_>>()
        .join("\n")
}
