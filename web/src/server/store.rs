//! Sessions in a folder that the user of the program has named: one file each, replaced whole or not at all.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;
use uuid::Uuid;

use super::user::User;

/// No file of a session is longer.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Behind the id in the name of a file that could not be written when its session's secret was handed over.
const TAKEN: &str = ".taken";

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Store(PathBuf);

/// What a file was, and what it holds.
pub(super) struct Found {
    pub(super) user: User,
    /// The session that it is of, by its name.
    pub(super) id: Option<String>,
    pub(super) path: PathBuf,
    pub(super) content: io::Result<Value>,
}

impl Store {
    /// The folder, made if it is missing. Only its owner may look into it, on Unix.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        make_folder(folder)?;
        Ok(Self(folder.to_owned()))
    }

    fn file(&self, user: &User, id: Uuid) -> PathBuf {
        self.0.join(user.folder()).join(format!("{id}.json"))
    }

    /// The name of a session's file whose secret was handed over when nothing could be written to it.
    fn taken_file(&self, user: &User, id: &str) -> PathBuf {
        self.0.join(user.folder()).join(format!("{id}{TAKEN}.json"))
    }

    /// Notes that the secret of a session was handed over, without writing to a file: a full disk allows that.
    pub(super) fn note_taken(&self, user: &User, id: Uuid) -> io::Result<()> {
        let path = self.file(user, id);
        let taken = self.taken_file(user, &id.to_string());
        if taken.exists() && !path.exists() {
            return Ok(());
        }
        fs::rename(path, taken)?;
        sync_folder(&self.0.join(user.folder()))
    }

    pub(super) fn write(&self, user: &User, id: Uuid, content: &Value) -> io::Result<()> {
        let path = self.file(user, id);
        let folder = self.0.join(user.folder());
        make_folder(&folder)?;
        let beside = folder.join(format!(".{id}.part"));
        let written = write_through(&beside, content).and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
            return written;
        }
        sync_folder(&folder)?;
        // What its name says, the file says from now on. One that cannot be removed is passed over.
        let _ = remove(&self.taken_file(user, &id.to_string()));
        Ok(())
    }

    pub(super) fn remove(&self, user: &User, id: Uuid) -> io::Result<()> {
        remove(&self.taken_file(user, &id.to_string()))?;
        remove(&self.file(user, id))
    }

    /// Every session that is kept.
    pub(super) fn read(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for folder in fs::read_dir(&self.0)? {
            let folder = folder?;
            let user = folder.file_name().to_str().and_then(User::of_folder);
            let Some(user) = user.filter(|_| folder.path().is_dir()) else {
                continue;
            };
            for file in fs::read_dir(folder.path())? {
                let path = file?.path();
                if path.extension().is_none_or(|extension| extension != "json") {
                    continue;
                }
                let name = path.file_stem().and_then(OsStr::to_str).map(str::to_owned);
                let taken = name.as_deref().and_then(|name| name.strip_suffix(TAKEN)).map(str::to_owned);
                let mut content = read_json(&path);
                if let Some(id) = &taken {
                    // A newer file of the same session says what became of the secret.
                    if self.0.join(user.folder()).join(format!("{id}.json")).exists() {
                        continue;
                    }
                    if let Ok(content) = &mut content {
                        hand_over(content);
                    }
                }
                found.push(Found {
                    user: user.clone(),
                    id: taken.or(name),
                    path,
                    content,
                });
            }
        }
        Ok(found)
    }
}

/// The secret that the file says is held was handed over.
fn hand_over(content: &mut Value) {
    if content["secret"]["state"] == "held" {
        content["secret"]["state"] = "handedOver".into();
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read_json(path: &Path) -> io::Result<Value> {
    let file = File::open(path)?;
    if file.metadata()?.len() > LONGEST {
        return Err(too_long());
    }
    Ok(serde_json::from_reader(io::BufReader::new(file))?)
}

fn too_long() -> io::Error {
    io::Error::other("it is longer than 16 MiB")
}

fn write_through(path: &Path, content: &Value) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let content = serde_json::to_vec_pretty(content)?;
    if content.len() as u64 > LONGEST {
        return Err(too_long());
    }
    // One that the end of the process has left is of no use, and what else may stand there is not written through.
    remove(path)?;
    let mut file = options.open(path)?;
    file.write_all(&content)?;
    file.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// The new name is safe as well only once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows opens no folder as a file, and its file systems keep a journal of names.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
