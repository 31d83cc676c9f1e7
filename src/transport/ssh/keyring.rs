//! Private keys, read and opened once however many targets they open.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use russh::keys::{
    Certificate, Error as KeyError, HashAlg, PrivateKey, PublicKey, decode_secret_key,
    load_openssh_certificate, load_public_key,
};
use tokio::sync::OnceCell;

use super::settings::{Identity, KeySource};
use crate::model::{ContentHash, Secret};

/// As many keys as are remembered. An inventory with a key for every target reads those beyond it each time.
const KEYS_MAX: usize = 1024;

/// What is known of one key, or why nothing is.
type Loaded = Result<Arc<Key>, KeyProblem>;

/// The keys that were read.
#[derive(Default)]
pub(super) struct Keyring {
    keys: Mutex<HashMap<ContentHash, Arc<OnceCell<Loaded>>>>,
}

/// A key that can be logged in with, perhaps with a certificate from the file beside it.
pub(super) struct Key {
    /// What a person knows it by: its path, or its fingerprint.
    pub(super) label: String,
    pub(super) private: Arc<PrivateKey>,
    pub(super) certificate: Option<Certificate>,
}

/// Why a key can't be used.
#[derive(Clone, Debug)]
pub(super) enum KeyProblem {
    Missing,
    /// It is encrypted and no passphrase was given. An agent may hold it: its public part, if that is known.
    Locked(Option<Box<PublicKey>>),
    WrongPassphrase,
    Unreadable(String),
}

impl KeyProblem {
    /// The end of a sentence that begins with the name of the key.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Missing => "does not exist".to_owned(),
            Self::Locked(_) => "is encrypted, and no `passphrase` is set".to_owned(),
            Self::WrongPassphrase => {
                "can't be decrypted with the `passphrase` that is set".to_owned()
            }
            Self::Unreadable(why) => format!("can't be read: {why}"),
        }
    }
}

impl Keyring {
    /// The key of an identity. Of many who ask for it at once, one reads it and the others wait.
    pub(super) async fn key(&self, identity: &Identity) -> Loaded {
        let cell = self.cell(identity);
        let load = || {
            let identity = identity.clone();
            async move {
                // The key of a passphrase takes a tenth of a second to compute, on purpose.
                let loaded = tokio::task::spawn_blocking(move || load(&identity)).await;
                loaded
                    .unwrap_or_else(|_| Err(KeyProblem::Unreadable("reading it failed".to_owned())))
            }
        };
        cell.get_or_init(load).await.clone()
    }

    fn cell(&self, identity: &Identity) -> Arc<OnceCell<Loaded>> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name_of(identity);
        if let Some(cell) = keys.get(&name) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(OnceCell::new());
        if keys.len() < KEYS_MAX {
            keys.insert(name, Arc::clone(&cell));
        }
        cell
    }
}

/// Tells identities apart without keeping their secrets.
fn name_of(identity: &Identity) -> ContentHash {
    let passphrase = identity.passphrase.as_ref().map(Secret::reveal);
    let source = match &identity.source {
        KeySource::File(path) => ("file", path.display().to_string()),
        KeySource::Data(data) => ("data", data.reveal().clone()),
    };
    ContentHash::of(format!("{source:?} {passphrase:?}").as_bytes())
}

fn load(identity: &Identity) -> Loaded {
    let (text, label, path) = match &identity.source {
        KeySource::Data(data) => (data.reveal().clone(), None, None),
        KeySource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => KeyProblem::Missing,
                _ => KeyProblem::Unreadable(error.to_string()),
            })?;
            (text, Some(path.display().to_string()), Some(path))
        }
    };
    let passphrase = identity
        .passphrase
        .as_ref()
        .map(|word| word.reveal().as_str());
    let private = open(&text, passphrase, path.map(PathBuf::as_path))?;
    let label = label.unwrap_or_else(|| private.fingerprint(HashAlg::Sha256).to_string());
    Ok(Arc::new(Key {
        label,
        private: Arc::new(private),
        certificate: path.and_then(|path| load_openssh_certificate(beside(path, "-cert.pub")).ok()),
    }))
}

fn open(
    text: &str,
    passphrase: Option<&str>,
    path: Option<&Path>,
) -> Result<PrivateKey, KeyProblem> {
    match decode_secret_key(text, passphrase) {
        Ok(key) if key.is_encrypted() => Err(locked(text, path)),
        Ok(key) => Ok(key),
        Err(KeyError::KeyIsEncrypted) if passphrase.is_none() => Err(locked(text, path)),
        // A passphrase for one of several keys does not fit those that have none.
        Err(_) if passphrase.is_some() && !text.contains("ENCRYPTED") => {
            match decode_secret_key(text, None) {
                Ok(key) if !key.is_encrypted() => Ok(key),
                _ => Err(KeyProblem::WrongPassphrase),
            }
        }
        Err(_) if passphrase.is_some() => Err(KeyProblem::WrongPassphrase),
        Err(_) if PublicKey::from_openssh(text).is_ok() => Err(KeyProblem::Unreadable(
            "it is a public key; the private one has the same name without `.pub`".to_owned(),
        )),
        Err(KeyError::CouldNotReadKey) => Err(KeyProblem::Unreadable(
            "it is no private key in a format that is known (OpenSSH's, PKCS#8, PEM)".to_owned(),
        )),
        Err(error) => Err(KeyProblem::Unreadable(error.to_string())),
    }
}

/// An encrypted key in OpenSSH's format shows its public part; others may have it in a file beside them.
fn locked(text: &str, path: Option<&Path>) -> KeyProblem {
    let inside = PrivateKey::from_openssh(text).map(|key| key.public_key().clone());
    let public = inside.ok().or_else(|| {
        let path = path?;
        load_public_key(beside(path, ".pub")).ok()
    });
    KeyProblem::Locked(public.map(Box::new))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
