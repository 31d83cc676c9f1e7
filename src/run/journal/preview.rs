//! What a resume would do, as far as the record tells: the plan itself is not run for it.

use serde::Serialize;

use super::{Journal, LostRule, ResumeRules, entry::Due};
use crate::{
    event::{Asked, Reply},
    model::{EffectId, TargetName},
};

/// The recorded effects, and what a resume of the same plan would do about each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResumePreview {
    pub lines: Vec<PreviewLine>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewLine {
    #[serde(serialize_with = "shown")]
    pub effect: EffectId,
    pub asked: Asked,
    /// The record answers, and nothing is done.
    pub answered: bool,
    /// The targets whose results stand.
    pub kept: Vec<TargetName>,
    /// The targets that would be worked on.
    pub performed: Vec<TargetName>,
    /// The targets that would be asked what became of them, and, if they can't tell, are a person's to decide.
    pub lost: Vec<TargetName>,
}

impl ResumePreview {
    #[must_use]
    pub fn new(journal: &Journal, rules: &ResumeRules) -> Self {
        let lines = journal.iter().filter_map(|(effect, entry)| {
            let asked = entry.asked.clone()?;
            let redo = rules.redo.contains(effect);
            let answered = entry.is_settled() && !redo;
            let mut line = PreviewLine {
                effect: effect.clone(),
                answered,
                kept: Vec::new(),
                performed: Vec::new(),
                lost: Vec::new(),
                asked,
            };
            let rerun = line.asked.idempotent || rules.lost == LostRule::Rerun;
            // Failures that a plan deals with itself can't be told from the record alone; those of an effect
            // that came to its end without ending the plan were dealt with.
            let caught = entry.reply == Some(Reply::Results) && !entry.ended_plan;
            for target in &line.asked.targets {
                let record = entry.targets.get(target).filter(|_| !redo);
                let due = record.map_or(Due::Run, |record| record.due(caught));
                let list = match due {
                    _ if answered => &mut line.kept,
                    Due::Nothing => &mut line.kept,
                    Due::Ask(_) if !rerun => &mut line.lost,
                    Due::Ask(_) | Due::Run => &mut line.performed,
                };
                list.push(target.clone());
            }
            Some(line)
        });
        Self {
            lines: lines.collect(),
        }
    }

    /// Whether somebody has to decide before it can go on.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        self.lines.iter().any(|line| !line.lost.is_empty())
    }
}

fn shown<S: serde::Serializer>(effect: &EffectId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(effect)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        event::{Event, EventKind},
        model::Status,
        run::journal::script::{Life, World},
    };

    fn lines(events: &[Event], rules: &ResumeRules) -> Vec<String> {
        let preview = ResumePreview::new(&Journal::from_events(events), rules);
        let line = |line: &PreviewLine| {
            let does = if line.answered {
                "answered"
            } else {
                "performed"
            };
            let names =
                |names: &[TargetName]| names.iter().map(TargetName::as_str).collect::<String>();
            let (kept, performed) = (names(&line.kept), names(&line.performed));
            let asked = &line.asked;
            format!(
                "{} {} {does} {kept}|{performed}|{}",
                asked.function,
                asked.object,
                names(&line.lost)
            )
        };
        preview.lines.iter().map(line).collect()
    }

    #[tokio::test]
    async fn the_preview_says_what_is_answered_performed_and_lost() {
        let world = Arc::new(World::new(|_, _, _| Status::Succeeded, false));
        let life = Life::after(&[], &world, ResumeRules::default());
        life.live().await.unwrap_err();
        let events = life.events();
        let second = events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::TargetStarted { .. }))
            .nth(1)
            .unwrap();
        let kept = &events[..usize::try_from(second.seq).unwrap()];
        let mut rules = ResumeRules::default();
        assert_eq!(
            lines(kept, &rules),
            ["now  answered ||", "run_command fetch performed a|c|b"]
        );
        rules.lost = LostRule::Rerun;
        assert_eq!(lines(kept, &rules)[1], "run_command fetch performed a|bc|");
        rules
            .redo_named(&Journal::from_events(kept), "fetch")
            .unwrap();
        assert_eq!(lines(kept, &rules)[1], "run_command fetch performed |abc|");
    }
}
