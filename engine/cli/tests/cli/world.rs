//! A folder in which the command is run, and the transcript of what it said.

use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::statements::split;
use patchwright_hooks_api::{ConnectSpec, Dialect, Statement};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// What differs from run to run, as patterns of digits (`9`) and hexadecimal digits (`f`), and what stands for it.
const REDACTED: [(&str, &str); 4] = [
    ("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "[SHA256]"),
    ("9999-99-99T99:99:99Z", "[TIME]"),
    ("99999999T999999Z-ffffffffffffffff-9", "[RUN]"),
    ("SQLite 9.99.9", "SQLite [VERSION]"),
];

/// Who runs the command where modes are to bind him: nobody, as far as the system is concerned.
const NOBODY: u32 = 65534;

pub(crate) struct World {
    folder: TempDir,
    transcript: String,
    /// The command of its own that another user than root runs.
    of_nobody: Option<PathBuf>,
}

impl World {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), transcript: String::new(), of_nobody: None }
    }

    /// A folder with the site `acme 1.0.0`: one page, and a ledger of its own.
    pub(crate) fn with_site() -> Self {
        let world = Self::new();
        world.write("public/index.php", "<?php echo 'hello';\n");
        let made = world.command(&["init", "--root", "public", "--product", "acme", "--version", "1.0.0"]);
        assert!(made.status.success(), "{made:?}");
        world
    }

    /// A folder with the site `acme 1.0.0`, which has the database `cms.db` and tables that begin with this.
    pub(crate) fn with_database(prefix: &str) -> Self {
        let world = Self::new();
        world.write("public/index.php", "<?php echo 'hello';\n");
        world.sql("");
        let mut words = vec!["init", "--root", "public", "--product", "acme", "--version", "1.0.0"];
        words.extend(["--database", "sqlite:cms.db", "--table-prefix", prefix]);
        let made = world.command(&words);
        assert!(made.status.success(), "{made:?}");
        world
    }

    /// A folder with the site `acme 1.0.1`, whose ledger the engine 0.1 began and wrote.
    pub(crate) fn of_the_first_engine() -> Self {
        let world = Self::new();
        world.write("public/index.php", "<?php\n");
        world.write("patchwright.toml", "product = 'acme'\nroot = 'public'\ndatabase = 'sqlite:cms.db'\n");
        fs::create_dir(world.path(".patchwright")).unwrap();
        world.sql(include_str!("ledger-0.1.sql"));
        world
    }

    /// Runs a script on the site's database, as somebody does by hand.
    pub(crate) fn sql(&self, script: &str) {
        let url = format!("sqlite:{}", self.path("cms.db").display());
        let mut connection = Sqlite.connect(&ConnectSpec { url, create: true }).unwrap();
        for piece in split(script, &Sqlite.info().lexical).unwrap() {
            connection.execute(&Statement::new(piece.text)).unwrap();
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Packs the patch that leads from one version to another by these steps into `patches/ID.tar.gz`.
    pub(crate) fn patch(&self, from: &str, to: &str, steps: &str, files: &[(&str, &str)]) {
        self.patch_folder(from, to, steps, files);
        let packed = self.command(&["pack", &format!("acme-{to}"), "-o", &format!("patches/acme-{to}.tar.gz")]);
        assert!(packed.status.success(), "{packed:?}");
    }

    /// Writes the folder of a patch.
    pub(crate) fn patch_folder(&self, from: &str, to: &str, steps: &str, files: &[(&str, &str)]) {
        let xml = format!(
            "<patch format=\"1\" product=\"acme\" id=\"acme-{to}\" from=\"{from}\" to=\"{to}\" severity=\"important\">\n\
             \x20 <title>Acme {to}</title>\n\
             \x20 <changelog more=\"https://acme.example/{to}\"><change>Says more</change></changelog>\n\
             \x20 <steps>\n{steps}\n  </steps>\n</patch>\n"
        );
        self.write(&format!("acme-{to}/patch.xml"), &xml);
        for (path, content) in files {
            self.write(&format!("acme-{to}/{path}"), content);
        }
        fs::create_dir_all(self.path("patches")).unwrap();
    }

    /// Runs the command and notes what it said.
    pub(crate) fn run(&mut self, line: &str) -> &mut Self {
        let said = self.command(&words(line));
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        let code = said.status.code().unwrap();
        write!(self.transcript, "$ patchwright {line}\n{out}").unwrap();
        err.lines().for_each(|line| writeln!(self.transcript, "! {line}").unwrap());
        if code != 0 {
            writeln!(self.transcript, "? {code}").unwrap();
        }
        self.transcript.push('\n');
        self
    }

    /// Notes something between two runs.
    pub(crate) fn note(&mut self, text: &str) -> &mut Self {
        writeln!(self.transcript, "# {text}\n").unwrap();
        self
    }

    /// Runs the command with `--json` and gives what it said and its exit code.
    pub(crate) fn json(&self, line: &str) -> (Value, i32) {
        let mut words = words(line);
        words.push("--json");
        let said = self.command(&words);
        let json = serde_json::from_slice(&said.stdout);
        (json.unwrap_or_else(|error| panic!("{error}: {said:?}")), said.status.code().unwrap())
    }

    /// All that was noted, without what differs from run to run.
    pub(crate) fn transcript(&self) -> String {
        redacted(&self.transcript, self.folder.path())
    }

    pub(crate) fn command(&self, words: &[&str]) -> Output {
        self.prepared(words).output().unwrap()
    }

    /// Starts the command, to be talked to while it runs.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.prepared(words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// From here on the folder belongs to a user whom modes bind, and he runs the command. Root gives it away; everybody else is
    /// such a user himself.
    pub(crate) fn run_by_nobody(&mut self) -> &mut Self {
        if rustix::process::geteuid().is_root() {
            let command = self.path("patchwright");
            fs::copy(env!("CARGO_BIN_EXE_patchwright"), &command).unwrap();
            give_away(self.folder.path());
            self.of_nobody = Some(command);
        }
        self
    }

    pub(crate) fn set_mode(&self, path: &str, mode: u32) -> &Self {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o7777
    }

    pub(crate) fn prepared(&self, words: &[&str]) -> Command {
        let own = self.of_nobody.as_deref();
        let mut command = Command::new(own.unwrap_or(Path::new(env!("CARGO_BIN_EXE_patchwright"))));
        if own.is_some() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("USER", "tester")
            .env("COLUMNS", "100")
            .env_remove("SUDO_USER");
        command
    }
}

fn give_away(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

/// The words of a line; blanks within single quotes do not part them.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(number, part)| if number % 2 == 1 { vec![part] } else { part.split(' ').collect() });
    words.filter(|word| !word.is_empty()).collect()
}

fn redacted(text: &str, folder: &Path) -> String {
    let real = folder.canonicalize().unwrap();
    let text = text.replace(real.to_str().unwrap(), "[FOLDER]").replace(folder.to_str().unwrap(), "[FOLDER]");
    let mut redacted = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let found = REDACTED.iter().find(|(pattern, _)| fits(pattern, rest));
        let (written, length) =
            found.map_or((&rest[..first.len_utf8()], first.len_utf8()), |(pattern, name)| (*name, pattern.len()));
        redacted.push_str(written);
        rest = &rest[length..];
    }
    redacted
}

fn fits(pattern: &str, text: &str) -> bool {
    let fits = |(pattern, found): (u8, u8)| match pattern {
        b'9' => found.is_ascii_digit(),
        b'f' => found.is_ascii_hexdigit(),
        _ => pattern == found,
    };
    text.len() >= pattern.len() && pattern.bytes().zip(text.bytes()).all(fits)
}
