//! The newcomer's first minute: each plan that ships runs on the embedded fleet, over real SSH.

use crate::segue::Segue;

#[test]
fn the_demo_restarts_every_machine_tier_by_tier() {
    let ran = Segue::new().line("demo --ephemeral").run().code(0);
    let place = |text: &str| {
        ran.stdout
            .find(text)
            .unwrap_or_else(|| panic!("{text:?} is not in\n{}", ran.stdout))
    };
    let service = |nodes: &str| place(&format!("service on {nodes}  action=restart name=shop"));
    assert!(service("db1, db2") < service("app1, app2"));
    assert!(service("app3, app4") < service("web1, web2"));
    assert!(service("web1, web2") < service("web5"));
    ran.stdout_has("12 targets, 12 ok");
}

#[test]
fn the_deploy_and_the_failover_come_to_their_ends() {
    Segue::new()
        .line("demo deploy --ephemeral")
        .run()
        .code(0)
        .stdout_has("shop: 2.3.0 -> 2.4.0");
    Segue::new()
        .line("demo failover --ephemeral")
        .run()
        .code(0)
        .stdout_has("db2 is the primary now");
}

#[test]
fn a_machine_that_does_not_come_back_ends_the_demo_and_stays_out() {
    Segue::new()
        .line("demo --fault web3:exit=1")
        .run()
        .code(8)
        .stderr_has("--keep DIR")
        .stderr_lacks("plan resume")
        .stdout_has("✗ web3")
        .stdout_lacks("web5")
        .stderr_has("web3 failed: 1 of 11 targets, and no more than 0 may; never reached: web5")
        .stderr_has("plans/rolling_restart.rhai:19")
        .stderr_lacks("stdlib");
}
