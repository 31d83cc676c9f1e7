//! Tiers: groups of targets that say which groups they depend on, in waves.

use std::collections::HashMap;

use super::{TierError, TierFault, dependencies::Dependencies};
use crate::model::{TargetName, nearest};

/// A tier as the inventory has it. A group that only others depend on is a tier too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TierSpec {
    pub name: String,
    pub targets: Vec<TargetName>,
    /// Names of the tiers that are worked on before it.
    pub depends_on: Vec<String>,
}

/// All tiers of an inventory, checked.
#[derive(Clone, Debug)]
pub struct Tiers {
    names: Vec<String>,
    tier_of: HashMap<TargetName, usize>,
    dependencies: Dependencies,
    /// Every tier after all that it depends on.
    order: Vec<usize>,
}

/// Tiers that don't depend on each other, as written: they can be worked on side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Never empty.
    pub tiers: Vec<Tier>,
}

/// The part of a tier that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// `None` for the targets that are in no tier.
    pub name: Option<String>,
    /// Never empty; in the order in which they were asked for.
    pub targets: Vec<TargetName>,
}

impl Wave {
    /// The targets of all its tiers.
    pub fn targets(&self) -> impl Iterator<Item = &TargetName> {
        self.tiers.iter().flat_map(|tier| &tier.targets)
    }

    /// The names of its tiers, without that of the targets in no tier.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tiers.iter().filter_map(|tier| tier.name.as_deref())
    }
}

impl Tiers {
    /// The tiers of an inventory.
    ///
    /// # Errors
    /// All that is wrong with them, at once.
    pub fn new(specs: Vec<TierSpec>) -> Result<Self, TierError> {
        let mut faults = Vec::new();
        let by_name = index_names(&specs, &mut faults);
        let lists = resolve_dependencies(&specs, &by_name, &mut faults);
        let dependencies = Dependencies::new(&lists);
        let order = dependencies.order();
        if order.len() < specs.len() {
            for tiers in dependencies.cycles() {
                let names = tiers.iter().map(|&at| specs[at].name.clone()).collect();
                faults.push(TierFault::Cycle { tiers, names });
            }
        }
        let tier_of = assign_targets(&specs, &mut faults);
        if !faults.is_empty() {
            return Err(TierError { faults });
        }
        Ok(Self {
            names: specs.into_iter().map(|spec| spec.name).collect(),
            tier_of,
            dependencies,
            order,
        })
    }

    /// The waves that these targets are worked on in, dependencies first. A tier is in the earliest wave that comes
    /// after all that it depends on, directly or through tiers without any of these targets; those are left out.
    ///
    /// Targets that are in no tier are a last wave of their own, as if they depended on all tiers: nobody has said
    /// that something depends on them, and what nobody has thought of should not go first.
    #[must_use]
    pub fn waves(&self, targets: &[TargetName]) -> Vec<Wave> {
        let mut members: Vec<Vec<TargetName>> = vec![Vec::new(); self.names.len()];
        let mut in_no_tier = Vec::new();
        for target in targets {
            match self.tier_of.get(target) {
                Some(&tier) => members[tier].push(target.clone()),
                None => in_no_tier.push(target.clone()),
            }
        }
        // The number of waves that are over when a tier is: one without targets adds none.
        let mut over: Vec<usize> = vec![0; self.names.len()];
        let mut waves: Vec<Vec<usize>> = Vec::new();
        for &tier in &self.order {
            let before = self.dependencies.before(tier).map(|tier| over[tier]);
            let begins = before.max().unwrap_or(0);
            over[tier] = begins;
            if !members[tier].is_empty() {
                over[tier] += 1;
                if waves.len() == begins {
                    waves.push(Vec::new());
                }
                waves[begins].push(tier);
            }
        }
        let mut told: Vec<Wave> = Vec::with_capacity(waves.len() + 1);
        for mut wave in waves {
            wave.sort_unstable();
            let tier = |at: usize| Tier {
                name: Some(self.names[at].clone()),
                targets: std::mem::take(&mut members[at]),
            };
            told.push(Wave {
                tiers: wave.into_iter().map(tier).collect(),
            });
        }
        if !in_no_tier.is_empty() {
            let tiers = vec![Tier {
                name: None,
                targets: in_no_tier,
            }];
            told.push(Wave { tiers });
        }
        told
    }

    /// As [`Self::waves`], in exactly the reverse order: for stopping from the top.
    #[must_use]
    pub fn waves_reversed(&self, targets: &[TargetName]) -> Vec<Wave> {
        let mut waves = self.waves(targets);
        waves.reverse();
        waves
    }

    /// The tier that a target is in.
    #[must_use]
    pub fn tier_of(&self, target: &str) -> Option<&str> {
        let tier = self.tier_of.get(target)?;
        Some(&self.names[*tier])
    }

    /// The names of all tiers, as written.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many targets each tier has, as written.
    pub(super) fn target_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for &tier in self.tier_of.values() {
            counts[tier] += 1;
        }
        counts
    }

    pub(super) const fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }
}

fn index_names<'a>(specs: &'a [TierSpec], faults: &mut Vec<TierFault>) -> HashMap<&'a str, usize> {
    let mut by_name = HashMap::new();
    for (second, spec) in specs.iter().enumerate() {
        let first = *by_name.entry(spec.name.as_str()).or_insert(second);
        if first != second {
            faults.push(TierFault::Duplicate {
                name: spec.name.clone(),
                first,
                second,
            });
        }
    }
    by_name
}

fn resolve_dependencies(
    specs: &[TierSpec],
    by_name: &HashMap<&str, usize>,
    faults: &mut Vec<TierFault>,
) -> Vec<Vec<usize>> {
    let mut lists = Vec::with_capacity(specs.len());
    for (tier, spec) in specs.iter().enumerate() {
        let mut list = Vec::with_capacity(spec.depends_on.len());
        for (position, depends_on) in spec.depends_on.iter().enumerate() {
            if let Some(&dependency) = by_name.get(depends_on.as_str()) {
                list.push(dependency);
            } else {
                let names = specs.iter().map(|other| other.name.as_str());
                let others = names.filter(|other| *other != spec.name);
                faults.push(TierFault::UnknownDependency {
                    tier,
                    name: spec.name.clone(),
                    depends_on: depends_on.clone(),
                    position,
                    nearest: nearest(depends_on, others).map(str::to_owned),
                });
            }
        }
        lists.push(list);
    }
    lists
}

/// The tier of each target. The targets that two tiers share are one fault for each pair of tiers.
fn assign_targets(specs: &[TierSpec], faults: &mut Vec<TierFault>) -> HashMap<TargetName, usize> {
    let mut tier_of: HashMap<TargetName, usize> = HashMap::new();
    for (second, spec) in specs.iter().enumerate() {
        let mut shared: Vec<(usize, Vec<TargetName>)> = Vec::new();
        for target in &spec.targets {
            let first = *tier_of.entry(target.clone()).or_insert(second);
            if first == second {
                continue;
            }
            match shared.iter_mut().find(|(tier, _)| *tier == first) {
                Some((_, targets)) => targets.push(target.clone()),
                None => shared.push((first, vec![target.clone()])),
            }
        }
        shared.sort_unstable_by_key(|(first, _)| *first);
        faults.extend(
            shared
                .into_iter()
                .map(|(first, targets)| TierFault::TargetsInTwo {
                    first,
                    second,
                    first_name: specs[first].name.clone(),
                    second_name: spec.name.clone(),
                    targets,
                }),
        );
    }
    tier_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(name: &str, targets: &[&str], depends_on: &[&str]) -> TierSpec {
        TierSpec {
            name: name.into(),
            targets: names(targets),
            depends_on: depends_on.iter().map(|&name| name.into()).collect(),
        }
    }

    fn names(targets: &[&str]) -> Vec<TargetName> {
        targets.iter().map(|&name| name.into()).collect()
    }

    /// web depends on app, app on db and cache; mail stands alone.
    fn shop() -> Tiers {
        Tiers::new(vec![
            tier("web", &["web1", "web2"], &["app"]),
            tier("app", &["app1"], &["db", "cache"]),
            tier("cache", &["cache1"], &[]),
            tier("db", &["db1"], &[]),
            tier("mail", &["mail1"], &[]),
        ])
        .unwrap()
    }

    /// Waves as `cache+db > app`.
    fn in_words(waves: &[Wave]) -> String {
        let wave = |wave: &Wave| {
            let names = wave.tiers.iter().map(|tier| match &tier.name {
                Some(name) => format!("{name}{}", tier.targets.len()),
                None => format!("none{}", tier.targets.len()),
            });
            names.collect::<Vec<_>>().join("+")
        };
        waves.iter().map(wave).collect::<Vec<_>>().join(" > ")
    }

    #[test]
    fn waves_come_in_the_order_of_dependencies() {
        let all = names(&["web2", "web1", "app1", "mail1", "db1", "cache1"]);
        let waves = shop().waves(&all);
        assert_eq!(in_words(&waves), "cache1+db1+mail1 > app1 > web2");
        assert_eq!(waves[2].tiers[0].targets, names(&["web2", "web1"]));
        let reversed = shop().waves_reversed(&all);
        assert_eq!(in_words(&reversed), "web2 > app1 > cache1+db1+mail1");
    }

    #[test]
    fn a_tier_without_targets_still_keeps_others_in_order() {
        let waves = shop().waves(&names(&["web1", "db1"]));
        assert_eq!(in_words(&waves), "db1 > web1");
        let waves = shop().waves(&names(&["web1", "mail1"]));
        assert_eq!(in_words(&waves), "web1+mail1");
        assert!(shop().waves(&[]).is_empty());
    }

    #[test]
    fn targets_in_no_tier_come_last_and_first_in_reverse() {
        let targets = names(&["stray", "web1", "db1"]);
        assert_eq!(in_words(&shop().waves(&targets)), "db1 > web1 > none1");
        let reversed = shop().waves_reversed(&targets);
        assert_eq!(in_words(&reversed), "none1 > web1 > db1");
        let none = Tiers::new(Vec::new()).unwrap();
        assert_eq!(in_words(&none.waves(&targets)), "none3");
    }

    #[test]
    fn everything_wrong_is_told_in_one_go() {
        let error = Tiers::new(vec![
            tier("web", &["one", "two", "three"], &["app"]),
            tier("app", &["two", "one"], &["web", "dbb"]),
            tier("db", &[], &["db"]),
            tier("web", &[], &[]),
        ])
        .unwrap_err();
        assert_eq!(
            error.faults,
            [
                TierFault::Duplicate {
                    name: "web".into(),
                    first: 0,
                    second: 3
                },
                TierFault::UnknownDependency {
                    tier: 1,
                    name: "app".into(),
                    depends_on: "dbb".into(),
                    position: 1,
                    nearest: Some("db".into()),
                },
                TierFault::Cycle {
                    tiers: vec![0, 1],
                    names: vec!["web".into(), "app".into()],
                },
                TierFault::Cycle {
                    tiers: vec![2],
                    names: vec!["db".into()],
                },
                TierFault::TargetsInTwo {
                    first: 0,
                    second: 1,
                    first_name: "web".into(),
                    second_name: "app".into(),
                    targets: names(&["two", "one"]),
                },
            ]
        );
        insta::assert_snapshot!(error.to_string());
    }
}
