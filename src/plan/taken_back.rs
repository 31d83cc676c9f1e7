//! The branches of `around`: by their names the journal knows what a clean-up has taken back.

use crate::model::BranchPath;

/// The branch of one `around`; the second of its branch is `around~2`.
pub(super) const AROUND: &str = "around";
/// The branch in it of what is done first.
pub(super) const BEFORE: &str = "before";
/// The branch in it of what takes that back.
pub(super) const AFTER: &str = "after";

/// The branches whose work an effect of this branch takes back: those of the `around`s whose last closure it is part of.
pub fn taken_back_by(branch: &BranchPath) -> impl Iterator<Item = String> {
    let path = branch.as_str();
    path.match_indices(AFTER).filter_map(move |(start, _)| {
        let end = path.get(start + AFTER.len()..)?;
        let inside = path.get(..start)?.strip_suffix('/')?;
        let around = inside.rsplit('/').next()?;
        let name = around.split('~').next();
        let is_whole = end.is_empty() || end.starts_with('/');
        (is_whole && name == Some(AROUND)).then(|| format!("{inside}/{BEFORE}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_takes_back_what_came_before() {
        let taken_back = |path: &str| {
            let branch = path
                .split('/')
                .fold(BranchPath::root(), |branch, name| branch.child(name));
            taken_back_by(&branch).collect::<Vec<_>>()
        };
        assert_eq!(taken_back("around/after"), ["around/before"]);
        assert_eq!(
            taken_back("web/around~2/after/around/after/lb1"),
            ["web/around~2/before", "web/around~2/after/around/before"]
        );
        for path in ["around/before", "finally", "around/afterwards", "x/after"] {
            assert_eq!(taken_back(path), [""; 0], "{path}");
        }
    }
}
