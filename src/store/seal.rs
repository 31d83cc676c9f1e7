//! Seals what is sensitive, with a key that lies beside the database and is never in it.
//!
//! AES-256-GCM (NIST SP 800-38D) with a nonce of chance for each event: 2^32 of them are safe under one key.
//! The job and the number of the event are part of what is authenticated, so a sealed text can't be moved to another.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
    rand::{SecureRandom, SystemRandom},
};

use super::StoreError;
use crate::model::JobId;

/// The first byte of a sealed text; another way of sealing will have another.
const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;

/// The key of one store. The file is made when something is sealed for the first time.
pub(super) struct Seal {
    path: PathBuf,
    key: OnceLock<LessSafeKey>,
    random: SystemRandom,
}

impl Seal {
    /// The seal of the store at `database`.
    ///
    /// # Errors
    /// There is a key file and others may read it, or it holds no key.
    pub(super) fn beside(database: &Path) -> Result<Self, StoreError> {
        let seal = Self {
            path: database.with_extension("key"),
            key: OnceLock::new(),
            random: SystemRandom::new(),
        };
        if seal.path.exists() {
            seal.key()?;
        }
        Ok(seal)
    }

    pub(super) fn seal(&self, job: &JobId, seq: u64, text: &str) -> Result<Vec<u8>, StoreError> {
        let key = self.key_or_new()?;
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .map_err(|_| self.unusable("the machine gives no random numbers"))?;
        let mut sealed = text.as_bytes().to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(label(job, seq)),
            &mut sealed,
        )
        .map_err(|_| self.unusable("the text is too long"))?;
        let mut whole = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
        whole.push(VERSION);
        whole.extend_from_slice(&nonce);
        whole.append(&mut sealed);
        Ok(whole)
    }

    pub(super) fn open(&self, job: &JobId, seq: u64, sealed: &[u8]) -> Result<String, StoreError> {
        let wrong = || StoreError::KeyWrong {
            path: self.path.clone(),
            job: job.clone(),
            seq,
        };
        let key = self.key()?;
        let (&version, rest) = sealed.split_first().ok_or_else(wrong)?;
        if version != VERSION {
            return Err(wrong());
        }
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(wrong)?;
        let mut text = text.to_vec();
        let open = key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(label(job, seq)),
                &mut text,
            )
            .map_err(|_| wrong())?;
        String::from_utf8(open.to_vec()).map_err(|_| wrong())
    }

    fn key(&self) -> Result<&LessSafeKey, StoreError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = self.read()?;
        Ok(self.key.get_or_init(|| key))
    }

    fn key_or_new(&self) -> Result<&LessSafeKey, StoreError> {
        if self.key.get().is_none() && !self.path.exists() {
            self.make()?;
        }
        self.key()
    }

    /// Bytes that are the same for the same label as long as the key is, and tell nothing of it.
    ///
    /// # Errors
    /// There is no key and `make` does not say that one may be made, or it can't be used.
    pub(super) fn derive(&self, label: &[u8], make: bool) -> Result<Vec<u8>, StoreError> {
        if make && !self.path.exists() {
            self.make()?;
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes()?);
        Ok(hmac::sign(&key, label).as_ref().to_vec())
    }

    /// Writes a new key to a file of its own and gives it its name in one step that fails if the name is taken:
    /// of two processes that make one at the same time, both use the first.
    fn make(&self) -> Result<(), StoreError> {
        let mut key = [0; KEY_BYTES];
        self.random
            .fill(&mut key)
            .map_err(|_| self.unusable("the machine gives no random numbers"))?;
        let text = key.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let directory = self.path.parent().unwrap_or_else(|| Path::new("."));
        // Files of this crate are made with mode 0600.
        let written = tempfile::NamedTempFile::new_in(directory).and_then(|mut file| {
            writeln!(file, "{text}")?;
            file.as_file().sync_all()?;
            match file.persist_noclobber(&self.path) {
                Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                    Err(error.error)
                }
                _ => Ok(()),
            }
        });
        written.map_err(|error| self.unusable(&error.to_string()))
    }

    fn read(&self) -> Result<LessSafeKey, StoreError> {
        let bytes = self.bytes()?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).expect("the key has the right length");
        Ok(LessSafeKey::new(key))
    }

    fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        self.check_rights()?;
        let text = fs::read_to_string(&self.path).map_err(|error| self.unreadable(&error))?;
        let digits = text.trim();
        let bytes: Option<Vec<u8>> = (digits.len() == 2 * KEY_BYTES && digits.is_ascii())
            .then(|| {
                (0..KEY_BYTES)
                    .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok())
                    .collect()
            })
            .flatten();
        bytes.ok_or_else(|| self.unusable("it does not hold 64 hexadecimal digits"))
    }

    #[cfg(unix)]
    fn check_rights(&self) -> Result<(), StoreError> {
        use std::os::unix::fs::PermissionsExt as _;

        let metadata = fs::metadata(&self.path).map_err(|error| self.unreadable(&error))?;
        let mode = metadata.permissions().mode() & 0o777;
        let of_others = mode & 0o077;
        if of_others != 0 {
            return Err(StoreError::KeyRights {
                path: self.path.clone(),
                mode,
            });
        }
        Ok(())
    }

    // Rights are inherited from the user's own directory there.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it has the signature of its twin")]
    fn check_rights(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn unreadable(&self, error: &io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::NotFound => StoreError::KeyMissing {
                path: self.path.clone(),
            },
            io::ErrorKind::InvalidData => self.unusable("it is no text"),
            _ => self.unusable(&error.to_string()),
        }
    }

    fn unusable(&self, reason: &str) -> StoreError {
        StoreError::KeyUnusable {
            path: self.path.clone(),
            reason: reason.to_owned(),
        }
    }
}

fn label(job: &JobId, seq: u64) -> Vec<u8> {
    format!("{job}/{seq}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> JobId {
        JobId::new(1_795_000_000, 7)
    }

    #[test]
    fn what_is_sealed_opens_only_in_its_place_and_with_its_key() {
        let room = tempfile::tempdir().unwrap();
        let seal = Seal::beside(&room.path().join("a.db")).unwrap();
        let sealed = seal.seal(&job(), 3, "hunter2").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(seal.open(&job(), 3, &sealed).unwrap(), "hunter2");

        let again = Seal::beside(&room.path().join("a.db")).unwrap();
        assert_eq!(again.open(&job(), 3, &sealed).unwrap(), "hunter2");
        assert!(matches!(
            again.open(&job(), 4, &sealed),
            Err(StoreError::KeyWrong { seq: 4, .. })
        ));
        for cut in 0..sealed.len() {
            assert!(again.open(&job(), 3, &sealed[..cut]).is_err());
        }

        let other = Seal::beside(&room.path().join("b.db")).unwrap();
        other.seal(&job(), 1, "x").unwrap();
        assert!(matches!(
            other.open(&job(), 3, &sealed),
            Err(StoreError::KeyWrong { .. })
        ));
    }

    #[test]
    fn no_key_is_made_for_a_store_without_secrets() {
        let room = tempfile::tempdir().unwrap();
        let seal = Seal::beside(&room.path().join("a.db")).unwrap();
        assert!(!room.path().join("a.key").exists());
        assert!(matches!(
            seal.open(&job(), 1, &[VERSION; 40]),
            Err(StoreError::KeyMissing { .. })
        ));
        assert!(!room.path().join("a.key").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let room = tempfile::tempdir().unwrap();
        let database = room.path().join("a.db");
        Seal::beside(&database)
            .unwrap()
            .seal(&job(), 1, "x")
            .unwrap();
        let key = room.path().join("a.key");
        let mode = fs::metadata(&key).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(
            Seal::beside(&database).err(),
            Some(StoreError::KeyRights {
                path: key,
                mode: 0o644
            })
        );
    }

    #[test]
    fn a_key_file_without_a_key_is_refused() {
        let room = tempfile::tempdir().unwrap();
        let key = room.path().join("a.key");
        let mut file = tempfile::NamedTempFile::new_in(room.path()).unwrap();
        file.write_all("é".repeat(32).as_bytes()).unwrap();
        file.persist(&key).unwrap();
        assert!(matches!(
            Seal::beside(&room.path().join("a.db")),
            Err(StoreError::KeyUnusable { .. })
        ));
    }
}
