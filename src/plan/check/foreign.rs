//! What functions, modules and objects of other languages and tools are called here.

/// What Segue calls a function of Bolt, Python or JavaScript.
pub(super) fn foreign_function(name: &str) -> Option<&'static str> {
    Some(match name {
        "get_targets" => "write `targets(...)`",
        "get_target" => "write `target(...)`",
        "fail_plan" | "die" | "abort" | "panic" | "error" | "raise" => "write `fail(\"message\")`",
        "rolling" | "canary" | "in_tiers" | "healthy" => {
            "it is in the library: write `import \"std\" as std;` at the top, and `std::` in front"
        }
        "enumerate" => "write `for (item, index) in list { ... }`",
        "sum" => "write `list.reduce(|sum, x| sum + x, 0)`",
        "time" | "timestamp" | "strftime" | "date" => "write `now()`, or `format_time(now())`",
        "catch_errors" => "write `attempt(|| ...)`, or give the option `catch_errors: true`",
        "parallelize" => "write `parallel(items, |item| ...)`",
        "apply" | "apply_prep" => "manifests are not applied: run a task that does",
        "input" | "gets" => "write `prompt(\"message\")`",
        "str" | "String" => "write `value.to_string()`",
        "int" | "Number" | "parseInt" => "write `parse_int(text)`",
        "float" | "parseFloat" => "write `parse_float(text)`",
        "sprintf" | "format" => {
            "values are put into text between back-ticks: `` `text ${value}` ``"
        }
        "apt" | "yum" | "dnf" | "apk" | "zypper" | "brew" | "pip" => {
            "packages are installed by a task: `run_task(\"package\", targets, #{ ... })`"
        }
        "systemd" | "systemctl" => {
            "services are managed by a task: `run_task(\"service\", targets, #{ ... })`"
        }
        "copy" | "upload_file" | "file_upload" | "scp" | "put" | "synchronize" => {
            "write `upload(source, destination, targets)`"
        }
        "fetch" | "download_file" | "file_download" => {
            "write `download(source, destination, targets)`"
        }
        "template" | "lineinfile" | "blockinfile" => {
            "write `write_file(text, destination, targets)`, with the text between back-ticks"
        }
        "resources" | "get_resources" | "set_resources" | "include_role" | "import_role" => {
            "manifests and roles are not applied: run a task that does"
        }
        "when" => "write `if condition { ... }`",
        "repeat" => "write `for turn in 0..3 { ... }`",
        "until" => "write `wait_until(#{ timeout: \"5m\" }, || ...)`",
        "confirm" => "write `approve(\"message\")`, or `menu(\"message\", [\"yes\", \"no\"])`",
        "wait_for" | "wait_for_connection" => "write `wait_until_available(targets)`",
        "set_fact" | "set_facts" => "write `set_var(targets, \"name\", value)`",
        "open" | "read" | "slurp" | "readFile" => "write `read_file(path)`",
        "loadyaml" | "load_yaml" | "parse_yaml" | "parseyaml" => {
            "write `from_yaml(read_file(path))`"
        }
        "loadjson" | "load_json" | "parse_json" | "parsejson" | "json_decode" => {
            "write `from_json(text)`"
        }
        "dump_json" | "json_encode" | "to_pretty_json" => "write `to_json(value)`",
        "lookup" | "hiera" => "there is no Hiera: use parameters, or `vars` of the inventory",
        "isinstance" | "typeof" => "write `type_name(value)`",
        "system" | "exec" | "shell" | "sh" => "write `run_command(\"...\", targets)`",
        "setTimeout" => "write `sleep(\"5s\")`",
        "sorted" => "write `list.sort()` on a variable",
        "notice" | "info" | "warning" | "err" => "write `log::info(...)` or `log::warn(...)`",
        "getenv" => "write `env(\"NAME\")`",
        _ => return None,
    })
}

/// What the modules of functions of Bolt are called here.
pub(super) fn foreign_namespace(name: &str) -> Option<&'static str> {
    Some(match name {
        "out" => "write `print(...)`",
        "ctrl" => "the functions of `ctrl::` stand alone: `sleep(...)`, `wait_until(...)`",
        "file" => "write `read_file(path)`, `file_exists(path)` or `list_files(path)`",
        "prompt" => "write `prompt(...)` or `menu(...)`",
        "dir" => "write `list_files(path)`",
        _ => return None,
    })
}

/// What the objects are called here that another language has without a declaration.
pub(super) fn foreign_object(name: &str) -> Option<&'static str> {
    Some(match name {
        "os" | "process" | "ENV" | "environ" => "a variable of the environment is `env(\"NAME\")`",
        "JSON" | "json" => "write `from_json(text)` or `to_json(value)`",
        "yaml" | "YAML" => "write `from_yaml(text)` or `to_yaml(value)`",
        "Date" | "time" | "Time" | "datetime" => {
            "write `now()`, `format_time(now())` or `sleep(\"5s\")`"
        }
        "Math" | "math" => "the functions stand alone: `max(a, b)`, `floor(x)`",
        "Promise" | "asyncio" => "write `parallel(items, |item| ...)`",
        "re" | "Regex" => "write `text.matches(pattern)`, `text.find_all(pattern)`",
        "logger" | "logging" | "Log" => "write `log::info(...)`",
        "sys" | "Deno" => "`fail(\"...\")` ends the plan, `env(\"NAME\")` asks the environment",
        "hostvars" | "inventory_hostname" | "ansible_facts" | "groups" => {
            "write `target(\"name\").vars`, `target(\"name\").facts` or `targets(\"group\")`"
        }
        "__name__" => "a plan is run from its first line: leave this `if` out",
        _ => return None,
    })
}
