//! Files on their way to targets and back.

use super::{catalog::Entry, run::allowed};
use crate::plan::{
    action::{self, Asked},
    call::{Call, CallResult},
    effect::Action,
    options,
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("upload", upload)
            .takes("source", "File")
            .takes("destination", "String")
            .takes("targets", "TargetSpec")
            .may_take_options(&allowed(&[]))
            .gives("ResultSet")
            .doc("Copies a file or directory of the project or of a module to every target.")
            .example(r#"upload("files/motd", "/etc/motd", "web", #{ run_as: "root" });"#),
        Entry::function("download", download)
            .takes("source", "String")
            .takes("destination", "String")
            .takes("targets", "TargetSpec")
            .may_take_options(&allowed(&[]))
            .gives("ResultSet")
            .doc("Copies a file or directory of every target into `downloads/<destination>/<target>/` in the project.")
            .example(r#"download("/var/log/nginx", "logs", "web");"#),
        Entry::function("write_file", write_file)
            .takes("content", "String")
            .takes("destination", "String")
            .takes("targets", "TargetSpec")
            .may_take_options(&allowed(&[]))
            .gives("ResultSet")
            .doc("Writes a text into a file on every target.")
            .example(r#"write_file("maintenance until noon\n", "/etc/motd", "web");"#),
    ]
}

fn upload(call: &Call<'_>) -> CallResult {
    let source = call.text(0)?.to_string();
    let destination = call.text(1)?.to_string();
    let file = call.host().world.file(&source);
    let asked = Asked {
        call,
        what: format!("upload of `{source}`"),
        action: Action::Upload {
            source,
            file: file.map_err(|failure| call.fail(*failure))?,
            destination,
        },
        targets: call.targets(2)?,
    };
    action::perform(asked, &options::read(call, 3)?)
}

fn download(call: &Call<'_>) -> CallResult {
    let source = call.text(0)?.to_string();
    let destination = call.text(1)?.to_string();
    let path = call.host().world.download_directory(&destination);
    let asked = Asked {
        call,
        what: format!("download of `{source}`"),
        action: Action::Download {
            source,
            destination,
            path: path.map_err(|failure| call.fail(*failure))?,
        },
        targets: call.targets(2)?,
    };
    action::perform(asked, &options::read(call, 3)?)
}

fn write_file(call: &Call<'_>) -> CallResult {
    let content = call.text(0)?.to_string();
    let destination = call.text(1)?.to_string();
    let asked = Asked {
        call,
        what: format!("writing `{destination}`"),
        action: Action::WriteFile {
            content,
            destination,
        },
        targets: call.targets(2)?,
    };
    action::perform(asked, &options::read(call, 3)?)
}
