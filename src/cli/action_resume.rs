//! How a task, a command, a script or a transfer goes on: where it succeeded the record answers, what was under way is
//! asked after, and the rest is done.

use super::{
    action,
    job_rerun::{asked, targets},
    resume::Resuming,
};
use crate::{
    error::{Error, Exit},
    event::JobView,
};

pub(super) fn go_on(resuming: &Resuming<'_>) -> Result<Exit, Error> {
    let (arguments, setup) = (resuming.arguments, &resuming.setup);
    let job = &resuming.summary.job;
    if !arguments.params.are_empty() {
        return Err(Error::usage(
            format!("job `{job}` ran no plan, and goes on with the parameters that it began with"),
            format!("leave them out, or begin anew: `segue job show {job}` shows what was run"),
        ));
    }
    let view = JobView::fold(&resuming.events);
    let Some((id, effect)) = view.effects.iter().next() else {
        return Err(Error::usage(
            format!("job `{job}` ended before it began"),
            format!("nothing was done; `segue job show {job}` shows what to run anew"),
        ));
    };
    // Those that are done as well: the record answers for them.
    let all = targets(setup, &effect.asked.targets)?;
    let asked = asked(setup, &view, effect, all, &arguments.connection)?;
    let effect = asked.into_effect();
    resuming.run("", |context| {
        action::perform(id.clone(), effect.clone(), context)
    })
}
