//! Whether a host is the one it claims to be.

use std::{
    collections::HashMap,
    fs::{DirBuilder, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use russh::keys::{
    Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate,
    ssh_key::certificate::CertType,
};

use super::{
    known_hosts::{KnownHosts, Marker, name_of, wildcard},
    settings::HostKeyCheck,
};
use crate::{
    clock::Clock,
    transport::{ConnectError, ConnectReason},
};

/// The `known_hosts` files that were read, shared by all targets, and what was learned since.
#[derive(Default)]
pub(super) struct KnownHostsFiles {
    files: Mutex<HashMap<PathBuf, Arc<KnownHosts>>>,
    /// Keys that `accept-new` has written, by file and name. Locked while a line is written, so that
    /// two targets of one name can't both be the first.
    learned: Mutex<HashMap<(PathBuf, String), PublicKey>>,
}

impl KnownHostsFiles {
    /// Reads a file once. A file that does not exist, or can't be read, knows no host.
    fn file(&self, path: &Path) -> Arc<KnownHosts> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(path) {
            return Arc::clone(file);
        }
        let bytes = std::fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let file = Arc::new(KnownHosts::parse(path.to_path_buf(), &text));
        files.insert(path.to_path_buf(), Arc::clone(&file));
        file
    }
}

/// All that decides whether one host is let through.
pub(super) struct HostKeyGate {
    pub(super) files: Arc<KnownHostsFiles>,
    pub(super) paths: Vec<PathBuf>,
    pub(super) check: HostKeyCheck,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) clock: Clock,
}

/// Why a host is not let through.
#[derive(Debug)]
pub(super) enum HostKeyRefusal {
    Final(ConnectError),
    /// Keys of other algorithms are known: asking the host for one of these may settle it.
    OtherAlgorithms(Vec<Algorithm>, ConnectError),
}

/// What the files say of a key.
enum Verdict {
    Known,
    Revoked { at: String },
    Changed { at: String, old: PublicKey },
    OtherAlgorithms(Vec<Algorithm>),
    Unknown,
}

impl HostKeyGate {
    /// The algorithms to ask the host for first: those of the keys that are known.
    pub(super) fn likely_algorithms(&self) -> Vec<Algorithm> {
        if self.check == HostKeyCheck::Off {
            return Vec::new();
        }
        let name = name_of(&self.host, self.port);
        let files = self.paths.iter().map(|path| self.files.file(path));
        files
            .flat_map(|file| file.likely_algorithms(&name).collect::<Vec<_>>())
            .collect()
    }

    /// Whether the host may show a certificate instead of a key.
    pub(super) fn trusts_authorities(&self) -> bool {
        let name = name_of(&self.host, self.port);
        self.check != HostKeyCheck::Off
            && (self.paths.iter()).any(|path| self.files.file(path).has_authority(&name))
    }

    /// Lets the host through or says why not.
    pub(super) fn admit(&self, shown: &PublicKeyOrCertificate) -> Result<(), HostKeyRefusal> {
        if self.check == HostKeyCheck::Off {
            return Ok(());
        }
        if let Some(certificate) = shown.certificate() {
            match self.vouched(certificate) {
                Ok(true) => return Ok(()),
                // The key in it may be known by itself.
                Ok(false) => {}
                Err(at) => return Err(HostKeyRefusal::Final(self.revoked(&at))),
            }
        }
        let key = shown.public_key();
        match self.verdict(&key) {
            Verdict::Known => Ok(()),
            Verdict::Revoked { at } => Err(HostKeyRefusal::Final(self.revoked(&at))),
            Verdict::Changed { at, old } => {
                Err(HostKeyRefusal::Final(self.changed(&key, &at, &old)))
            }
            Verdict::OtherAlgorithms(known) => {
                let error = self.unknown(&key, Some(&known));
                Err(HostKeyRefusal::OtherAlgorithms(known, error))
            }
            Verdict::Unknown if self.check == HostKeyCheck::AcceptNew => self.learn(&key),
            Verdict::Unknown => Err(HostKeyRefusal::Final(self.unknown(&key, None))),
        }
    }

    fn verdict(&self, key: &PublicKey) -> Verdict {
        let name = name_of(&self.host, self.port);
        let (mut known, mut old, mut others) = (false, None, Vec::new());
        for path in &self.paths {
            let file = self.files.file(path);
            for entry in file.matching(&name) {
                let same = entry.key.key_data() == key.key_data();
                let at = || format!("{}:{}", file.path.display(), entry.line);
                match entry.marker {
                    Some(Marker::Revoked) if same => return Verdict::Revoked { at: at() },
                    Some(_) => {}
                    None if same => known = true,
                    None if entry.key.algorithm() == key.algorithm() => {
                        old.get_or_insert_with(|| (at(), entry.key.clone()));
                    }
                    None => others.push(entry.key.algorithm()),
                }
            }
            // As OpenSSH does: a host that is known without its port is known.
            let mut portless = file.matching(&self.host);
            known |= portless
                .any(|entry| entry.marker.is_none() && entry.key.key_data() == key.key_data());
        }
        match old {
            _ if known => Verdict::Known,
            Some((at, old)) => Verdict::Changed { at, old },
            None if others.is_empty() => Verdict::Unknown,
            None => Verdict::OtherAlgorithms(others),
        }
    }

    /// Whether an authority that is trusted for this host has signed the certificate, and it holds.
    /// The error is where its key or that of its authority is revoked.
    fn vouched(&self, certificate: &Certificate) -> Result<bool, String> {
        let name = name_of(&self.host, self.port);
        let mut trusted = false;
        for path in &self.paths {
            let file = self.files.file(path);
            for entry in file.matching(&name) {
                let signs = entry.key.key_data() == certificate.signature_key();
                match entry.marker {
                    Some(Marker::Revoked)
                        if signs || entry.key.key_data() == certificate.public_key() =>
                    {
                        return Err(format!("{}:{}", file.path.display(), entry.line));
                    }
                    Some(Marker::CertAuthority) => trusted |= signs,
                    _ => {}
                }
            }
        }
        let now = u64::try_from(self.clock.now().as_second()).unwrap_or_default();
        let authority = certificate.signature_key().fingerprint(HashAlg::Sha256);
        let host = self.host.to_ascii_lowercase();
        // A certificate that names no host would hold for all of them: OpenSSH has stopped to accept those.
        let named = certificate
            .valid_principals()
            .iter()
            .any(|principal| wildcard(principal.to_ascii_lowercase().as_bytes(), host.as_bytes()));
        Ok(trusted
            && named
            && certificate.cert_type() == CertType::Host
            // No critical option is defined for hosts, and one that is not understood must be refused.
            && certificate.critical_options().is_empty()
            && certificate.validate_at(now, [&authority]).is_ok())
    }

    /// Appends the key of a host of which nothing is known, unless another target has just done so.
    fn learn(&self, key: &PublicKey) -> Result<(), HostKeyRefusal> {
        let Some(path) = self.paths.first() else {
            return Ok(());
        };
        let name = name_of(&self.host, self.port);
        let mut learned = (self.files.learned.lock()).unwrap_or_else(PoisonError::into_inner);
        match learned.get(&(path.clone(), name.clone())) {
            Some(first) if first.key_data() == key.key_data() => return Ok(()),
            Some(first) => {
                let at = path.display().to_string();
                return Err(HostKeyRefusal::Final(self.changed(key, &at, first)));
            }
            None => {}
        }
        append(path, &name, key).map_err(|error| {
            let message = format!(
                "the key of `{name}` can't be written to `{}`: {error}",
                path.display()
            );
            HostKeyRefusal::Final(ConnectError::new(ConnectReason::Misconfigured, message))
        })?;
        learned.insert((path.clone(), name), key.clone());
        Ok(())
    }

    fn unknown(&self, key: &PublicKey, others: Option<&[Algorithm]>) -> ConnectError {
        let name = name_of(&self.host, self.port);
        let others = others.map_or_else(String::new, |others| {
            let mut others: Vec<_> = others.iter().map(Algorithm::as_str).collect();
            others.sort_unstable();
            others.dedup();
            format!("; its keys of other kinds are known: {}", others.join(", "))
        });
        let message = format!(
            "the host key of `{name}` is not known: {} {}{others}",
            key.algorithm().as_str(),
            key.fingerprint(HashAlg::Sha256),
        );
        let port = if self.port == 22 {
            String::new()
        } else {
            format!("-p {} ", self.port)
        };
        let file = self.paths.first().map_or_else(
            || "~/.ssh/known_hosts".to_owned(),
            |path| path.display().to_string(),
        );
        ConnectError::new(ConnectReason::HostKeyUnknown, message).with_help(format!(
            "compare the fingerprint with the host's own (`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub` there), then \
             `ssh-keyscan {port}{} >> {file}`; or set `host-key-check: accept-new` under `config: ssh:`",
            self.host
        ))
    }

    fn changed(&self, key: &PublicKey, at: &str, old: &PublicKey) -> ConnectError {
        let name = name_of(&self.host, self.port);
        let message = format!(
            "the host key of `{name}` has changed: it shows {}, but {at} has {}",
            key.fingerprint(HashAlg::Sha256),
            old.fingerprint(HashAlg::Sha256),
        );
        let file = at.rsplit_once(':').map_or(at, |(file, _)| file);
        ConnectError::new(ConnectReason::HostKeyChanged, message).with_help(format!(
            "either the host was set up anew or somebody stands in between; once you know which key is right, \
             `ssh-keygen -R '{name}' -f {file}` and add it again"
        ))
    }

    fn revoked(&self, at: &str) -> ConnectError {
        let name = name_of(&self.host, self.port);
        let message = format!("the host key of `{name}` is revoked by {at}");
        ConnectError::new(ConnectReason::HostKeyRevoked, message).with_help(
            "the key must not be trusted any more: give the host a new one (`ssh-keygen -A` there)",
        )
    }
}

/// Appends one line with one write, which no other process can come between.
fn append(path: &Path, name: &str, key: &PublicKey) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    let separator = if last == [b'\n'] { "" } else { "\n" };
    let key = PublicKey::new(key.key_data().clone(), "")
        .to_openssh()
        .map_err(io::Error::other)?;
    file.write_all(format!("{separator}{name} {key}\n").as_bytes())
}
