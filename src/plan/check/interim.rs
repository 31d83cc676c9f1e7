//! The functions of the language, until the catalog has them all.

use super::vocabulary::{MemberKind, Signature, SignatureParam};

const SIGNATURES: &str = "\
run_task(name: TaskName, targets: TargetSpec, [params: Map], [options: Map]) -> ResultSet
run_task_with(name: TaskName, targets: TargetSpec, params: Closure, [options: Map]) -> ResultSet
run_command(command: String, targets: TargetSpec, [options: Map]) -> ResultSet
run_script(script: String, targets: TargetSpec, [options: Map]) -> ResultSet
upload(source: String, destination: String, targets: TargetSpec, [options: Map]) -> ResultSet
download(source: String, destination: String, targets: TargetSpec, [options: Map]) -> ResultSet
write_file(content: String, destination: String, targets: TargetSpec, [options: Map]) -> ResultSet
run_plan(name: PlanName, [params: Map]) -> Any
wait_until_available(targets: TargetSpec, [options: Map]) -> ResultSet
collect_facts(targets: TargetSpec, [options: Map]) -> ResultSet
targets(expression: TargetSpec) -> TargetSet
target(name: String) -> Target
tiers(targets: TargetSpec) -> Array[TargetSet]
parallel(items: Any, each: Closure, [options: Map]) -> Array
settle(items: Any, each: Closure, [options: Map]) -> Array
background(work: Closure) -> Future
wait(futures: Any, [timeout: Duration]) -> Any
retry(options: Map, work: Closure) -> Any
attempt(work: Closure) -> Map
timeout(duration: Duration, work: Closure) -> Any
sleep(duration: Duration) -> ()
now() -> Integer
random(low: Integer, high: Integer) -> Integer
env(name: String) -> Any
read_file(path: String) -> String
file_exists(path: String) -> Boolean
prompt(message: String, [options: Map]) -> String
menu(message: String, choices: Array, [options: Map]) -> String
approve(message: String, [options: Map]) -> Map
fail(message: Any, [results: ResultSet]) -> ()
print(message: Any) -> ()
log::info(message: Any) -> ()
log::warn(message: Any) -> ()
log::error(message: Any) -> ()
log::debug(message: Any) -> ()
graph(name: String) -> Graph
Graph.step(name: String, options: Map | Closure, [work: Closure]) -> ()
Graph.run([options: Map]) -> Map
TargetSet.names: Array[String]
TargetSet.len: Integer
TargetSet.first: Target
TargetSet.is_empty: Boolean
TargetSet.batches(size: Any) -> Array[TargetSet]
TargetSet.filter(keep: Closure) -> TargetSet
TargetSet.group_by(key: Closure) -> Map
TargetSet.map(each: Closure) -> Array
Target.name: String
Target.vars: Map
Target.facts: Map
Target.groups: Array[String]
ResultSet.ok: Boolean
ResultSet.succeeded: ResultSet
ResultSet.failed: ResultSet
ResultSet.names: Array[String]
ResultSet.targets: TargetSet
ResultSet.len: Integer
ResultSet.first: Result
ResultSet.is_empty: Boolean
ResultSet.filter(keep: Closure) -> ResultSet
ResultSet.group_by(key: Closure) -> Map
ResultSet.map(each: Closure) -> Array
Result.ok: Boolean
Result.target: Target
Result.value: Map
Result.stdout: String
Result.stderr: String
Result.exit_code: Integer
Result.error: Any
Error.kind: String
Error.message: String
Error.details: Map
Error.results: Any
";

pub(super) fn signatures() -> Vec<Signature> {
    SIGNATURES.lines().map(signature).collect()
}

fn signature(line: &str) -> Signature {
    let (head, params, returns) = match line.split_once('(') {
        Some((head, rest)) => {
            let (params, returns) = rest.split_once(") -> ").unwrap_or((rest, "Any"));
            (head, Some(params), returns)
        }
        None => {
            let (head, returns) = line.split_once(": ").unwrap_or((line, "Any"));
            (head, None, returns)
        }
    };
    let (receiver, name) = match head.split_once('.') {
        Some((receiver, name)) => (Some(receiver.to_owned()), name),
        None => (None, head),
    };
    let member = match (&receiver, params) {
        (_, None) => MemberKind::Getter,
        (Some(_), _) => MemberKind::Method,
        (None, _) => MemberKind::Function,
    };
    Signature {
        name: name.to_owned(),
        member,
        receiver,
        params: params
            .unwrap_or_default()
            .split(", ")
            .filter(|param| !param.is_empty())
            .map(|param| {
                let optional = param.starts_with('[');
                let param = param.trim_start_matches('[').trim_end_matches(']');
                let (name, wanted) = param.split_once(": ").unwrap_or((param, "Any"));
                SignatureParam {
                    name: name.to_owned(),
                    wanted: wanted.to_owned(),
                    optional,
                }
            })
            .collect(),
        returns: returns.to_owned(),
        shown: line.to_owned(),
    }
}
