//! Sessions in a folder that the user of the program has named: one file each, replaced whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;
use uuid::Uuid;

use super::user::User;

/// No file of a session is longer.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Store(PathBuf);

/// What a file was, and what it holds.
pub(super) struct Found {
    pub(super) user: User,
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
        sync_folder(&folder)
    }

    pub(super) fn remove(&self, user: &User, id: Uuid) -> io::Result<()> {
        match fs::remove_file(self.file(user, id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
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
                if path.extension().is_some_and(|extension| extension == "json") {
                    let content = read_json(&path);
                    found.push(Found {
                        user: user.clone(),
                        path,
                        content,
                    });
                }
            }
        }
        Ok(found)
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
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
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
