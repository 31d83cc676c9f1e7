//! The order of groups: `depends_on` leads in no circle, and no target is in two tiers.

use super::{
    draft::DraftGroup,
    error::{InventoryError, InventoryErrorKind as Kind, Labelled},
    reader::labelled,
    tables::Tables,
};

/// No group depends on itself through others. The error draws the circle.
pub(super) fn check_circles(tables: &Tables, draft: &[DraftGroup]) -> Result<(), InventoryError> {
    // Depth first with a path of our own: 0 is not seen, 1 is on the path, 2 is done.
    let mut seen = vec![0_u8; tables.groups.len()];
    for start in tables.tier_groups() {
        if seen[start as usize] != 0 {
            continue;
        }
        let mut path: Vec<(u32, usize)> = vec![(start, 0)];
        seen[start as usize] = 1;
        while let Some((group, next)) = path.last_mut() {
            let others = tables.groups[*group as usize]
                .depends_on
                .as_deref()
                .unwrap_or_default();
            let Some(other) = others.get(*next).copied() else {
                seen[*group as usize] = 2;
                path.pop();
                continue;
            };
            *next += 1;
            match seen[other as usize] {
                0 => {
                    seen[other as usize] = 1;
                    path.push((other, 0));
                }
                1 => {
                    let begin = path
                        .iter()
                        .position(|(group, _)| *group == other)
                        .unwrap_or_default();
                    return Err(circle(tables, draft, &path[begin..]));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// `path` holds each group of the circle, and how many of its dependencies have been looked at: the last one of
/// these leads on.
fn circle(tables: &Tables, draft: &[DraftGroup], path: &[(u32, usize)]) -> InventoryError {
    let name = |group: u32| tables.groups[group as usize].name.to_string();
    let mut names: Vec<String> = path.iter().map(|(group, _)| name(*group)).collect();
    names.push(name(path[0].0));
    let places = path
        .iter()
        .zip(names.iter().skip(1))
        .filter_map(|((group, next), other)| {
            let depends_on = draft[*group as usize].depends_on.as_ref()?;
            let (_, span) = depends_on.get(next.checked_sub(1)?)?;
            let text = format!("`{}` depends on `{other}`", name(*group));
            Some(labelled(&tables.files, *span, &text))
        })
        .collect();
    let kind = Kind::TierCircle {
        circle: names.join(" → "),
    };
    InventoryError::at(kind, places)
}

/// No target is in two groups of the order.
pub(super) fn check_members(tables: &Tables) -> Result<(), InventoryError> {
    let mut tier_of: Vec<Option<u32>> = vec![None; tables.entries.len()];
    for group in tables.tier_groups() {
        for target in tables.targets_of(group) {
            if let Some(first) = tier_of[target as usize].replace(group) {
                return Err(two_tiers(tables, target, first, group));
            }
        }
    }
    Ok(())
}

fn two_tiers(tables: &Tables, target: u32, first: u32, second: u32) -> InventoryError {
    let group = |index: u32| &tables.groups[index as usize];
    let places: Vec<Labelled> = [first, second]
        .into_iter()
        .filter_map(|index| Some((group(index).span?, index)))
        .map(|(span, index)| {
            let text = format!("the tier `{}`", group(index).name);
            labelled(&tables.files, span, &text)
        })
        .collect();
    let kind = Kind::TwoTiers {
        target: tables.entries[target as usize].name.to_string(),
        first: group(first).name.to_string(),
        second: group(second).name.to_string(),
    };
    InventoryError::at(kind, places)
}
