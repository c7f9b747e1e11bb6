//! The site's configuration, `patchwright.toml`: read once, checked whole, unknown keys refused.

use super::restarts::{CommandTable, OwnCommand, ProbeTable, Restarts, Unhealthy, above_zero};
use super::secret::{DatabaseUrl, Secret};
use super::version_source::{Pattern, VersionSource};
use jiff::SignedDuration;
use patchwright_hooks_api::{Error, ErrorKind, Origin, Sha256, SitePath};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the configuration file.
pub const FILE_NAME: &str = "patchwright.toml";
/// The largest configuration that is read: a mistaken path must not fill the memory.
const MAX_BYTES: u64 = 1 << 20;
/// How long an isolated plugin may take for one answer, if the owner doesn't say: longer than any statement should, shorter than a
/// night.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

/// What the site's owner has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteConfig {
    /// The product, such as `acme-cms`.
    pub product: String,
    /// The application's own files.
    pub root: PathBuf,
    /// Journal, gate, staged and kept files.
    pub state: PathBuf,
    /// The URL of the site's database; `None` for a site without one, whose ledger lies in the state folder.
    pub database: Option<DatabaseUrl>,
    /// Where the application's code says its version, if the owner has said it.
    pub version: Option<VersionSource>,
    /// What all the site's tables begin with (D14).
    pub table_prefix: String,
    /// A file below the root that is there while the gate is shut.
    pub gate_flag: Option<SitePath>,
    /// What to do with files that were changed locally when nobody can be asked.
    pub local_changes: LocalChanges,
    /// What to do when a patch is offered that is in force with other content.
    pub edited_patches: AtOdds,
    /// What to do when a patch is offered for a version that the site has left by another way.
    pub late_patches: AtOdds,
    /// Whether the operator is asked for a backup before patches are applied.
    pub ask_for_backup: bool,
    /// Settings for upgrade scripts.
    pub settings: BTreeMap<String, String>,
    /// Dialects from shared libraries.
    pub dialects: Vec<DialectLibrary>,
    /// What runs once the site's code is another.
    pub restarts: Restarts,
}

/// A dialect from a shared library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectLibrary {
    /// The dialect's name; the library must say the same.
    pub name: String,
    /// The library.
    pub library: PathBuf,
    /// The library's SHA-256 sum.
    pub sha256: Sha256,
    /// Whether it runs in a process of its own.
    pub isolate: bool,
    /// How long an isolated plugin may take for one answer.
    pub timeout: Duration,
}

/// What to do with files that were changed locally, when nobody can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalChanges {
    /// Leave the question open, which stops the patch.
    #[default]
    Ask,
    /// Lay both changes together where they go together, and leave the question open where they don't.
    Merge,
    /// Take the new file and keep the old one in the state folder.
    Take,
    /// Keep the changed file and lay the new one beside it.
    Keep,
    /// Do not apply the patch.
    Abort,
}

/// What to do when what is offered is at odds with what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtOdds {
    /// Say so and go on.
    Tell,
    /// Say so and apply nothing.
    Refuse,
}

impl LocalChanges {
    /// The answer to give, if there is one.
    pub fn answer(self) -> Option<&'static str> {
        match self {
            Self::Ask => None,
            Self::Merge => Some("merge"),
            Self::Take => Some("take"),
            Self::Keep => Some("keep"),
            Self::Abort => Some("abort"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    product: String,
    root: PathBuf,
    #[serde(default = "default_state")]
    state: PathBuf,
    database: Option<Secret>,
    version: Option<VersionTable>,
    #[serde(default)]
    table_prefix: String,
    gate_flag: Option<SitePath>,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default, rename = "dialect")]
    dialects: Vec<DialectTable>,
    #[serde(default, rename = "restart")]
    restarts: Vec<CommandTable>,
    #[serde(default, rename = "command")]
    commands: Vec<CommandTable>,
    #[serde(default)]
    origins: Vec<Origin>,
    probe: Option<ProbeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DialectTable {
    name: String,
    library: PathBuf,
    sha256: Sha256,
    #[serde(default)]
    isolate: bool,
    /// Such as `90s` or `10m`.
    timeout: Option<SignedDuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct VersionTable {
    file: SitePath,
    pattern: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Policy {
    local_changes: LocalChanges,
    edited_patches: AtOdds,
    late_patches: AtOdds,
    ask_for_backup: bool,
    unhealthy: Unhealthy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            local_changes: LocalChanges::Ask,
            edited_patches: AtOdds::Refuse,
            late_patches: AtOdds::Tell,
            ask_for_backup: false,
            unhealthy: Unhealthy::Ask,
        }
    }
}

fn default_state() -> PathBuf {
    ".patchwright".into()
}

impl SiteConfig {
    /// Finds the configuration: `at` itself, or in `at`, or in the nearest folder above it.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(at: &Path) -> Result<PathBuf, Error> {
        if at.is_file() {
            return Ok(at.to_owned());
        }
        let absolute = std::path::absolute(at).map_err(|error| unreadable(at, &error))?;
        let found = absolute.ancestors().map(|folder| folder.join(FILE_NAME)).find(|file| file.is_file());
        found.ok_or_else(|| {
            Error::missing(format!("there is no {FILE_NAME} in {} or above it", absolute.display()))
                .hint("make one with `patchwright init`, or name the site with --site")
        })
    }

    /// Reads the configuration in `file`. Relative paths in it count from the folder that holds it.
    ///
    /// # Errors
    /// When it can't be read, or is not what it should be.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let size = std::fs::metadata(file).map_err(|error| unreadable(file, &error))?.len();
        if size > MAX_BYTES {
            return Err(Error::invalid(format!("{} is too large to be a configuration", file.display())));
        }
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        let absolute = std::path::absolute(file).map_err(|error| unreadable(file, &error))?;
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, folder).map_err(|error| error.while_doing(file.display()))
    }

    /// The configuration that a text is, in a file of this folder.
    ///
    /// # Errors
    /// When it is not what it should be.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Error> {
        let file: File = toml::from_str(text).map_err(|error| not_understood(text, &error))?;
        let (root, state) = (folder.join(&file.root), folder.join(&file.state));
        if is_within(&state, &root) {
            return Err(Error::refused("the state folder lies inside the site's root, where the web may reach it")
                .hint("put it beside the root: state = \".patchwright\""));
        }
        if !file.table_prefix.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
            return Err(Error::invalid("table-prefix may hold ASCII letters, digits and _ alone"));
        }
        let database = file.database.map(|secret| secret.reveal(folder)).transpose()?;
        let version = file.version.map(VersionTable::resolve).transpose()?;
        Ok(Self {
            product: file.product,
            root,
            state,
            database: database.map(|url| resolve(&url, folder).into()),
            version,
            table_prefix: file.table_prefix,
            gate_flag: file.gate_flag,
            local_changes: file.policy.local_changes,
            edited_patches: file.policy.edited_patches,
            late_patches: file.policy.late_patches,
            ask_for_backup: file.policy.ask_for_backup,
            settings: file.settings,
            dialects: file.dialects.into_iter().map(|table| table.resolve(folder)).collect::<Result<_, _>>()?,
            restarts: Restarts {
                folder: folder.to_owned(),
                hooks: resolved(file.restarts, "restart")?,
                commands: resolved(file.commands, "command")?,
                origins: file.origins,
                probe: file.probe.map(ProbeTable::resolve).transpose()?,
                unhealthy: file.policy.unhealthy,
            },
        })
    }
}

/// The commands of all tables of a kind. Two of one name can't be told apart.
fn resolved(tables: Vec<CommandTable>, kind: &str) -> Result<Vec<OwnCommand>, Error> {
    let commands: Vec<OwnCommand> = tables.into_iter().map(|table| table.resolve(kind)).collect::<Result<_, _>>()?;
    let mut names = BTreeSet::new();
    match commands.iter().find(|command| !names.insert(&command.name)) {
        Some(twice) => Err(Error::invalid(format!("there are two [[{kind}]] with the name {}", twice.name))),
        None => Ok(commands),
    }
}

impl DialectTable {
    fn resolve(self, folder: &Path) -> Result<DialectLibrary, Error> {
        let what = format!("the timeout of the dialect {}", self.name);
        let timeout = above_zero(self.timeout, DEFAULT_TIMEOUT, &what)?;
        let library = folder.join(self.library);
        Ok(DialectLibrary { name: self.name, library, sha256: self.sha256, isolate: self.isolate, timeout })
    }
}

impl VersionTable {
    fn resolve(self) -> Result<VersionSource, Error> {
        Ok(VersionSource { file: self.file, pattern: self.pattern.as_deref().map(Pattern::new).transpose()? })
    }
}

/// What is wrong with the configuration, by its line. The line itself is not shown: it may hold a password.
fn not_understood(text: &str, error: &toml::de::Error) -> Error {
    let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
    let place = error.span().map_or_else(String::new, |span| format!("line {}: ", line(span.start)));
    Error::invalid(format!("{place}{}", error.message()))
}

/// A database that is a file counts from the configuration's folder, as every path in it does.
fn resolve(url: &str, folder: &Path) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.starts_with('/') => format!("sqlite:{}", folder.join(path).display()),
        _ => url.to_owned(),
    }
}

fn is_within(inner: &Path, outer: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.components().collect());
    real(inner).starts_with(real(outer))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("can't read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SiteConfig, Error> {
        SiteConfig::parse(text, Path::new("/srv/acme"))
    }

    #[test]
    fn paths_count_from_the_folder_of_the_configuration() {
        let config = parse("product = 'acme'\nroot = 'public'\ndatabase = 'sqlite:data/cms.db'").unwrap();
        assert_eq!(config.root, Path::new("/srv/acme/public"));
        assert_eq!(config.state, Path::new("/srv/acme/.patchwright"));
        assert_eq!(config.database.unwrap().reveal(), "sqlite:/srv/acme/data/cms.db");
    }

    #[test]
    fn a_state_folder_below_the_web_root_is_refused() {
        let error = parse("product = 'acme'\nroot = '.'").unwrap_err();
        assert!(error.message.contains("inside the site's root"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = parse("product = 'acme'\nroot = 'public'\nrooot = 'x'").unwrap_err();
        assert!(error.message.contains("line 3"), "{error}");
    }

    #[test]
    fn the_database_s_url_may_be_kept_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("url"), "sqlite:data/cms.db\n").unwrap();
        let text = "product = 'acme'\nroot = 'public'\ndatabase = { file = 'url' }";
        let config = SiteConfig::parse(text, folder.path()).unwrap();
        let url = format!("sqlite:{}", folder.path().join("data/cms.db").display());
        assert_eq!(config.database.unwrap().reveal(), url);
    }

    #[test]
    fn no_error_and_no_debug_output_shows_the_database_s_url() {
        let url = "postgres://cms:hidden@db/cms";
        let rest = "product = 'acme'\nroot = 'public'\n";
        assert!(!format!("{:?}", parse(&format!("{rest}database = '{url}'"))).contains("hidden"));
        for wrong in [
            format!("database = '{url}\n{rest}"),
            format!("database = '{url}' x\n{rest}"),
            format!("database = ['{url}']\n{rest}"),
            format!("database = {{ url = '{url}' }}\n{rest}"),
            format!("database = {{ file = '{url}', mode = 1 }}\n{rest}"),
            format!("databse = '{url}'\n{rest}"),
            format!("database = '{url}'\ndatabase = '{url}'\n{rest}"),
        ] {
            let error = parse(&wrong).unwrap_err();
            assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
            assert!(error.message.contains("line 1") || error.message.contains("line 2"), "{error}");
        }
    }

    #[test]
    fn where_the_code_says_its_version_is_checked_when_it_is_read() {
        // B1
        let with = |more: &str| parse(&format!("product = 'acme'\nroot = 'public'\n[version]\n{more}"));
        assert!(with("file = 'version.php'\npattern = \"V = '{version}'\"").unwrap().version.is_some());
        assert!(with("file = 'VERSION'").unwrap().version.unwrap().pattern.is_none());
        for wrong in ["file = '../VERSION'", "file = 'VERSION'\npattern = 'V'", "pattern = 'V {version}'"] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dialect_from_a_library_is_pinned_by_its_sum() {
        let sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let with = |more: &str| {
            let library = format!("[[dialect]]\nname = 'firebird'\nlibrary = 'plugins/x.so'\n{more}");
            parse(&format!("product = 'acme'\nroot = 'public'\n{library}"))
        };
        let config = with(&format!("sha256 = '{sum}'\nisolate = true\ntimeout = '10m'")).unwrap();
        assert_eq!(config.dialects[0].library, Path::new("/srv/acme/plugins/x.so"));
        assert_eq!((config.dialects[0].isolate, config.dialects[0].timeout.as_secs()), (true, 600));
        assert_eq!(with(&format!("sha256 = '{sum}'")).unwrap().dialects[0].timeout, DEFAULT_TIMEOUT);
        for wrong in [String::new(), "sha256 = 'abc'".into(), format!("sha256 = '{sum}'\ntimeout = '-1s'")] {
            assert!(with(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_table_prefix_can_bring_nothing_into_a_statement() {
        // D14
        assert!(parse("product = 'acme'\nroot = 'public'\ntable-prefix = 'a; DROP'").is_err());
    }
}
