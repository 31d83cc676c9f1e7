//! A real OpenSSH server for tests: on free ports of loopback addresses, with keys of its own in a folder of its own.
//! It knows nothing of the rest of the code, so that unit tests and integration tests can both have it.

use std::{
    fs,
    io::{BufRead as _, BufReader, ErrorKind},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

const SSHD: &str = "/usr/sbin/sshd";
/// Another process may take the port between our choosing it and the server's binding it.
const STARTS_MAX: usize = 10;

/// A running server. Dropping it ends it; connections that are open end with their clients.
pub(crate) struct Sshd {
    pub(crate) port: u16,
    /// Where its files are: `host_ed25519`, `id_ed25519`, `known_hosts`, `authorized_keys`, and what tests put there.
    pub(crate) folder: tempfile::TempDir,
    /// The user who runs the tests: the only one who can log in.
    pub(crate) user: String,
    server: Child,
    log: Arc<Mutex<String>>,
}

/// What a server is started with.
pub(crate) struct Start {
    addresses: usize,
    options: Vec<String>,
}

impl Sshd {
    /// Starts a server on `127.0.0.1`, or fails the test with what is missing.
    pub(crate) fn start() -> Self {
        Self::with(1).start()
    }

    /// A server that listens on as many loopback addresses, so that it can play as many targets.
    pub(crate) fn with(addresses: usize) -> Start {
        Start {
            addresses,
            options: Vec::new(),
        }
    }

    /// The loopback addresses that a server with more than one listens on: `127.0.0.1`, `127.0.1.1`, `127.0.1.2`, ...
    pub(crate) fn address(index: usize) -> Ipv4Addr {
        match u8::try_from(index).expect("there are no more than 255") {
            0 => Ipv4Addr::LOCALHOST,
            more => Ipv4Addr::new(127, 0, 1, more),
        }
    }

    /// The private key that opens it.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("id_ed25519")
    }

    /// A `known_hosts` file that has all its addresses.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// A file in its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Start {
    /// Adds a line to its `sshd_config`, before those of the test server: the first line wins.
    #[must_use]
    pub(crate) fn option(mut self, line: &str) -> Self {
        self.options.push(line.to_owned());
        self
    }

    pub(crate) fn start(self) -> Sshd {
        assert!(
            Path::new(SSHD).exists(),
            "{SSHD} is missing: the tests talk to a real OpenSSH server. Install `openssh-server`, \
             then run `cargo test` as the README says under \"Tests\""
        );
        let folder = tempfile::tempdir().expect("a folder for the server");
        let host_key = keygen(folder.path(), "host_ed25519", &[]);
        let user_key = keygen(folder.path(), "id_ed25519", &[]);
        fs::write(folder.path().join("authorized_keys"), &user_key).expect("authorized_keys");
        // Only root needs it, and can create it.
        let _ = fs::create_dir_all("/run/sshd");
        for _ in 0..STARTS_MAX {
            let port = free_port();
            fs::write(
                folder.path().join("sshd_config"),
                self.config(folder.path(), port),
            )
            .expect("sshd_config");
            let known: Vec<_> = (0..self.addresses)
                .map(|index| format!("[{}]:{port} {host_key}", Sshd::address(index)))
                .collect();
            fs::write(folder.path().join("known_hosts"), known.concat()).expect("known_hosts");
            let log = Arc::new(Mutex::new(String::new()));
            if let Some(server) = self.launch(folder.path(), &log) {
                return Sshd {
                    port,
                    folder,
                    user: user(),
                    server,
                    log,
                };
            }
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            assert!(
                log.contains("Address already in use"),
                "sshd did not start:\n{log}"
            );
        }
        panic!("no free port for sshd in {STARTS_MAX} attempts");
    }

    fn config(&self, folder: &Path, port: u16) -> String {
        let mut lines = self.options.clone();
        lines.push(format!("Port {port}"));
        lines.extend(
            (0..self.addresses).map(|index| format!("ListenAddress {}", Sshd::address(index))),
        );
        let folder = folder.display();
        lines.push(format!(
            "HostKey {folder}/host_ed25519\n\
             AuthorizedKeysFile {folder}/authorized_keys\n\
             PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             MaxStartups 200:30:300\nLogLevel VERBOSE\n"
        ));
        lines.join("\n")
    }

    /// The server, once it listens on all its addresses; nothing if it ended before.
    fn launch(&self, folder: &Path, log: &Arc<Mutex<String>>) -> Option<Child> {
        let mut server = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(folder.join("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sshd can be started");
        let mut lines = BufReader::new(server.stderr.take().expect("it is piped")).lines();
        let note = |log: &Mutex<String>, line: &str| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend([line, "\n"]);
        };
        let mut listening = 0;
        while listening < self.addresses {
            let Some(Ok(line)) = lines.next() else {
                let _ = server.wait();
                return None;
            };
            note(log, &line);
            if line.starts_with("Server listening on") {
                listening += 1;
            }
            if line.contains("Cannot bind any address") || line.contains("Bind to port") {
                let _ = server.kill();
                let _ = server.wait();
                return None;
            }
        }
        let log = Arc::clone(log);
        // Its pipe must be read, or it stops when that is full.
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| note(&log, &line));
        });
        Some(server)
    }
}

/// Makes a key pair in a folder and gives the line of its public part.
pub(crate) fn keygen(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let path = folder.join(name);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", name, "-f"]).arg(&path);
    if !arguments.contains(&"-t") {
        command.args(["-t", "ed25519"]);
    }
    if !arguments.contains(&"-N") {
        command.args(["-N", ""]);
    }
    let made = command.args(arguments).output();
    let made = made.unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound => panic!("`ssh-keygen` is missing: install `openssh-client`"),
        _ => panic!("`ssh-keygen` can't be started: {error}"),
    });
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    fs::read_to_string(path.with_extension("pub"))
        .expect("the public key is beside the private one")
}

fn user() -> String {
    let id = Command::new("id")
        .arg("-un")
        .output()
        .expect("`id` can be run");
    String::from_utf8_lossy(&id.stdout).trim().to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
