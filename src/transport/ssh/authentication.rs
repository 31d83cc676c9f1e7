//! Logging in: one way after the other, and an account of them all when none was taken.

use std::{path::Path, sync::Arc};

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse},
    keys::{
        Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKey,
        agent::{AgentIdentity, client::AgentClient},
    },
};

use super::{
    handler::{Client, Fate},
    keyring::{Key, KeyProblem, Keyring},
    setting::misconfigured,
    settings::{Identity, KeySource, Settings},
};
use crate::{
    model::Secret,
    transport::{ConnectError, ConnectReason},
};

/// How often a server may ask for something more by `keyboard-interactive`. One round is the rule, two are seen.
const PROMPT_ROUNDS_MAX: usize = 8;

/// Logs in, or says what was tried.
pub(super) async fn log_in(
    handle: &mut Handle<Client>,
    fate: &Fate,
    settings: &Settings,
    keyring: &Keyring,
) -> Result<(), ConnectError> {
    let mut attempt = Attempt {
        handle,
        fate,
        settings,
        accepted: None,
        tried: Vec::new(),
        silent_agent: None,
        rsa_asked: false,
        rsa_hash: None,
    };
    attempt.run(keyring).await
}

/// Whether a way in led inside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Inside,
    Outside,
}

struct Attempt<'a> {
    handle: &'a mut Handle<Client>,
    fate: &'a Fate,
    settings: &'a Settings,
    /// The methods that the server accepts, as soon as it has said so.
    accepted: Option<MethodSet>,
    /// What was tried and refused, or could not be tried, for people.
    tried: Vec<String>,
    /// The agent that could not be asked, and why.
    silent_agent: Option<String>,
    rsa_asked: bool,
    /// The best hash for RSA keys that the server knows, once it was asked. None stands for SHA-1.
    rsa_hash: Option<HashAlg>,
}

type Step = Result<Entry, ConnectError>;

impl Attempt<'_> {
    async fn run(&mut self, keyring: &Keyring) -> Result<(), ConnectError> {
        if self.keys(keyring).await? == Entry::Inside {
            return Ok(());
        }
        if let Some(password) = self.settings.password.clone()
            && (self.password(&password).await? == Entry::Inside
                || self.prompts(&password).await? == Entry::Inside)
        {
            return Ok(());
        }
        if self.accepted.is_none() {
            // Nothing could be tried. Asking for nothing tells what the server accepts, and some let in whoever comes.
            let result = self.handle.authenticate_none(&self.settings.user).await;
            if self.judge(result, None)? == Entry::Inside {
                return Ok(());
            }
        }
        Err(self.refused())
    }

    async fn keys(&mut self, keyring: &Keyring) -> Step {
        let mut agent_only = Vec::new();
        if let Some(identity) = &self.settings.private_key {
            match keyring.key(identity).await {
                Ok(key) => {
                    if self.key(&key).await? == Entry::Inside {
                        return Ok(Entry::Inside);
                    }
                }
                Err(KeyProblem::Locked(Some(public))) if self.settings.agent.is_some() => {
                    let public = *public;
                    return match self.agent(Some(&[public])).await? {
                        Entry::Inside => Ok(Entry::Inside),
                        Entry::Outside if self.tried.is_empty() && self.silent_agent.is_none() => {
                            Err(unusable(identity, &KeyProblem::Locked(None)))
                        }
                        Entry::Outside => Ok(Entry::Outside),
                    };
                }
                Err(problem) => return Err(unusable(identity, &problem)),
            }
        }
        let mut files = Vec::new();
        for identity in &self.settings.identities {
            match keyring.key(identity).await {
                Ok(key) => {
                    agent_only.push(key.private.public_key().clone());
                    files.push(key);
                }
                Err(KeyProblem::Missing) => {}
                Err(problem) => {
                    self.tried
                        .push(format!("{} ({})", label(identity), problem.text()));
                    if let KeyProblem::Locked(Some(public)) = problem {
                        agent_only.push(*public);
                    }
                }
            }
        }
        let only = self
            .settings
            .identities_only
            .then_some(agent_only.as_slice());
        if self.agent(only).await? == Entry::Inside {
            return Ok(Entry::Inside);
        }
        for key in files {
            if self.key(&key).await? == Entry::Inside {
                return Ok(Entry::Inside);
            }
        }
        Ok(Entry::Outside)
    }

    fn accepts(&self, method: MethodKind) -> bool {
        (self.accepted.as_ref()).is_none_or(|accepted| accepted.contains(&method))
    }

    async fn key(&mut self, key: &Key) -> Step {
        if !self.accepts(MethodKind::PublicKey) {
            return Ok(Entry::Outside);
        }
        let user = &self.settings.user;
        if let Some(certificate) = &key.certificate {
            let private = Arc::clone(&key.private);
            let result = self
                .handle
                .authenticate_openssh_cert(user, private, certificate.clone())
                .await;
            let label = format!("the certificate of {}", key.label);
            if self.judge(result, Some(label))? == Entry::Inside {
                return Ok(Entry::Inside);
            }
        }
        let hash = self.hash_for(&key.private.algorithm()).await;
        let signer = PrivateKeyWithHashAlg::new(Arc::clone(&key.private), hash);
        let result = self.handle.authenticate_publickey(user, signer).await;
        self.judge(result, Some(format!("key {}", key.label)))
    }

    /// RSA keys sign with SHA-1 unless they are told otherwise, which no server of today accepts.
    async fn hash_for(&mut self, algorithm: &Algorithm) -> Option<HashAlg> {
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return None;
        }
        if !self.rsa_asked {
            let told = self.handle.best_supported_rsa_hash().await.ok().flatten();
            self.rsa_asked = true;
            self.rsa_hash = match told.flatten() {
                // Servers from before 2016 don't say what they know, and know SHA-1 alone.
                None if self.settings.algorithms.allow_ssh_rsa() => None,
                None => Some(HashAlg::Sha256),
                best => best,
            };
        }
        self.rsa_hash
    }

    /// Tries the keys of the agent, or only some of them.
    async fn agent(&mut self, only: Option<&[PublicKey]>) -> Step {
        let Some(path) = self.settings.agent.clone() else {
            return Ok(Entry::Outside);
        };
        if !self.accepts(MethodKind::PublicKey) {
            return Ok(Entry::Outside);
        }
        let listed = async {
            let mut agent = AgentClient::connect_uds(&path).await?;
            let identities = agent.request_identities().await?;
            Ok::<_, russh::keys::Error>((agent, identities))
        };
        let (mut agent, identities) = match listed.await {
            Ok(listed) => listed,
            Err(error) => {
                let path = path.display();
                self.silent_agent = Some(format!("the agent at {path} can't be asked: {error}"));
                return Ok(Entry::Outside);
            }
        };
        for identity in identities {
            let wanted = |key: &PublicKey| {
                only.is_none_or(|only| only.iter().any(|one| one.key_data() == key.key_data()))
            };
            if !wanted(&identity.public_key()) || !self.accepts(MethodKind::PublicKey) {
                continue;
            }
            let label = agent_label(&identity);
            let hash = self.hash_for(&identity.public_key().algorithm()).await;
            let user = &self.settings.user;
            let handle = &mut *self.handle;
            let result = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    handle
                        .authenticate_publickey_with(user, key, hash, &mut agent)
                        .await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    handle
                        .authenticate_certificate_with(user, certificate, hash, &mut agent)
                        .await
                }
            };
            match result {
                Ok(result) => {
                    if self.judge(Ok(result), Some(label))? == Entry::Inside {
                        return Ok(Entry::Inside);
                    }
                }
                Err(error) => {
                    self.tried
                        .push(format!("{label} (the agent did not sign: {error})"));
                    self.alive()?;
                }
            }
        }
        Ok(Entry::Outside)
    }

    async fn password(&mut self, password: &Secret<String>) -> Step {
        if !self.accepts(MethodKind::Password) {
            return Ok(Entry::Outside);
        }
        let user = &self.settings.user;
        let result = self
            .handle
            .authenticate_password(user, password.reveal())
            .await;
        self.judge(result, Some("the password".to_owned()))
    }

    /// Answers every question that is not echoed with the password.
    async fn prompts(&mut self, password: &Secret<String>) -> Step {
        if !self.accepts(MethodKind::KeyboardInteractive) {
            return Ok(Entry::Outside);
        }
        let user = &self.settings.user;
        let mut response = self
            .handle
            .authenticate_keyboard_interactive_start(user, None::<String>)
            .await;
        for _ in 0..PROMPT_ROUNDS_MAX {
            let label = || Some("the password (keyboard-interactive)".to_owned());
            match response {
                Ok(KeyboardInteractiveAuthResponse::Success) => return Ok(Entry::Inside),
                Ok(KeyboardInteractiveAuthResponse::Failure {
                    remaining_methods,
                    partial_success,
                }) => {
                    let failure = AuthResult::Failure {
                        remaining_methods,
                        partial_success,
                    };
                    return self.judge(Ok(failure), label());
                }
                Ok(KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. }) => {
                    let answer = |prompt: &russh::client::Prompt| {
                        if prompt.echo {
                            String::new()
                        } else {
                            password.reveal().clone()
                        }
                    };
                    let answers = prompts.iter().map(answer).collect();
                    response = self
                        .handle
                        .authenticate_keyboard_interactive_respond(answers)
                        .await;
                }
                Err(error) => return self.judge(Err(error), label()),
            }
        }
        self.tried
            .push("the password (the server went on asking)".to_owned());
        Ok(Entry::Outside)
    }

    /// Takes note of the answer to one attempt.
    fn judge(&mut self, result: Result<AuthResult, russh::Error>, tried: Option<String>) -> Step {
        match result {
            Ok(AuthResult::Success) => return Ok(Entry::Inside),
            Ok(AuthResult::Failure {
                remaining_methods,
                partial_success,
            }) => {
                self.accepted = Some(remaining_methods);
                if let Some(tried) = tried {
                    self.tried.push(if partial_success {
                        format!("{tried} (accepted, but the server wants more)")
                    } else {
                        tried
                    });
                }
            }
            Err(_) => self.tried.extend(tried),
        }
        self.alive()?;
        Ok(Entry::Outside)
    }

    /// A server that hangs up in between answers nothing more.
    fn alive(&self) -> Result<(), ConnectError> {
        if !self.handle.is_closed() {
            return Ok(());
        }
        let why = self.fate.reason();
        if why
            .to_ascii_lowercase()
            .contains("too many authentication failures")
        {
            let mut error = self.refused();
            error.message = format!(
                "{}: the server hung up after too many of them",
                error.message
            );
            error.help = Some(
                "set `private-key` under `config: ssh:` to the key that opens the host, so that it is tried first"
                    .to_owned(),
            );
            return Err(error);
        }
        let message = format!("the server hung up while we logged in: {why}");
        Err(ConnectError::new(ConnectReason::Protocol, message))
    }

    fn refused(&self) -> ConnectError {
        let accepted = self.accepted.as_deref().unwrap_or_default();
        let names: Vec<&str> = accepted.iter().map(<&str>::from).collect();
        let accepts = match names.as_slice() {
            [] => "accepts none of our methods".to_owned(),
            names => format!("accepts {}", names.join(", ")),
        };
        let mut tried = match self.tried.as_slice() {
            [] => "nothing to offer was found".to_owned(),
            tried => format!("it refused {}", tried.join(", ")),
        };
        if let Some(agent) = &self.silent_agent {
            tried = format!("{tried}, and {agent}");
        }
        let user = &self.settings.user;
        let message = format!("can't log in as `{user}`: the server {accepts}; {tried}");
        let help = if self.silent_agent.is_some() {
            "start an agent that has the key (`eval \"$(ssh-agent)\"; ssh-add`), or set `private-key` or `password` under \
             `config: ssh:`"
                .to_owned()
        } else if self.tried.is_empty() {
            "set `private-key` or `password` under `config: ssh:`, or load a key into the agent with `ssh-add`".to_owned()
        } else {
            format!(
                "put the key's public part into ~/.ssh/authorized_keys of `{user}` on the host, or mend `user`, \
                 `private-key` or `password` under `config: ssh:`"
            )
        };
        ConnectError::new(ConnectReason::AuthenticationRefused, message).with_help(help)
    }
}

fn label(identity: &Identity) -> String {
    match &identity.source {
        KeySource::File(path) => format!("key {}", path.display()),
        KeySource::Data(_) => "the key in `key-data`".to_owned(),
    }
}

fn agent_label(identity: &AgentIdentity) -> String {
    match identity.comment() {
        "" => {
            let fingerprint = identity.public_key().fingerprint(HashAlg::Sha256);
            format!("agent key {fingerprint}")
        }
        comment => format!("agent key {comment}"),
    }
}

fn unusable(identity: &Identity, problem: &KeyProblem) -> ConnectError {
    let help = match (problem, &identity.source) {
        (KeyProblem::Locked(_), KeySource::File(path)) => format!(
            "set `passphrase` under `config: ssh:`, or load the key with `ssh-add {}`",
            Path::new(path).display()
        ),
        (KeyProblem::Locked(_) | KeyProblem::WrongPassphrase, _) => {
            "set the right `passphrase` under `config: ssh:`".to_owned()
        }
        _ => "set `private-key` under `config: ssh:` to a key that can be read".to_owned(),
    };
    misconfigured(format!("{} {}", label(identity), problem.text())).with_help(help)
}
