//! What `~/.ssh/config` says of a host. `ssh2-config` reads it; we hand it only the lines that we honour, because it
//! gives up on values that OpenSSH allows and takes the lines of a `Match` block for those of the `Host` before it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use globset::Glob;
use ssh2_config::{DefaultAlgorithms, ParseRule, SshConfig};

use crate::model::utf8;

/// What we honour. Everything else in the file concerns interactive use, or is not supported.
const HONOURED: [&str; 10] = [
    "hostname",
    "port",
    "user",
    "identityfile",
    "identitiesonly",
    "proxyjump",
    "userknownhostsfile",
    "stricthostkeychecking",
    "connecttimeout",
    "hostkeyalias",
];
/// As deep as OpenSSH follows `Include`.
const INCLUDE_DEPTH_MAX: usize = 16;
/// More files than a person keeps; a pattern that matches a whole disk must not be read.
const INCLUDED_FILES_MAX: usize = 1000;

/// The parsed file.
pub(super) struct SshConfigFile {
    config: Option<SshConfig>,
}

/// What the file says of one host, first line first.
#[derive(Debug, Default, PartialEq)]
pub(super) struct HostLines {
    pub(super) host_name: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) identity_files: Vec<PathBuf>,
    pub(super) identities_only: bool,
    pub(super) jumps: Option<Vec<String>>,
    pub(super) known_hosts: Option<Vec<String>>,
    pub(super) host_key_check: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) host_key_alias: Option<String>,
}

impl SshConfigFile {
    /// A file that says nothing.
    pub(super) const fn empty() -> Self {
        Self { config: None }
    }

    /// The same, for those who need one that lives for ever.
    pub(super) fn nothing() -> &'static Self {
        static NOTHING: SshConfigFile = SshConfigFile::empty();
        &NOTHING
    }

    /// Reads `~/.ssh/config` below a home directory. A file that is not there says nothing.
    pub(super) fn read(home: &Path) -> Result<Self, String> {
        let path = home.join(".ssh/config");
        match std::fs::read(&path).and_then(utf8) {
            Ok(text) => Self::parse(&text, home),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::empty()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn parse(text: &str, home: &Path) -> Result<Self, String> {
        let mut reading = Reading {
            home,
            files: 0,
            honoured: String::new(),
        };
        reading.take(text, "*", 0);
        let algorithms = DefaultAlgorithms {
            ca_signature_algorithms: Vec::new(),
            ciphers: Vec::new(),
            host_key_algorithms: Vec::new(),
            kex_algorithms: Vec::new(),
            mac: Vec::new(),
            pubkey_accepted_algorithms: Vec::new(),
        };
        SshConfig::default()
            .default_algorithms(algorithms)
            .home_dir(home)
            .parse(
                &mut reading.honoured.as_bytes(),
                ParseRule::ALLOW_UNSUPPORTED_FIELDS,
            )
            .map(|config| Self {
                config: Some(config),
            })
            .map_err(|error| error.to_string())
    }

    /// What it says of a host, by the name that was typed.
    pub(super) fn host(&self, name: &str) -> HostLines {
        let Some(config) = &self.config else {
            return HostLines::default();
        };
        let found = config.query(name);
        let field = |key: &str| found.unsupported_fields.get(key);
        let first = |key| {
            field(key)
                .and_then(|words| words.first())
                .map(|word| unquoted(word))
        };
        HostLines {
            identities_only: first("identitiesonly").is_some_and(|word| word == "yes"),
            known_hosts: field("userknownhostsfile")
                .map(|words| words.iter().map(|word| unquoted(word)).collect()),
            host_key_check: first("stricthostkeychecking"),
            host_key_alias: first("hostkeyalias"),
            host_name: found.host_name,
            port: found.port,
            user: found.user,
            identity_files: found.identity_file.unwrap_or_default(),
            jumps: found.proxy_jump,
            connect_timeout: found.connect_timeout,
        }
    }
}

fn unquoted(word: &str) -> String {
    word.trim_matches('"').to_owned()
}

/// Copies what is honoured, with included files in place.
struct Reading<'a> {
    home: &'a Path,
    files: usize,
    honoured: String,
}

impl Reading<'_> {
    /// Takes a file whose first lines belong to the `Host` line `scope`.
    fn take(&mut self, text: &str, scope: &str, depth: usize) {
        // No scope: inside of a `Match` block whose condition is not supported.
        let mut scope = Some(scope.to_owned());
        for line in text.lines() {
            let Some((keyword, rest)) = keyword(line) else {
                continue;
            };
            match keyword.as_str() {
                "host" => self.begin(rest, &mut scope),
                "match" => match hosts_of_match(rest) {
                    Some(hosts) => self.begin(&hosts, &mut scope),
                    None => scope = None,
                },
                "include" => {
                    if let Some(scope) = &scope
                        && depth < INCLUDE_DEPTH_MAX
                    {
                        self.include(rest, scope, depth);
                    }
                }
                known if scope.is_some() && HONOURED.contains(&known) => self.line(known, rest),
                _ => {}
            }
        }
    }

    fn begin(&mut self, hosts: &str, scope: &mut Option<String>) {
        self.line("Host", hosts);
        *scope = Some(hosts.to_owned());
    }

    fn line(&mut self, keyword: &str, rest: &str) {
        self.honoured.extend([keyword, " ", rest, "\n"]);
    }

    fn include(&mut self, patterns: &str, scope: &str, depth: usize) {
        for pattern in shell_words::split(patterns).unwrap_or_default() {
            for path in self.files_of(&pattern) {
                self.files += 1;
                if self.files > INCLUDED_FILES_MAX {
                    return;
                }
                if let Ok(text) = std::fs::read_to_string(&path) {
                    self.take(&text, scope, depth + 1);
                    // The lines after the include belong to the block that it stands in.
                    self.line("Host", scope);
                }
            }
        }
    }

    /// The files that an `Include` names: wildcards in the last part of the path, relative to `~/.ssh`.
    fn files_of(&self, pattern: &str) -> Vec<PathBuf> {
        let path = match pattern.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => self.home.join(".ssh").join(pattern),
        };
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Vec::new();
        };
        let Ok(glob) = Glob::new(&name.to_string_lossy()) else {
            return Vec::new();
        };
        let glob = glob.compile_matcher();
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries
            .filter(|entry| glob.is_match(entry.file_name()))
            .map(|entry| entry.path())
            .collect();
        files.sort();
        files
    }
}

/// The keyword of a line in small letters, and what follows it. Nothing for a line without a value.
fn keyword(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let end = line.find(|letter: char| letter.is_whitespace() || letter == '=')?;
    let rest = line[end..].trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
    (!rest.is_empty()).then(|| (line[..end].to_ascii_lowercase(), rest))
}

/// `Match all` and `Match host a,b` mean what a `Host` line can say; other conditions are not supported.
fn hosts_of_match(condition: &str) -> Option<String> {
    let words: Vec<_> = condition.split_whitespace().collect();
    match words.as_slice() {
        [all] if all.eq_ignore_ascii_case("all") => Some("*".to_owned()),
        [kind, hosts] if ["host", "originalhost"].contains(&kind.to_ascii_lowercase().as_str()) => {
            Some(hosts.replace(',', " "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str, name: &str) -> HostLines {
        let home = Path::new("/home/me");
        SshConfigFile::parse(text, home).unwrap().host(name)
    }

    #[test]
    fn first_line_that_matches_wins_and_identities_add_up() {
        let text = "Host web1\n  HostName 10.0.0.1\n  User deploy\n  IdentityFile ~/.ssh/web\nHost web* !web9\n  Port=2222\n  User other\n  IdentityFile ~/.ssh/all\n";
        let web1 = host(text, "web1");
        assert_eq!(web1.host_name.as_deref(), Some("10.0.0.1"));
        assert_eq!(
            (web1.user.as_deref(), web1.port),
            (Some("deploy"), Some(2222))
        );
        let files = ["/home/me/.ssh/web", "/home/me/.ssh/all"].map(PathBuf::from);
        assert_eq!(web1.identity_files, files);
        assert_eq!(host(text, "web9"), HostLines::default());
    }

    #[test]
    fn match_blocks_do_not_leak_into_the_host_before_them() {
        let text = "Host a\n  User x\nMatch exec \"true\"\n  User y\n  Port 1\nHost b\n  Port 2\nMatch all\n  Port 3\n";
        assert_eq!(
            (host(text, "a").user.as_deref(), host(text, "a").port),
            (Some("x"), Some(3))
        );
        assert_eq!(host(text, "b").port, Some(2));
    }

    #[test]
    fn values_that_the_parser_does_not_know_do_no_harm() {
        let text = "AddKeysToAgent confirm\nForwardAgent ${SSH_AUTH_SOCK}\nHost a\n  Bogus\n  NoSuchKey 1\n  StrictHostKeyChecking accept-new\n  UserKnownHostsFile ~/k1 \"/etc/k 2\"\n  HostKeyAlias b\n  ProxyJump u@j1:2200,j2\n  ConnectTimeout 7\n";
        let a = host(text, "a");
        assert_eq!(a.host_key_check.as_deref(), Some("accept-new"));
        assert_eq!(
            a.known_hosts,
            Some(vec!["~/k1".to_owned(), "/etc/k 2".to_owned()])
        );
        assert_eq!(a.host_key_alias.as_deref(), Some("b"));
        assert_eq!(a.jumps, Some(vec!["u@j1:2200".to_owned(), "j2".to_owned()]));
        assert_eq!(a.connect_timeout, Some(Duration::from_secs(7)));
    }

    #[test]
    fn included_files_stand_where_they_are_named() {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh/conf.d");
        std::fs::create_dir_all(&ssh).unwrap();
        std::fs::write(
            ssh.join("1.conf"),
            "Host in\n  Port 1\nMatch user x\n  Port 9\n",
        )
        .unwrap();
        std::fs::write(ssh.join("2.txt"), "Host in\n  Port 2\n").unwrap();
        let text = "Include conf.d/*.conf\nUser me\nHost in\n  Port 3\n";
        let file = SshConfigFile::parse(text, home.path()).unwrap();
        assert_eq!(file.host("in").port, Some(1));
        assert_eq!(file.host("out").user.as_deref(), Some("me"));
    }

    #[test]
    fn file_that_includes_itself_ends() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".ssh")).unwrap();
        let text = "Include config\nPort 5\n";
        std::fs::write(home.path().join(".ssh/config"), text).unwrap();
        let file = SshConfigFile::read(home.path()).unwrap();
        assert_eq!(file.host("x").port, Some(5));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            text in "(Host|Match|Port|User|IdentityFile|ProxyJump|[ =\"!*?#\\\\ü,a-z0-9\n\t]){0,60}",
        ) {
            if let Ok(file) = SshConfigFile::parse(&text, Path::new("/nowhere")) {
                let _ = file.host("web1");
            }
        }
    }
}
