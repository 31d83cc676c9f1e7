//! A project that was made for Bolt: its settings, its modules, its inventory with plugins, run as they are.

use crate::segue::Segue;

/// A project with a module whose tasks answer references.
fn project() -> Segue {
    let segue = Segue::new();
    std::fs::remove_file(segue.project().join("segue.yaml")).unwrap();
    segue
        .file(
            "project/bolt-project.yaml",
            "name: shop\nanalytics: false\nmodules: [puppetlabs/stdlib, puppetlabs/absent]\nplugins:\n  safe: {server: keys}\n",
        )
        .file(
            "project/.modules/nodes/tasks/list.sh",
            "#!/bin/sh\nprintf '{\"value\": [{\"name\": \"here\", \"uri\": \"localhost\", \"config\": {\"transport\": \"local\"}}]}'\n",
        )
        .file(
            "project/.modules/nodes/tasks/list.json",
            r#"{"parameters": {"count": {"type": "Integer"}}}"#,
        )
        .file("project/.modules/safe/bolt_plugin.json", r#"{"hooks": {"resolve_reference": {"task": "safe::open"}}}"#)
        .file(
            "project/.modules/safe/tasks/open.sh",
            "#!/bin/sh\necho asked >&2\nprintf '{\"value\": \"%s %s\"}' \"$PT_server\" \"$PT_path\"\n",
        )
        .file("project/.modules/safe/tasks/open.json", r#"{"parameters": {"path": {"type": "String"}}}"#)
        .inventory(
            "groups:\n  - name: dynamic\n    targets:\n      _plugin: task\n      task: nodes::list\n      parameters: {count: 2}\n    vars:\n      word: {_plugin: safe, path: a}\n  - name: asks\n    targets: [other.example.com]\n    config:\n      ssh:\n        password: {_plugin: prompt, message: The password}\n",
        )
}

#[test]
fn tasks_of_modules_answer_references_of_the_inventory() {
    project()
        .plan("tell", "print(target(\"here\").vars.word);")
        .line("plan run tell")
        .run()
        .code(0)
        .stdout_has("keys a");
    project()
        .line("command run pwd -t dynamic")
        .run()
        .code(0)
        .stdout_has("1 target, 1 ok");
}

#[test]
fn nobody_is_asked_before_a_target_needs_the_answer() {
    project()
        .line("inventory show")
        .run()
        .code(0)
        .stdout_has("other.example.com")
        .stdout_has("2 targets");
    project()
        .line("inventory show --explain")
        .run()
        .code(0)
        .stdout_has("vars.word = what `safe` says when it is needed  (group `dynamic`)")
        .stdout_has("config.ssh.password = what `prompt` says when it is needed  (group `asks`)");
    project()
        .line("command run pwd -t other.example.com")
        .run()
        .code(6)
        .stderr_has("nobody is at a terminal who could answer `The password`")
        .stderr_has("use `_plugin: env_var`");
}

#[test]
fn a_plugin_that_can_not_answer_says_what_to_do() {
    for (reference, told) in [
        (
            "{_plugin: terraform, dir: tf}",
            "put the modules `terraform` and `ruby_task_helper`",
        ),
        (
            "{_plugin: puppetdb, query: x}",
            "Segue does not ask Puppet's services",
        ),
        (
            "{_plugin: task, task: nodes::lst}",
            "did you mean `nodes::list`?",
        ),
        (
            "{_plugin: task, task: 'nodes::list', parameters: {count: many}}",
            "type Integer, got String 'many'",
        ),
        ("{_plugin: prmpt}", "did you mean `prompt`?"),
    ] {
        project()
            .inventory(&format!("targets:\n  - {reference}\n"))
            .line("inventory show")
            .run()
            .code(2)
            .stderr_has(told);
    }
}

#[test]
fn a_module_that_is_listed_and_not_installed_is_told() {
    project()
        .line("task run absent::something -t here")
        .run()
        .code(2)
        .stderr_has("`bolt-project.yaml` lists the module `absent`");
    project()
        .line("task run nowhere::something -t here")
        .run()
        .code(2)
        .stderr_has("put it into `modules/nowhere`");
}

#[test]
fn a_task_of_a_named_project_is_told_its_whole_name() {
    project()
        .task("hello", "{}", "#!/bin/sh\necho \"it is $PT__task\"\n")
        .line("task run shop::hello -t localhost")
        .run()
        .code(0)
        .stdout_has("it is shop::hello");
}

#[test]
fn a_project_in_a_directory_called_boltdir_is_found_from_beside_it() {
    let segue = Segue::new();
    std::fs::remove_file(segue.project().join("segue.yaml")).unwrap();
    segue
        .file("project/Boltdir/modules/m/tasks/t.sh", "echo found\n")
        .line("task run m::t -t localhost")
        .run()
        .code(0)
        .stdout_has("found");
}

#[test]
fn what_published_inventories_have_is_read_or_refused_with_words() {
    project()
        .inventory("groups:\n  - {name: local, targets: localhost}\n")
        .line("inventory show -t local")
        .run()
        .code(0)
        .stdout_has("local://localhost");
    project()
        .inventory("name: production\ntargets: [web1.example.com]\n")
        .line("inventory show -t all")
        .run()
        .code(0)
        .stdout_has("web1.example.com  ssh://web1.example.com  all");
    project()
        .inventory("groups:\n  - name: web\n    nodes: [web1.example.com]\n")
        .line("inventory show")
        .run()
        .code(2)
        .stderr_has("this is version 1 of the format");
}
