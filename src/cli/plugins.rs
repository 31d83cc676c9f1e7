//! Answers the references of an inventory that need somebody: a person at the terminal, or a task that runs here.
//!
//! Bolt's own plugins are such tasks of modules: `terraform`, `pkcs7`, `vault`, `aws_inventory` and the like.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::terminal;
use crate::{
    inventory::{PluginFailure, Plugins},
    model::{Failure, Map, Target, Value},
    project::Project,
    run::Operator as _,
    task::{Attempt, Call, Pack, RunId, task_payload, task_result},
    transport::{Local, Transport as _},
};

/// How long a plugin may take: terraform asks a cloud for its state, which takes its time.
const TIMEOUT: Duration = Duration::from_mins(5);
/// Modules that Bolt brings along, by the name of the plugin.
const BUNDLED: [&str; 9] = [
    "aws_inventory",
    "azure_inventory",
    "azure_key_vault",
    "gcloud_inventory",
    "gcp_secret",
    "pkcs7",
    "puppetdb",
    "terraform",
    "vault",
];

/// The plugins that a project can ask.
pub(super) struct ProjectPlugins {
    project: Project,
}

impl ProjectPlugins {
    pub(super) fn new(project: Project) -> Arc<Self> {
        Arc::new(Self { project })
    }
}

impl Plugins for ProjectPlugins {
    fn resolve(&self, plugin: &str, options: &Map) -> Result<Value, PluginFailure> {
        match plugin {
            "prompt" => prompt(options),
            "task" => self.ask_task(options),
            _ => self.ask_module(plugin, options),
        }
    }
}

impl ProjectPlugins {
    fn ask_task(&self, options: &Map) -> Result<Value, PluginFailure> {
        let Some(task) = options.get("task").and_then(Value::as_str) else {
            return Err(failed(
                "it needs the name of a `task`",
                "write `task: module::task` beside it",
            ));
        };
        let parameters = match options.get("parameters") {
            Some(Value::Map(parameters)) => parameters.clone(),
            _ => Map::new(),
        };
        self.run(task, &parameters, Map::new())
    }

    /// Asks the task of a module: with the keys of the reference, and what the project's settings say of the plugin.
    fn ask_module(&self, plugin: &str, options: &Map) -> Result<Value, PluginFailure> {
        let Some(task) = self.project.plugin_task(plugin) else {
            return Err(missing(plugin));
        };
        let mut more = match self.project.settings().plugins.get(plugin) {
            Some(Value::Map(settings)) => settings.clone(),
            _ => Map::new(),
        };
        let (own, parameters): (Map, Map) = options
            .clone()
            .into_iter()
            .partition(|(key, _)| key.starts_with('_'));
        more.extend(own);
        more.insert(
            "_boltdir".to_owned(),
            self.project.root().to_string_lossy().as_ref().into(),
        );
        self.run(&task, &parameters, more)
    }

    /// The `value` in what a task answers on this machine. `more` is not checked: the task's metadata need not list it.
    fn run(&self, name: &str, parameters: &Map, more: Map) -> Result<Value, PluginFailure> {
        let task = self.project.task(name).map_err(|error| {
            let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
            PluginFailure::Failed {
                message: error.to_string(),
                help,
            }
        })?;
        let mut params = task.check_params(parameters).map_err(|errors| {
            let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let help = format!("`segue task show {name}` lists its parameters");
            failed(&told.join("; "), &help)
        })?;
        params.extend(more);
        let target = Arc::new(Target::new("localhost", "local"));
        let run = RunId::new(rand::random());
        let call = Call {
            target: &target,
            run: &run,
            run_as: None,
            noop: false,
            timeout: TIMEOUT,
            env: &BTreeMap::new(),
            keeping: None,
        };
        let payload = task
            .implementation_for(&target)
            .and_then(|chosen| {
                let pack = Pack::of_task(&task, &chosen)?;
                task_payload(&task, &chosen, &pack, &params, &call)
            })
            .map_err(|failure| no_answer(&failure))?;
        // A thread of its own: who asks may be inside of a runtime, which can't wait for another.
        let output = std::thread::scope(|scope| {
            let running = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| error.to_string())?;
                runtime.block_on(async {
                    let session = Local.connect(Arc::clone(&target)).await;
                    let session = session.map_err(|error| error.message)?;
                    let output = session.run(&payload, None).await;
                    output.map_err(|error| error.to_string())
                })
            });
            running
                .join()
                .unwrap_or_else(|_| Err("it broke off".to_owned()))
        })
        .map_err(|message| PluginFailure::Failed {
            message,
            help: None,
        })?;
        let attempt = Attempt {
            call: &call,
            object: name,
            duration_ms: 0,
            attempts: 1,
        };
        let result = task_result(&attempt, &output);
        if let Some(failure) = result.failure {
            return Err(no_answer(&failure));
        }
        result.value.map().get("value").cloned().ok_or_else(|| {
            failed(
                &format!("the answer of the task `{name}` has no `value`"),
                "such a task prints an object: `{\"value\": ...}`",
            )
        })
    }
}

fn prompt(options: &Map) -> Result<Value, PluginFailure> {
    let Some(message) = options.get("message").and_then(Value::as_str) else {
        return Err(failed(
            "it needs a `message`",
            "write `message: Password` beside it",
        ));
    };
    if !terminal::Terminal.is_present() {
        return Err(failed(
            &format!("nobody is at a terminal who could answer `{message}`"),
            "run it in a terminal, or use `_plugin: env_var` with a variable for it",
        ));
    }
    terminal::read_hidden(&format!("{message}: "))
        .map(Value::String)
        .map_err(|error| PluginFailure::Failed {
            message: error.to_string(),
            help: None,
        })
}

/// A plugin that no module has.
fn missing(plugin: &str) -> PluginFailure {
    match plugin {
        "puppetdb" | "puppet_connect_data" => failed(
            "Segue does not ask Puppet's services",
            "write a task that does and answers `{\"value\": [...]}`, and name it: `_plugin: task`, `task: mymodule::nodes`",
        ),
        _ if BUNDLED.contains(&plugin) => PluginFailure::Failed {
            message: format!("no module is called `{plugin}`"),
            help: Some(format!(
                "Bolt brings this one along: put the modules `{plugin}` and `ruby_task_helper` of the Puppet Forge into `modules/`; their tasks run here, with Ruby"
            )),
        },
        _ => PluginFailure::Unknown {
            known: vec!["prompt".to_owned(), "task".to_owned()],
        },
    }
}

fn no_answer(failure: &Failure) -> PluginFailure {
    let help = failure.details.get("help").and_then(Value::as_str);
    PluginFailure::Failed {
        help: help.map(str::to_owned),
        message: failure.message.trim_end().to_owned(),
    }
}

fn failed(message: &str, help: &str) -> PluginFailure {
    PluginFailure::Failed {
        message: message.to_owned(),
        help: Some(help.to_owned()),
    }
}
