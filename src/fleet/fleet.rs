//! A running fleet: begun from its spec, gone without a trace when it is dropped.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use russh::{MethodKind, MethodSet, SshId, keys::PrivateKey, server::Config};
use tempfile::TempDir;
use tokio::{net::TcpSocket, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    Answer, Fault, FaultKind, FleetError, FleetSpec, FleetTarget, Logbook, inventory,
    keys::Keys,
    listener, open_files,
    played_target::PlayedTarget,
    processes::Processes,
    stage::{BUSY_TARGETS_MAX, Stage},
};
use crate::model::TargetName;

/// Unread input that a channel takes before the client is made to wait, in packets of up to 32 KiB. russh has one queue
/// for what comes in, so a command that reads nothing holds up its whole connection from here on; a client that ends it
/// on another channel is still heard unless it has sent 32 MiB before.
const CHANNEL_PACKETS_MAX: usize = 1024;

/// A fleet that runs. Dropping it ends its connections and every process that it began.
pub struct Fleet {
    spec: FleetSpec,
    stage: Arc<Stage>,
    keys: Keys,
    ports: Ports,
    root: PathBuf,
    /// Goes with the fleet, if the spec named no root.
    _temporary_root: Option<TempDir>,
}

/// Where the targets are found.
pub(super) struct Ports {
    pub(super) main: u16,
    /// Taken, but nobody listens.
    refused: Option<(u16, TcpSocket)>,
    impostor: Option<u16>,
}

impl Fleet {
    /// Begins to play the targets of `spec` on a port of the loopback interface. Needs a tokio runtime with
    /// its clock and its I/O; runs on it until it is dropped.
    ///
    /// # Errors
    /// The spec can't be played, or the machine does not let us: no port, no directory.
    pub async fn start(spec: FleetSpec) -> Result<Self, FleetError> {
        spec.check()?;
        open_files::raise_limit();
        let laid_out = tokio::task::spawn_blocking(move || LaidOut::make(spec)).await;
        let LaidOut {
            spec,
            keys,
            targets,
            root,
            temporary_root,
        } = laid_out.expect("it is neither cancelled nor does it panic")?;
        let faulty = |kind: FaultKind| {
            let has_it = |target: &Arc<PlayedTarget>| {
                target.fault.as_ref().is_some_and(|it| it.kind == kind)
            };
            targets.values().any(has_it)
        };
        let (has_refused, has_impostor) = (faulty(FaultKind::Refuse), faulty(FaultKind::Impostor));
        let stage = Arc::new(Stage {
            targets,
            client_key: keys.client.clone(),
            log: Logbook::new(),
            processes: Processes::new(root.clone()),
            places: Semaphore::new(BUSY_TARGETS_MAX),
            latency: spec.latency,
            seed: spec.seed,
            stopped: CancellationToken::new(),
        });
        let ports = Ports {
            main: open_port(&keys.host, &stage)?,
            refused: has_refused.then(take_port).transpose()?,
            impostor: has_impostor
                .then(|| open_port(&keys.impostor, &stage))
                .transpose()?,
        };
        let vouched: Vec<u16> = [Some(ports.main), ports.impostor]
            .into_iter()
            .flatten()
            .collect();
        keys.write_known_hosts(&vouched)?;
        Ok(Self {
            spec,
            stage,
            keys,
            ports,
            root,
            _temporary_root: temporary_root,
        })
    }

    /// The port on 127.0.0.1. A target is told from another by its name, given as the SSH user.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.main
    }

    /// The private key that opens every target. It goes with the fleet.
    #[must_use]
    pub fn private_key(&self) -> PathBuf {
        self.keys.client_path()
    }

    /// The `known_hosts` file that vouches for the fleet.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.keys.known_hosts_path()
    }

    /// How many targets it plays.
    #[must_use]
    pub fn target_count(&self) -> usize {
        self.spec.targets.len()
    }

    /// The directory below which the targets' directories lie.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of a target: its home, with its services and packages.
    #[must_use]
    pub fn directory(&self, target: &str) -> Option<&Path> {
        self.stage.targets.get(target).map(|it| it.directory())
    }

    /// The faults that chance and the rules have dealt.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<TargetName, Fault> {
        let faulty =
            |target: &Arc<PlayedTarget>| Some((target.name.clone(), target.fault.clone()?));
        self.stage.targets.values().filter_map(faulty).collect()
    }

    /// What has happened so far.
    #[must_use]
    pub fn log(&self) -> &Logbook {
        &self.stage.log
    }

    /// Resets every connection to a target, as when its cable is pulled. Commands that run there go on.
    pub fn cut(&self, target: &str) {
        if let Some(target) = self.stage.targets.get(target) {
            target.cut_lines();
        }
    }

    /// The inventory by which Segue reaches the fleet: groups, tiers, addresses, key and `known_hosts`.
    ///
    /// # Errors
    /// It can't be put into YAML.
    pub fn inventory(&self) -> Result<String, FleetError> {
        inventory::describe(&self.spec, self)
    }

    /// Writes [`Fleet::inventory`] to a file.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write_inventory(&self, path: &Path) -> Result<(), FleetError> {
        fs::write(path, self.inventory()?).map_err(|source| FleetError::Directory {
            path: path.to_owned(),
            source,
        })
    }

    /// The port where a target is said to be, which is a wrong one for some faults.
    pub(super) fn port_of(&self, target: &FleetTarget) -> u16 {
        let fault = self
            .stage
            .targets
            .get(&target.name)
            .and_then(|it| it.fault.as_ref());
        let elsewhere = match fault.map(|fault| fault.kind) {
            Some(FaultKind::Refuse) => self.ports.refused.as_ref().map(|(port, _)| *port),
            Some(FaultKind::Impostor) => self.ports.impostor,
            _ => None,
        };
        elsewhere.unwrap_or(self.ports.main)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stage.stopped.cancel();
        self.stage.processes.close();
    }
}

/// What lies on the disk before the first client comes.
struct LaidOut {
    spec: FleetSpec,
    keys: Keys,
    targets: HashMap<TargetName, Arc<PlayedTarget>>,
    root: PathBuf,
    temporary_root: Option<TempDir>,
}

impl LaidOut {
    fn make(spec: FleetSpec) -> Result<Self, FleetError> {
        let keys = Keys::make()?;
        let (root, temporary_root) = match &spec.root {
            Some(root) => (root.clone(), None),
            None => make_temporary_root()?,
        };
        let below = root.join("targets");
        make_private_directory(&below).map_err(directory_error(&below))?;
        // As the kernel names it, because that is how the processes in it are found again.
        let root = root.canonicalize().map_err(directory_error(&root))?;
        Ok(Self {
            targets: make_targets(&spec, &root.join("targets"))?,
            spec,
            keys,
            root,
            temporary_root,
        })
    }
}

fn make_temporary_root() -> Result<(PathBuf, Option<TempDir>), FleetError> {
    let root = tempfile::Builder::new()
        .prefix("segue-fleet-")
        .tempdir()
        .map_err(directory_error(&std::env::temp_dir()))?;
    Ok((root.path().to_owned(), Some(root)))
}

fn make_targets(
    spec: &FleetSpec,
    below: &Path,
) -> Result<HashMap<TargetName, Arc<PlayedTarget>>, FleetError> {
    let mut targets = HashMap::with_capacity(spec.targets.len());
    for target in &spec.targets {
        let name = target.name.as_str();
        let fault = spec
            .faults
            .iter()
            .find_map(|rule| rule.fault_of(spec.seed, name));
        let played = PlayedTarget::new(target, fault, below.join(name));
        if matches!(target.answer, Answer::Run) {
            played
                .lay_out(target)
                .map_err(directory_error(&played.directory))?;
        }
        targets.insert(target.name.clone(), Arc::new(played));
    }
    Ok(targets)
}

/// Others on this machine need not see what is rehearsed.
fn make_private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

fn open_port(host_key: &PrivateKey, stage: &Arc<Stage>) -> Result<u16, FleetError> {
    let (port, socket) = take_port()?;
    let config = Arc::new(server_config(host_key.clone()));
    listener::listen(socket, config, Arc::clone(stage))
        .map_err(|source| FleetError::Listen { source })?;
    Ok(port)
}

fn take_port() -> Result<(u16, TcpSocket), FleetError> {
    let taken = || {
        let socket = listener::bind()?;
        Ok((socket.local_addr()?.port(), socket))
    };
    taken().map_err(|source| FleetError::Listen { source })
}

fn server_config(host_key: PrivateKey) -> Config {
    Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-SegueFleet")),
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        // There is one key, which nobody can guess; to make them wait would only slow the rehearsal.
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host_key],
        // A plan may wait for hours for an approval with its connections open.
        inactivity_timeout: None,
        channel_buffer_size: CHANNEL_PACKETS_MAX,
        nodelay: true,
        ..Config::default()
    }
}

fn directory_error(path: &Path) -> impl FnOnce(io::Error) -> FleetError + use<> {
    let path = path.to_owned();
    move |source| FleetError::Directory { path, source }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use super::{
        super::{Happening, RunEnd, visitor::Visitor},
        *,
    };
    use crate::model::Exit;

    /// Far above what anything here takes on a busy machine: a test that hangs is to fail with a name.
    const DEADLINE: Duration = Duration::from_mins(1);

    async fn in_time<T>(wait: impl Future<Output = T>) -> T {
        tokio::time::timeout(DEADLINE, wait)
            .await
            .expect("it came to an end in time")
    }

    async fn fleet(spec: FleetSpec) -> Fleet {
        Fleet::start(spec).await.expect("the fleet starts")
    }

    fn of(tiers: &[&str]) -> FleetSpec {
        FleetSpec::of(tiers.iter().map(|tier| tier.parse().expect("a tier")))
    }

    fn faulty(rule: &str) -> FleetSpec {
        of(&["web=2"]).with_fault(rule.parse().expect("a rule"))
    }

    fn is_alive(pid: &str) -> bool {
        // A zombie that nobody has collected is dead enough. Its command line would not do: it is empty
        // during an `exec`, too.
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
            let state = stat
                .rsplit_once(") ")
                .and_then(|(_, rest)| rest.chars().next());
            !matches!(state, None | Some('Z' | 'X'))
        })
    }

    #[tokio::test]
    async fn a_command_is_really_run_in_the_targets_own_directory() {
        let fleet = fleet(of(&["web=2"])).await;
        let visitor = Visitor::at(&fleet, "web2").await.unwrap();
        let said = visitor
            .run("echo $SEGUE_FLEET_TARGET; pwd; echo $HOME; touch made; env | grep -c CARGO; echo bad >&2; exit 3")
            .await;
        let home = fleet.directory("web2").unwrap();
        assert_eq!(said.stdout, format!("web2\n{0}\n{0}\n0\n", home.display()));
        assert_eq!(
            (said.stderr.as_str(), said.exit),
            ("bad\n", Some(Exit::Code(3)))
        );
        assert!(home.join("made").exists());
        assert!(!fleet.directory("web1").unwrap().join("made").exists());
    }

    #[tokio::test]
    async fn input_reaches_the_command_whole_and_ends() {
        let fleet = fleet(of(&["web=1"])).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let input = vec![b'x'; 5 << 20];
        let said = in_time(visitor.run_with("wc -c | tr -d ' '", &input)).await;
        assert_eq!(said.stdout, format!("{}\n", input.len()));
    }

    #[tokio::test]
    async fn more_output_than_any_window_comes_whole() {
        let fleet = fleet(of(&["web=1"])).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let said =
            in_time(visitor.run("head -c 6000000 /dev/zero | tr '\\0' x; echo end >&2")).await;
        assert_eq!(
            (said.stdout.len(), said.stderr.as_str()),
            (6_000_000, "end\n")
        );
    }

    #[tokio::test]
    async fn a_command_that_dies_of_a_signal_says_which() {
        let fleet = fleet(of(&["web=1"])).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let said = visitor.run("kill -TERM $$").await;
        assert_eq!(said.exit, Some(Exit::Signal("TERM".to_owned())));
    }

    #[tokio::test]
    async fn only_the_fleets_own_key_gets_in_and_only_to_its_targets() {
        let fleet = fleet(of(&["web=1"])).await;
        let stranger =
            PrivateKey::random(&mut rand::rng(), russh::keys::Algorithm::Ed25519).unwrap();
        assert!(Visitor::with_key(&fleet, "web1", stranger).await.is_err());
        assert!(Visitor::at(&fleet, "web9").await.is_err());
        assert!(Visitor::at(&fleet, "web1").await.is_ok());
        assert_eq!(fleet.log().total().connections, 1);
    }

    #[tokio::test]
    async fn the_log_counts_connections_channels_and_runs() {
        let fleet = fleet(of(&["web=2"])).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        for _ in 0..3 {
            visitor.run("true").await;
        }
        visitor.leave().await;
        in_time(
            fleet
                .log()
                .until(|log| log.counts("web1").connections_open == 0),
        )
        .await;
        let counts = fleet.log().counts("web1");
        assert_eq!(
            (counts.connections, counts.channels, counts.runs),
            (1, 3, 3)
        );
        assert_eq!(fleet.log().counts("web2").connections, 0);
        let commands = fleet.log().entries().into_iter().filter(
            |it| matches!(&it.what, Happening::RunStarted { command } if command == "true"),
        );
        assert_eq!(commands.count(), 3);
    }

    #[tokio::test]
    async fn a_changed_service_is_noted_before_the_command_is_answered() {
        let mut spec = of(&["web=1"]);
        spec.targets[0].add_service("nginx");
        let fleet = fleet(spec).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        visitor
            .run("echo stopped > $SEGUE_FLEET_STATE/services/nginx")
            .await;
        assert_eq!(fleet.log().most_at_once("services", "stopped"), 1);
    }

    #[tokio::test]
    async fn commands_go_on_when_the_connection_dies_and_end_with_the_fleet() {
        let fleet = fleet(of(&["web=1"])).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let mut running = visitor
            .begin("echo $$; setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000 & echo $!; wait; true")
            .await;
        let pids = in_time(running.lines(3)).await;
        fleet.cut("web1");
        in_time(
            fleet
                .log()
                .until(|log| log.counts("web1").connections_open == 0),
        )
        .await;
        assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?} live on");
        drop(fleet);
        in_time(async {
            while pids.iter().any(|pid| is_alive(pid)) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_hundred_targets_are_served_at_the_same_time() {
        let fleet = Arc::new(fleet(of(&["web=200"])).await);
        let mut visits = tokio::task::JoinSet::new();
        for number in 1..=200 {
            let fleet = Arc::clone(&fleet);
            visits.spawn(async move {
                let name = format!("web{number}");
                let visitor = Visitor::at(&fleet, &name).await.unwrap();
                (visitor.run("echo $SEGUE_FLEET_TARGET").await.stdout, name)
            });
        }
        for (said, name) in in_time(visits.join_all()).await {
            assert_eq!(said, format!("{name}\n"));
        }
        assert_eq!(fleet.log().total().runs, 200);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn targets_queue_for_the_machine_but_nothing_queues_behind_a_targets_own_command() {
        let fleet = fleet(of(&[&format!("web={}", BUSY_TARGETS_MAX + 2)])).await;
        let mut waiting = Vec::new();
        for target in &fleet.spec.targets {
            let visitor = Visitor::at(&fleet, target.name.as_str()).await.unwrap();
            let command = visitor.begin("cat").await;
            waiting.push((visitor, command));
        }
        let full = BUSY_TARGETS_MAX as u64;
        in_time(fleet.log().until(|log| log.total().running == full)).await;
        for (visitor, _) in &waiting {
            assert_eq!(in_time(visitor.run("true")).await.exit, Some(Exit::Code(0)));
        }
        assert_eq!(fleet.log().total().running_max, full + 1);
        // Those that have the machine leave it, and the others get their turn.
        drop(waiting.drain(..2));
        in_time(fleet.log().until(|log| log.total().runs == 2 * full + 4)).await;
    }

    #[tokio::test]
    async fn canned_targets_answer_without_a_directory() {
        let mut spec = FleetSpec::default();
        spec.targets
            .push(FleetTarget::new("web1", "web").canned("{\"ok\":true}", 0));
        let fleet = fleet(spec).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let said = visitor.run("rm -rf /").await;
        assert_eq!(
            (said.stdout.as_str(), said.exit),
            ("{\"ok\":true}", Some(Exit::Code(0)))
        );
        assert!(!fleet.directory("web1").unwrap().exists());
    }

    #[tokio::test]
    async fn a_refused_target_has_a_port_where_nobody_listens() {
        let fleet = fleet(faulty("web1:refuse")).await;
        let error = Visitor::at(&fleet, "web1")
            .await
            .err()
            .expect("it is refused");
        assert!(
            matches!(&error, russh::Error::IO(error) if error.kind() == io::ErrorKind::ConnectionRefused),
            "{error}"
        );
        assert!(Visitor::at(&fleet, "web2").await.is_ok());
    }

    #[tokio::test]
    async fn an_impostor_shows_another_key_than_the_known_one() {
        let fleet = fleet(faulty("web1:impostor")).await;
        let error = Visitor::at(&fleet, "web1")
            .await
            .err()
            .expect("it is not believed");
        assert!(matches!(error, russh::Error::KeyChanged { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_target_keeps_its_fault_only_as_often_as_it_should() {
        for rule in ["web1:auth=2x", "web1:drop=2x"] {
            let fleet = fleet(faulty(rule)).await;
            for _ in 0..2 {
                assert!(
                    Visitor::at(&fleet, "web1").await.is_err(),
                    "{rule} let us in"
                );
            }
            assert!(
                Visitor::at(&fleet, "web1").await.is_ok(),
                "{rule} did not end"
            );
            assert_eq!(fleet.log().counts("web1").faults, 2);
        }
    }

    #[tokio::test]
    async fn a_stalled_target_takes_the_connection_and_says_nothing() {
        let fleet = fleet(faulty("web1:stall")).await;
        tokio::select! {
            _ = Visitor::at(&fleet, "web1") => panic!("it answered"),
            () = in_time(fleet.log().until(|log| log.counts("web1").faults == 1)) => {}
        }
        assert_eq!(fleet.log().counts("web1").connections, 0);
    }

    #[tokio::test]
    async fn a_target_without_channels_refuses_them() {
        let fleet = fleet(faulty("web1:no-channel=1x")).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        assert!(visitor.try_begin("true").await.is_err());
        assert_eq!(visitor.run("true").await.exit, Some(Exit::Code(0)));
    }

    #[tokio::test]
    async fn a_hanging_target_runs_nothing_and_leaves_other_channels_alone() {
        let fleet = fleet(faulty("web1:hang=1x")).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let hanging = visitor.begin("touch ran").await;
        in_time(fleet.log().until(|log| log.counts("web1").faults == 1)).await;
        assert_eq!(in_time(visitor.run("ls")).await.stdout, "tmp\n");
        drop(hanging);
    }

    #[tokio::test]
    async fn an_exit_fault_takes_the_place_of_the_command() {
        let fleet = fleet(faulty("web1:exit=3,1x,after 1")).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let mut exits = Vec::new();
        for _ in 0..3 {
            exits.push(visitor.run("echo ran >> ran").await.exit);
        }
        assert_eq!(exits, [0, 3, 0].map(|code| Some(Exit::Code(code))));
        assert_eq!(visitor.run("cat ran").await.stdout, "ran\nran\n");
    }

    #[tokio::test]
    async fn a_flood_is_as_long_as_it_was_ordered() {
        let fleet = fleet(faulty("web1:flood=5MiB")).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        assert_eq!(in_time(visitor.run("true")).await.stdout.len(), 5 << 20);
    }

    #[tokio::test]
    async fn a_reset_loses_the_answer_but_not_the_work() {
        let fleet = fleet(faulty("web1:reset=1x")).await;
        let visitor = Visitor::at(&fleet, "web1").await.unwrap();
        let said = in_time(visitor.run_with("cat > kept; exit 4", b"precious")).await;
        assert_eq!(said.exit, None);
        in_time(fleet.log().until(|log| log.counts("web1").running == 0)).await;
        let kept = fs::read_to_string(fleet.directory("web1").unwrap().join("kept")).unwrap();
        assert_eq!(kept, "precious");
        let end = Happening::RunEnded {
            end: RunEnd::Exited(Exit::Code(4)),
        };
        assert!(fleet.log().entries().iter().any(|it| it.what == end));
        let again = Visitor::at(&fleet, "web1").await.unwrap();
        assert_eq!(again.run("true").await.exit, Some(Exit::Code(0)));
    }

    #[tokio::test]
    async fn the_same_seed_gives_the_same_fleet() {
        let dealt = |seed: u64| async move {
            let mut spec = of(&["web=60"]).with_fault("hang=20%".parse().unwrap());
            spec.seed = seed;
            fleet(spec.with_fault("drop=20%".parse().unwrap()))
                .await
                .faults()
        };
        let first = dealt(7).await;
        assert!(!first.is_empty());
        assert_eq!(first, dealt(7).await);
        assert_ne!(first, dealt(8).await);
    }

    #[tokio::test]
    async fn the_inventory_says_where_everything_is() {
        let spec = of(&["db=1", "app=2:db"]).with_fault("app2:refuse".parse().unwrap());
        let fleet = fleet(spec).await;
        let refused = fleet.port_of(&FleetTarget::new("app2", "app"));
        assert_ne!(refused, fleet.port());
        let text = fleet
            .inventory()
            .unwrap()
            .replace(&fleet.private_key().display().to_string(), "[key]")
            .replace(&fleet.known_hosts().display().to_string(), "[known_hosts]")
            .replace(&fleet.port().to_string(), "[port]")
            .replace(&refused.to_string(), "[closed]");
        insta::assert_snapshot!(text, @r"
        version: 2
        config:
          transport: ssh
          ssh:
            private-key: [key]
            known-hosts: [known_hosts]
            host-key-check: true
            load-config: false
        groups:
        - name: db
          depends_on: []
          targets:
          - name: db1
            uri: ssh://db1@127.0.0.1:[port]
        - name: app
          depends_on:
          - db
          targets:
          - name: app1
            uri: ssh://app1@127.0.0.1:[port]
          - name: app2
            uri: ssh://app2@127.0.0.1:[closed]
        ");
    }

    #[tokio::test]
    async fn openssh_comes_in_by_the_files_that_the_fleet_writes() {
        use std::os::unix::fs::PermissionsExt;
        let fleet = fleet(of(&["web=1"])).await;
        let key = fleet.private_key();
        assert_eq!(
            fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let directory = key.parent().unwrap();
        assert_eq!(
            fs::metadata(directory).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let said = tokio::process::Command::new("ssh")
            .args([
                "-F",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "StrictHostKeyChecking=yes",
                "-i",
            ])
            .arg(&key)
            .args([
                "-o",
                &format!("UserKnownHostsFile={}", fleet.known_hosts().display()),
            ])
            .args([
                "-p",
                &fleet.port().to_string(),
                "web1@127.0.0.1",
                "echo $SEGUE_FLEET_TARGET; exit 7",
            ])
            .stdin(std::process::Stdio::null())
            .output();
        match in_time(said).await {
            Ok(said) => {
                assert_eq!(String::from_utf8_lossy(&said.stdout), "web1\n", "{said:?}");
                assert_eq!(said.status.code(), Some(7));
            }
            // A machine without OpenSSH's client has the other tests.
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
        }
    }
}
