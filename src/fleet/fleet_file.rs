//! A fleet in a file, for those who rehearse on the same one again and again.

use std::{collections::BTreeMap, path::PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use super::{FaultRule, FleetError, FleetSpec, Latency, tier::FleetTier};

/// The file as it is written. Every key but `tiers` may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FleetFile {
    tiers: IndexMap<String, Tier>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    latency: Latency,
    #[serde(default)]
    faults: Vec<FaultRule>,
    #[serde(default)]
    root: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    count: usize,
    #[serde(default)]
    depends_on: Vec<String>,
    /// Services that run on each of its targets.
    #[serde(default)]
    services: Vec<String>,
    /// Packages that each of its targets has, and their versions.
    #[serde(default)]
    packages: BTreeMap<String, String>,
}

impl FleetSpec {
    /// Reads a fleet from YAML:
    ///
    /// ```yaml
    /// tiers:
    ///   db: { count: 2, services: [postgresql] }
    ///   web: { count: 4, depends_on: [db], services: [nginx], packages: { nginx: "1.24.0" } }
    /// latency: 5ms-20ms
    /// seed: 7
    /// faults: ["web3:exit=1,1x", "hang=5%"]
    /// ```
    ///
    /// # Errors
    /// The text is not YAML, or has a key or a value that means nothing; says where.
    pub fn from_yaml(text: &str) -> Result<Self, FleetError> {
        let file: FleetFile =
            serde_saphyr::from_str(text).map_err(|source| FleetError::File { source })?;
        let mut spec = Self {
            seed: file.seed,
            latency: file.latency,
            faults: file.faults,
            root: file.root,
            ..Self::default()
        };
        for (name, tier) in file.tiers {
            let begun = spec.targets.len();
            spec = spec.with_tier(FleetTier {
                name,
                count: tier.count,
                depends_on: tier.depends_on,
            });
            for target in &mut spec.targets[begun..] {
                for service in &tier.services {
                    target.add_service(service);
                }
                for (package, version) in &tier.packages {
                    target.add_package(package, version);
                }
            }
        }
        Ok(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_everything_about_a_fleet() {
        let spec = FleetSpec::from_yaml(
            "tiers:\n  db: { count: 1, services: [postgresql] }\n  web: { count: 2, depends_on: [db], packages: { nginx: \"1.24\" } }\nlatency: 5ms-20ms\nseed: 7\nfaults: [\"web2:exit=1,1x\", \"hang=5%\"]\n",
        )
        .unwrap();
        let names: Vec<&str> = spec.targets.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["db1", "web1", "web2"]);
        assert_eq!(spec.targets[0].state["services/postgresql"], "running\n");
        assert_eq!(spec.targets[2].state["packages/nginx"], "1.24\n");
        assert_eq!(
            spec.groups[1].depends_on.as_deref(),
            Some(&["db".to_owned()][..])
        );
        assert_eq!((spec.seed, spec.faults.len()), (7, 2));
        assert_eq!(spec.latency, "5ms-20ms".parse().unwrap());
        spec.check().unwrap();
    }

    #[test]
    fn a_wrong_file_says_where_it_is_wrong() {
        let error = |text: &str| {
            let FleetError::File { source } = FleetSpec::from_yaml(text).unwrap_err() else {
                panic!("{text:?} fails otherwise");
            };
            source.to_string()
        };
        for (text, told) in [
            ("tiers: {}\nlatncy: 5ms", "latncy"),
            ("tiers: { web: { count: many } }", "line 1"),
            ("tiers: {}\nfaults: [hnag]", "did you mean `hang`?"),
            ("tiers: [", "line"),
        ] {
            assert!(error(text).contains(told), "{}", error(text));
        }
    }
}
