//! Which algorithms are offered. Nothing with SHA-1 unless the configuration of a target names it.

use std::borrow::Cow;

use russh::{
    Preferred, cipher, compression, kex,
    keys::{Algorithm, EcdsaCurve, HashAlg},
    mac,
};

use super::settings::AlgorithmLists;
use crate::{
    model::nearest,
    transport::{ConnectError, ConnectReason},
};

/// The word that stands for our own list, as Bolt has it.
const DEFAULTS: &str = "defaults";

const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
];
/// Not algorithms, but answers to attacks: always offered.
const KEX_EXTENSIONS: [kex::Name; 2] = [
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];
/// AES in hardware is several times faster than `ChaCha20`, and every server of today that matters has it.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];
const MACS: &[mac::Name] = &[
    mac::HMAC_SHA256_ETM,
    mac::HMAC_SHA512_ETM,
    mac::HMAC_SHA256,
    mac::HMAC_SHA512,
];
const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP384,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP521,
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha512),
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha256),
    },
];

/// What to offer: the lists of a target, host keys of the kinds in `first` before others.
pub(super) fn preferred(
    lists: &AlgorithmLists,
    first: &[Algorithm],
    certificates: bool,
) -> Result<Preferred, ConnectError> {
    let mut kex = chosen(
        "kex-algorithms",
        lists.kex.as_deref(),
        KEX,
        kex_named,
        kex::ALL_KEX_ALGORITHMS,
    )?;
    kex.extend(KEX_EXTENSIONS);
    let cipher = chosen(
        "encryption-algorithms",
        lists.encryption.as_deref(),
        CIPHERS,
        cipher_named,
        cipher::ALL_CIPHERS,
    )?;
    let mac = chosen(
        "mac-algorithms",
        lists.mac.as_deref(),
        MACS,
        mac_named,
        mac::ALL_MAC_ALGORITHMS,
    )?;
    let mut key = host_keys(lists.host_key.as_deref())?;
    // The sort is stable: among themselves they keep their order.
    key.sort_by_key(|algorithm| !first.iter().any(|known| same_kind(known, algorithm)));
    let host_key_certificates = if certificates {
        key.clone()
    } else {
        Vec::new()
    };
    Ok(Preferred {
        kex: Cow::Owned(kex),
        key: Cow::Owned(key),
        host_key_certificates: Cow::Owned(host_key_certificates),
        cipher: Cow::Owned(cipher),
        mac: Cow::Owned(mac),
        // Compressing costs more than it saves on what tasks print.
        compression: Cow::Borrowed(&[compression::NONE]),
    })
}

/// Whether two algorithms use the same keys: those for RSA do, whatever they hash with.
fn same_kind(one: &Algorithm, other: &Algorithm) -> bool {
    matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. })) || one == other
}

/// The algorithms of a list, in which `defaults` stands for ours.
fn chosen<T: Copy + PartialEq + AsRef<str>>(
    setting: &str,
    list: Option<&[String]>,
    defaults: &[T],
    named: fn(&str) -> Option<T>,
    all: &[&T],
) -> Result<Vec<T>, ConnectError> {
    let Some(list) = list else {
        return Ok(defaults.to_vec());
    };
    let mut chosen: Vec<T> = Vec::new();
    for name in list {
        let more = if name == DEFAULTS {
            defaults.to_vec()
        } else {
            let known = all.iter().map(|one| (**one).as_ref());
            vec![named(name).ok_or_else(|| unknown(setting, name, known))?]
        };
        for algorithm in more {
            if !chosen.contains(&algorithm) {
                chosen.push(algorithm);
            }
        }
    }
    Ok(chosen)
}

fn kex_named(name: &str) -> Option<kex::Name> {
    kex::Name::try_from(name)
        .ok()
        .filter(|known| *known != kex::NONE)
}

/// A connection that is not encrypted is not offered, not even to those who ask for it.
fn cipher_named(name: &str) -> Option<cipher::Name> {
    let known = cipher::Name::try_from(name).ok()?;
    (known != cipher::NONE && known != cipher::CLEAR).then_some(known)
}

fn mac_named(name: &str) -> Option<mac::Name> {
    mac::Name::try_from(name)
        .ok()
        .filter(|known| *known != mac::NONE)
}

fn host_keys(list: Option<&[String]>) -> Result<Vec<Algorithm>, ConnectError> {
    let Some(list) = list else {
        return Ok(HOST_KEYS.to_vec());
    };
    let legacy = Algorithm::Rsa { hash: None };
    let mut chosen = Vec::new();
    for name in list {
        let known = || HOST_KEYS.iter().chain([&legacy]);
        if name == DEFAULTS {
            chosen.extend(HOST_KEYS.iter().cloned());
        } else if let Some(algorithm) = known().find(|algorithm| algorithm.as_str() == name) {
            chosen.push(algorithm.clone());
        } else {
            let names = known().map(Algorithm::as_str);
            return Err(unknown("host-key-algorithms", name, names));
        }
    }
    Ok(chosen)
}

fn unknown<'a>(
    setting: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> ConnectError {
    let known: Vec<_> = known
        .into_iter()
        .filter(|name| !["none", "clear"].contains(name))
        .collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are `{DEFAULTS}`, {}", known.join(", ")),
    };
    let message = format!("`{name}` in `{setting}` is not supported");
    ConnectError::new(ConnectReason::Misconfigured, message).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(kex: &[&str]) -> AlgorithmLists {
        AlgorithmLists {
            kex: Some(kex.iter().map(|name| (*name).to_owned()).collect()),
            ..AlgorithmLists::default()
        }
    }

    #[test]
    fn nothing_offered_by_default_uses_sha1() {
        let offered = preferred(&AlgorithmLists::default(), &[], true).unwrap();
        let names = (offered.kex.iter().map(AsRef::as_ref))
            .chain(offered.mac.iter().map(AsRef::as_ref))
            .chain(offered.cipher.iter().map(AsRef::as_ref));
        for name in names {
            assert!(
                !name.ends_with("sha1") && !name.contains("sha1-") && !name.contains("cbc"),
                "{name}"
            );
        }
        assert!(!offered.key.contains(&Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn legacy_algorithms_are_offered_to_those_who_name_them() {
        let offered = preferred(
            &lists(&["defaults", "diffie-hellman-group14-sha1"]),
            &[],
            false,
        );
        let kex = offered.unwrap().kex;
        assert_eq!(kex[0], kex::MLKEM768X25519_SHA256);
        assert!(kex.contains(&kex::DH_G14_SHA1));
        assert!(kex.contains(&kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT));
    }

    #[test]
    fn misspelt_and_dangerous_names_are_refused() {
        let error = preferred(&lists(&["curve25519-sha265"]), &[], false).unwrap_err();
        assert_eq!(
            error.help.as_deref(),
            Some("did you mean `curve25519-sha256`?")
        );
        let none = AlgorithmLists {
            encryption: Some(vec!["none".to_owned()]),
            ..AlgorithmLists::default()
        };
        assert!(preferred(&none, &[], false).is_err());
    }

    #[test]
    fn kinds_of_known_keys_come_first() {
        let known = [Algorithm::Rsa { hash: None }];
        let offered = preferred(&AlgorithmLists::default(), &known, false).unwrap();
        let names: Vec<_> = offered.key.iter().map(Algorithm::as_str).collect();
        assert_eq!(names[..3], ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
    }
}
