//! The keys of a fleet: made at its start, known to nobody else, gone with it.

use std::{
    fs::{OpenOptions, Permissions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use russh::keys::{Algorithm, PrivateKey, PublicKey, ssh_key::LineEnding};
use tempfile::TempDir;

use super::FleetError;

/// The keys, and the directory of mode 0700 where a client finds those that it needs.
pub(super) struct Keys {
    pub(super) host: PrivateKey,
    /// Shown by targets that are not who they say they are.
    pub(super) impostor: PrivateKey,
    /// The one key that is let in.
    pub(super) client: PublicKey,
    pub(super) directory: TempDir,
}

impl Keys {
    pub(super) fn make() -> Result<Self, FleetError> {
        let directory = tempfile::Builder::new()
            .prefix("segue-fleet-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|source| directory_error(&std::env::temp_dir(), source))?;
        let client = key()?;
        let text = client
            .to_openssh(LineEnding::LF)
            .map_err(|source| FleetError::Keys { source })?;
        let keys = Self {
            host: key()?,
            impostor: key()?,
            client: client.public_key().clone(),
            directory,
        };
        write_private(&keys.client_path(), text.as_bytes())?;
        Ok(keys)
    }

    /// The private key that opens every target.
    pub(super) fn client_path(&self) -> PathBuf {
        self.directory.path().join("id_ed25519")
    }

    pub(super) fn known_hosts_path(&self) -> PathBuf {
        self.directory.path().join("known_hosts")
    }

    /// Writes the file that vouches for the host key on each of the ports.
    pub(super) fn write_known_hosts(&self, ports: &[u16]) -> Result<(), FleetError> {
        let key = self
            .host
            .public_key()
            .to_openssh()
            .map_err(|source| FleetError::Keys { source })?;
        let lines: Vec<String> = ports
            .iter()
            .map(|port| format!("[127.0.0.1]:{port} {key}\n"))
            .collect();
        write_private(&self.known_hosts_path(), lines.concat().as_bytes())
    }
}

fn key() -> Result<PrivateKey, FleetError> {
    PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)
        .map_err(|source| FleetError::Keys { source })
}

/// Written with its mode from the first byte on: OpenSSH refuses private keys that others can read.
fn write_private(path: &Path, content: &[u8]) -> Result<(), FleetError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .map_err(|source| directory_error(path, source))
}

fn directory_error(path: &Path, source: std::io::Error) -> FleetError {
    FleetError::Directory {
        path: path.to_owned(),
        source,
    }
}
