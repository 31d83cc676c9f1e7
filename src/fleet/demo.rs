//! The fleet of `segue demo`: a small shop in three tiers behind a balancer, and a project to play with it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Fleet, FleetError, FleetGroup, FleetSpec, FleetTarget, FleetTier, Latency};

/// What runs on every machine of the shop.
const SERVICE: &str = "shop";
const VERSION: &str = "2.3.0";

/// The plans that come with Segue, put into the project for reading and changing.
const PLANS: [(&str, &str); 3] = [
    (
        "rolling_restart.rhai",
        include_str!("../../plans/rolling_restart.rhai"),
    ),
    ("deploy.rhai", include_str!("../../plans/deploy.rhai")),
    ("failover.rhai", include_str!("../../plans/failover.rhai")),
];

/// A project whose inventory leads to a fleet: what there is to tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetProject {
    pub directory: PathBuf,
    pub inventory: PathBuf,
    /// Empty if the directory had plans of its own.
    pub plans: Vec<PathBuf>,
    pub port: u16,
    pub targets: usize,
}

impl FleetSpec {
    /// Two databases, four application servers and five web servers, each tier needing the one before, and a balancer
    /// that sends work to all of them.
    #[must_use]
    pub fn demo() -> Self {
        let tier = |name: &str, count, needs: &[&str]| FleetTier {
            name: name.to_owned(),
            count,
            depends_on: needs.iter().map(|&it| it.to_owned()).collect(),
        };
        let mut spec = Self::of([
            tier("db", 2, &[]),
            tier("app", 4, &["db"]),
            tier("web", 5, &["app"]),
        ]);
        let mut balancer = FleetTarget::new("lb1", "balancers");
        balancer.add_service("haproxy");
        for target in &mut spec.targets {
            target.add_service(SERVICE);
            target.add_package(SERVICE, VERSION);
            balancer.add_state(&format!("pool/{}", target.name), "in");
            match target.name.as_str() {
                "db1" => target.add_state("roles/database", "primary"),
                "db2" => target.add_state("roles/database", "replica"),
                name if name.starts_with("web") => target.add_service("nginx"),
                _ => {}
            }
        }
        spec.targets.push(balancer);
        spec.groups.push(FleetGroup {
            name: "balancers".to_owned(),
            depends_on: None,
        });
        // What a data centre has, so that the demo neither drags nor looks unreal.
        spec.latency = Latency::between(Duration::from_millis(5), Duration::from_millis(20));
        spec
    }
}

impl Fleet {
    /// Makes a directory into a project that reaches this fleet: its inventory, and the plans that come with Segue.
    /// An older inventory is replaced, since it leads to a fleet that is gone; plans that are there stay as they are.
    ///
    /// # Errors
    /// The directory can't be written to.
    pub fn lay_out_project(&self, directory: &Path) -> Result<FleetProject, FleetError> {
        let cannot_write = |path: &Path| {
            let path = path.to_owned();
            move |source| FleetError::Directory { path, source }
        };
        let folder = directory.join("plans");
        let has_plans = folder.exists();
        fs::create_dir_all(&folder).map_err(cannot_write(&folder))?;
        let mut plans = Vec::new();
        for (name, text) in PLANS.iter().filter(|_| !has_plans) {
            let path = folder.join(name);
            fs::write(&path, text).map_err(cannot_write(&path))?;
            plans.push(path);
        }
        let inventory = directory.join("inventory.yaml");
        self.write_inventory(&inventory)?;
        Ok(FleetProject {
            directory: directory.to_owned(),
            inventory,
            plans,
            port: self.port(),
            targets: self.target_count(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::visitor::Visitor;

    #[tokio::test]
    async fn the_demo_is_a_shop_in_working_order() {
        let fleet = Fleet::start(FleetSpec::demo()).await.unwrap();
        let balancer = Visitor::at(&fleet, "lb1").await.unwrap();
        assert_eq!(
            balancer
                .run("cat pool/* | sort | uniq -c | tr -d ' '")
                .await
                .stdout,
            "11in\n"
        );
        let database = Visitor::at(&fleet, "db1").await.unwrap();
        assert_eq!(
            database
                .run("cat roles/database services/shop packages/shop")
                .await
                .stdout,
            "primary\nrunning\n2.3.0\n"
        );
    }

    #[tokio::test]
    async fn the_project_of_a_fleet_keeps_the_plans_that_were_changed() {
        let directory = tempfile::tempdir().unwrap();
        let first = {
            let fleet = Fleet::start(FleetSpec::demo()).await.unwrap();
            fleet.lay_out_project(directory.path()).unwrap()
        };
        assert_eq!((first.plans.len(), first.targets), (3, 12));
        fs::write(&first.plans[0], "// mine\n").unwrap();
        let fleet = Fleet::start(FleetSpec::demo()).await.unwrap();
        let second = fleet.lay_out_project(directory.path()).unwrap();
        assert_eq!(fs::read_to_string(&first.plans[0]).unwrap(), "// mine\n");
        assert!(second.plans.is_empty());
        let inventory = fs::read_to_string(second.inventory).unwrap();
        assert!(inventory.contains(&format!("ssh://lb1@127.0.0.1:{}", fleet.port())));
    }
    #[tokio::test]
    async fn the_demo_tasks_change_what_they_say_on_their_targets() {
        let fleet = Fleet::start(FleetSpec::demo()).await.unwrap();
        let balancer = Visitor::at(&fleet, "lb1").await.unwrap();
        let database = Visitor::at(&fleet, "db2").await.unwrap();
        let web = Visitor::at(&fleet, "web1").await.unwrap();
        let cases = [
            (
                &balancer,
                "drain",
                "PT_nodes='[\"web1\",\"web2\"]'",
                r#"{"pool":"out","nodes":["web1","web2"]}"#,
            ),
            (
                &balancer,
                "enable",
                "PT_nodes='[\"web1\"]'",
                r#"{"pool":"in","nodes":["web1"]}"#,
            ),
            (
                &balancer,
                "enable",
                "PT_nodes='[\"mail1\"]'",
                r#"{"_error":{"kind":"demo/unknown-node","msg":"mail1 is not in the pool","details":{}}}"#,
            ),
            (
                &balancer,
                "drain",
                "PT_nodes='[\"../tmp\",\"*\"]'",
                r#"{"_error":{"kind":"demo/unknown-node","msg":"one of the nodes is no name of a machine","details":{}}}"#,
            ),
            (
                &web,
                "check",
                "PT_service=nginx",
                r#"{"service":"nginx","status":"answers"}"#,
            ),
            (
                &web,
                "check",
                "PT_service=exim",
                r#"{"_error":{"kind":"demo/no-answer","msg":"exim is missing","details":{}}}"#,
            ),
            (
                &web,
                "role",
                "",
                r#"{"_error":{"kind":"demo/no-database","msg":"there is no database here","details":{}}}"#,
            ),
            (&database, "role", "", r#"{"role":"replica"}"#),
            (
                &database,
                "promote",
                "",
                r#"{"role":"primary","previous":"replica"}"#,
            ),
            (
                &database,
                "demote",
                "",
                r#"{"role":"replica","previous":"primary"}"#,
            ),
            (
                &database,
                "migrate",
                "PT_version=2.4.0",
                r#"{"version":"2.4.0","previous":"none"}"#,
            ),
        ];
        for (target, task, parameters, told) in cases {
            // Both of these tasks are one file, which looks at the name of the task.
            let file = if task == "enable" { "drain" } else { task };
            let path = format!(
                "{}/modules/demo/tasks/{file}.sh",
                env!("CARGO_MANIFEST_DIR")
            );
            let script = fs::read(path).unwrap();
            let said = target
                .run_with(
                    &format!("{parameters} PT__task=demo::{task} sh -s"),
                    &script,
                )
                .await;
            assert_eq!(said.stdout.trim_end(), told, "{task}: {}", said.stderr);
            let code = i32::from(told.contains("_error"));
            assert_eq!(said.exit, Some(crate::model::Exit::Code(code)), "{task}");
        }
        assert_eq!(fleet.log().most_at_once("pool", "out"), 2);
        assert_eq!(fleet.log().most_at_once("roles", "primary"), 1);
    }
}
