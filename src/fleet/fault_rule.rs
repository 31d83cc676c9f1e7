//! Rules that say which targets have which fault, as they are typed: `hang=2%`, `web7:exit=3`, `web*:drop=1x`.

use std::{fmt, str::FromStr, time::Duration};

use globset::Glob;
use serde::Deserialize;
use thiserror::Error;

use super::{Fault, FaultKind, seed::draw};
use crate::model::{nearest, parse_duration};

/// `[TARGETS:]KIND[=SETTING,...]`, where a setting is the kind's own (`exit=3`, `slow=500ms`, `flood=64MiB`), a share of
/// the targets (`5%`), a number of times (`2x`: then the target is well) or of chances let pass (`after 3`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct FaultRule {
    targets: Glob,
    fault: Fault,
    /// 0 to 100.
    percent: Option<f64>,
}

/// Why a text is no fault rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseFaultError {
    #[error("`{word}` is not a kind of fault; did you mean `{meant}`?")]
    Misspelt { word: String, meant: String },
    #[error("`{word}` is not a kind of fault; there are {}", FaultKind::WORDS.join(", "))]
    UnknownKind { word: String },
    #[error(
        "`{setting}` is not a setting of `{kind}`, which takes {own}a share (`5%`), a number of times (`2x`) or of chances let pass (`after 3`)"
    )]
    Setting {
        kind: String,
        setting: String,
        /// What the kind itself takes, with a comma behind it; empty if it takes nothing.
        own: &'static str,
    },
    #[error("`{setting}` is one value too many for `{kind}`")]
    SecondValue { kind: String, setting: String },
    #[error("`{kind}` lasts: a closed port or a wrong key can't come and go; `drop` can")]
    Lasting { kind: &'static str },
    #[error("`{glob}` is not a pattern for target names")]
    Glob { glob: String },
}

/// How late a `slow` target is when the rule does not say it: longer than any real one, shorter than any timeout.
const SLOW_DEFAULT: Duration = Duration::from_secs(2);
/// How much a `flood` is when the rule does not say it: more than any cap on kept output.
const FLOOD_DEFAULT_BYTES: u64 = 64 << 20;
/// What a task exits with when the rule does not say it: the code of a failure that is nothing special.
const EXIT_DEFAULT: u8 = 1;

impl FaultRule {
    /// The fault of a target by this rule, if the rule means it and chance does.
    pub(super) fn fault_of(&self, seed: u64, target: &str) -> Option<Fault> {
        let meant = self.names(target) && self.share_holds(seed, target);
        meant.then(|| self.fault.clone())
    }

    /// Whether its pattern fits the name.
    pub(super) fn names(&self, target: &str) -> bool {
        self.targets.compile_matcher().is_match(target)
    }

    fn share_holds(&self, seed: u64, target: &str) -> bool {
        let Some(percent) = self.percent else {
            return true;
        };
        // Drawn by kind and not by place in the list, so that a further rule does not deal the others anew.
        let chance = draw(seed, &[self.fault.kind.word(), target]) >> 32;
        #[expect(clippy::cast_precision_loss, reason = "32 bits fit an f64")]
        let chance = chance as f64 / (1_u64 << 32) as f64;
        chance * 100.0 < percent
    }
}

impl FromStr for FaultRule {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (targets, fault) = text.split_once(':').unwrap_or(("*", text));
        let (word, settings) = fault.split_once('=').unwrap_or((fault, ""));
        let targets = Glob::new(targets.trim()).map_err(|_| ParseFaultError::Glob {
            glob: targets.trim().to_owned(),
        })?;
        let mut own = None;
        let mut percent = None;
        let mut times = None;
        let mut skip = 0;
        for setting in settings
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
        {
            if let Some(share) = setting.strip_suffix('%').and_then(parse_percent) {
                percent = Some(share);
            } else if let Some(count) = setting.strip_suffix('x').and_then(|it| it.parse().ok()) {
                times = Some(count);
            } else if let Some(count) = setting
                .strip_prefix("after ")
                .and_then(|it| it.trim().parse().ok())
            {
                skip = count;
            } else if own.is_none() {
                own = Some(setting);
            } else {
                return Err(ParseFaultError::SecondValue {
                    kind: word.trim().to_owned(),
                    setting: setting.to_owned(),
                });
            }
        }
        let kind = parse_kind(word.trim(), own)?;
        if kind.is_lasting() && (times.is_some() || skip > 0) {
            return Err(ParseFaultError::Lasting { kind: kind.word() });
        }
        Ok(Self {
            targets,
            fault: Fault { kind, skip, times },
            percent,
        })
    }
}

fn parse_kind(word: &str, setting: Option<&str>) -> Result<FaultKind, ParseFaultError> {
    let plain = |kind| match setting {
        None => Ok(kind),
        Some(setting) => Err(setting_error(word, setting, "")),
    };
    match word {
        "refuse" => plain(FaultKind::Refuse),
        "impostor" => plain(FaultKind::Impostor),
        "stall" => plain(FaultKind::Stall),
        "auth" => plain(FaultKind::Auth),
        "drop" => plain(FaultKind::Drop),
        "no-channel" => plain(FaultKind::NoChannel),
        "hang" => plain(FaultKind::Hang),
        "reset" => plain(FaultKind::Reset),
        "slow" => setting.map_or(Ok(FaultKind::Slow(SLOW_DEFAULT)), |text| {
            let error = |_| setting_error(word, text, "a time (`500ms`), ");
            parse_duration(text).map(FaultKind::Slow).map_err(error)
        }),
        "exit" => setting.map_or(Ok(FaultKind::Exit(EXIT_DEFAULT)), |text| {
            let error = |_| setting_error(word, text, "an exit code (`3`), ");
            text.parse().map(FaultKind::Exit).map_err(error)
        }),
        "flood" => setting.map_or(Ok(FaultKind::Flood(FLOOD_DEFAULT_BYTES)), |text| {
            parse_bytes(text)
                .map(FaultKind::Flood)
                .ok_or_else(|| setting_error(word, text, "a size (`64MiB`), "))
        }),
        _ => Err(nearest(word, FaultKind::WORDS).map_or_else(
            || ParseFaultError::UnknownKind {
                word: word.to_owned(),
            },
            |meant| ParseFaultError::Misspelt {
                word: word.to_owned(),
                meant: meant.to_owned(),
            },
        )),
    }
}

fn setting_error(kind: &str, setting: &str, own: &'static str) -> ParseFaultError {
    ParseFaultError::Setting {
        kind: kind.to_owned(),
        setting: setting.to_owned(),
        own,
    }
}

fn parse_percent(text: &str) -> Option<f64> {
    let percent: f64 = text.trim().parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent)
}

fn parse_bytes(text: &str) -> Option<u64> {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];
    let (number, shift) = units
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))?;
    number.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}

impl TryFrom<String> for FaultRule {
    type Error = ParseFaultError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.targets.glob() != "*" {
            write!(f, "{}:", self.targets.glob())?;
        }
        write!(f, "{}", self.fault.kind)?;
        let has_own = self.fault.kind.to_string() != self.fault.kind.word();
        let mut separator = if has_own { "," } else { "=" };
        let percent = self.percent.map(|percent| format!("{percent}%"));
        let times = self.fault.times.map(|times| format!("{times}x"));
        let skip = (self.fault.skip > 0).then(|| format!("after {}", self.fault.skip));
        for setting in [percent, times, skip].into_iter().flatten() {
            write!(f, "{separator}{setting}")?;
            separator = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(text: &str) -> FaultRule {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_people_type() {
        let typed = [
            "refuse=5%",
            "hang=2%",
            "drop",
            "slow=500ms",
            "auth",
            "exit=3",
            "flood=1024",
            "reset",
            "web7:hang",
            "web*:drop=50%,2x",
            "exit=3,10%,1x,after 4",
            "no-channel=1x",
            "impostor",
            "stall",
        ];
        for text in typed {
            assert_eq!(rule(text).to_string(), text);
        }
        assert_eq!(rule("flood=64MiB"), rule("flood"));
        assert_eq!(rule("exit = 3"), rule("exit=3"));
        assert_eq!(rule("web*:exit=20%"), rule("web*:exit=1,20%"));
    }

    #[test]
    fn says_what_is_wrong_with_a_rule() {
        let error = |text: &str| text.parse::<FaultRule>().unwrap_err().to_string();
        insta::assert_snapshot!(
            ["hnag", "melt", "exit=300", "hang=3", "slow=soon", "refuse=2x", "[:hang", "exit=3,4"].map(error).join("\n"),
            @r"
        `hnag` is not a kind of fault; did you mean `hang`?
        `melt` is not a kind of fault; there are refuse, impostor, stall, auth, drop, no-channel, hang, slow, exit, flood, reset
        `300` is not a setting of `exit`, which takes an exit code (`3`), a share (`5%`), a number of times (`2x`) or of chances let pass (`after 3`)
        `3` is not a setting of `hang`, which takes a share (`5%`), a number of times (`2x`) or of chances let pass (`after 3`)
        `soon` is not a setting of `slow`, which takes a time (`500ms`), a share (`5%`), a number of times (`2x`) or of chances let pass (`after 3`)
        `refuse` lasts: a closed port or a wrong key can't come and go; `drop` can
        `[` is not a pattern for target names
        `4` is one value too many for `exit`
        "
        );
    }

    #[test]
    fn a_share_is_about_that_share() {
        let rule = rule("hang=20%");
        let struck = (0..2000)
            .filter(|n| rule.fault_of(7, &format!("web{n}")).is_some())
            .count();
        assert!((340..460).contains(&struck), "{struck} of 2000");
    }

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_faults(seed: u64, percent in 0..=100_u32, name in "[a-z]{1,8}[0-9]{0,4}") {
            let rule = rule(&format!("hang={percent}%"));
            prop_assert_eq!(rule.fault_of(seed, &name), rule.fault_of(seed, &name));
            if percent == 0 {
                prop_assert_eq!(rule.fault_of(seed, &name), None);
            }
            if percent == 100 {
                prop_assert!(rule.fault_of(seed, &name).is_some());
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = text.parse::<FaultRule>();
        }
    }
}
