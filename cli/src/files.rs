//! Files: read without leaving a copy of what may be a secret, and written whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use secrecy::zeroize::Zeroizing;

use crate::bad_input::BadInput;

/// No certificate, key, specification or plan is longer.
const LONGEST: usize = 16 * 1024 * 1024;

/// How many names are tried for a file beside another one.
const NAMES_BESIDE: usize = 100;

/// The bytes of a file that may hold a key or a secret. They are wiped when they are no longer needed.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, BadInput> {
    let bytes = read_wiped(path).map_err(|error| BadInput::unreadable(path, &error))?;
    if bytes.len() > LONGEST {
        return Err(BadInput::unreadable(path, &"it is longer than 16 MiB"));
    }
    Ok(bytes)
}

/// The same as text.
pub(crate) fn read_text(path: &Path) -> Result<Zeroizing<String>, BadInput> {
    let bytes = read(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| BadInput::unreadable(path, &"it is not text in UTF-8"))?;
    // Windows PowerShell 5.1 writes this mark in front of UTF-8.
    Ok(Zeroizing::new(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Grows by hand: a buffer that moves leaves its old bytes behind.
fn read_wiped(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    let expected = usize::try_from(file.metadata()?.len()).unwrap_or(LONGEST).min(LONGEST);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    let mut part = Zeroizing::new([0_u8; 4096]);
    loop {
        let count = file.read(part.as_mut_slice())?;
        if count == 0 || bytes.len() > LONGEST {
            return Ok(bytes);
        }
        if bytes.capacity() - bytes.len() < count {
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.capacity() * 2 + count));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        bytes.extend_from_slice(&part[..count]);
    }
}

/// Writes a file whole or not at all, even if the machine stops meanwhile: a file beside it takes the content, and then
/// its name. What is there is replaced, if it is a regular file.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, Readers::AsUsual)
}

/// The same for what no other account has to see. On Unix only the owner can read it; on Windows the folder decides.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, Readers::Owner)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    AsUsual,
    Owner,
}

fn replace(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let folder = folder_of(path)?;
    let mut beside = Beside::create(path, folder, readers)?;
    beside.fill(content)?;
    beside.take_the_name_of(path)?;
    sync_folder(folder)
}

/// Refuses what no file of this program may take the place of: a folder, a device, a link.
pub(crate) fn refuse_irregular(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) if found.is_dir() => Err(io::Error::other("it is a folder")),
        Ok(_) => Err(io::Error::other("it is there already, and it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the folder of a file, and sees that a file can be written there: a secret that was issued before a file
/// turned out to be impossible would be lost.
pub(crate) fn prepare(path: &Path) -> io::Result<()> {
    let folder = folder_of(path)?;
    fs::create_dir_all(folder)?;
    refuse_irregular(path)?;
    let mut beside = Beside::create(path, folder, Readers::Owner)?;
    beside.fill(b"")
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    path.file_name().ok_or_else(|| io::Error::other("it is not the name of a file"))?;
    Ok(folder.unwrap_or_else(|| Path::new(".")))
}

/// A file of this program beside another one. It is removed unless it takes the other one's name.
struct Beside {
    path: PathBuf,
    /// Closed once it has its content: Windows renames and removes a closed file at once.
    file: Option<File>,
    is_renamed: bool,
}

impl Beside {
    /// Always a new file: one that is there may be a link that was put there to lead elsewhere, or may be readable for others.
    /// A process with the same number may have left one behind, so that the name has a number of its own, too.
    fn create(path: &Path, folder: &Path, readers: Readers) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        #[cfg(not(unix))]
        let _ = readers;
        let mut trouble = io::Error::other("no file can be made beside it");
        for attempt in 0..NAMES_BESIDE {
            let mut name = std::ffi::OsString::from(".");
            name.push(path.file_name().unwrap_or_default());
            name.push(format!(".{}-{attempt}.part", std::process::id()));
            let beside = folder.join(name);
            match options.open(&beside) {
                Ok(file) => {
                    return Ok(Self {
                        path: beside,
                        file: Some(file),
                        is_renamed: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => trouble = error,
                Err(error) => return Err(error),
            }
        }
        Err(trouble)
    }

    fn fill(&mut self, content: &[u8]) -> io::Result<()> {
        let Some(mut file) = self.file.take() else {
            return Err(io::Error::other("it has its content already"));
        };
        file.write_all(content)?;
        file.sync_all()
    }

    fn take_the_name_of(mut self, path: &Path) -> io::Result<()> {
        refuse_irregular(path)?;
        fs::rename(&self.path, path)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.file = None;
        if !self.is_renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = folder("replaced");
        let path = folder.join("below").join("file");
        prepare(&path).unwrap();
        assert!(!path.exists(), "looking leaves nothing behind");
        write(&path, b"first").unwrap();
        write_private(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_cannot_be_a_file_is_refused_beforehand() {
        let folder = folder("refused");
        fs::create_dir_all(&folder).unwrap();
        assert!(prepare(&folder).is_err());
        assert!(prepare(Path::new("/")).is_err());
        fs::write(folder.join("file"), "").unwrap();
        assert!(prepare(&folder.join("file").join("below")).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn neither_a_device_nor_a_link_is_replaced_and_no_planted_link_is_followed() {
        use std::os::unix::fs::symlink;

        let folder = folder("irregular");
        fs::create_dir_all(&folder).unwrap();
        let (target, link, path) = (folder.join("target"), folder.join("link"), folder.join("plan"));
        fs::write(&target, "what another program has written").unwrap();
        symlink(&target, &link).unwrap();
        assert!(write(&link, b"new").is_err() && prepare(&link).is_err());
        assert!(write(Path::new("/dev/null"), b"new").is_err() && prepare(Path::new("/dev/null")).is_err());
        // Where the content would go first.
        let planted = folder.join(format!(".plan.{}-0.part", std::process::id()));
        symlink(&target, &planted).unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_to_string(&target).unwrap(), "what another program has written");
        assert!(
            fs::symlink_metadata(&planted).unwrap().is_symlink(),
            "it is left to whom it belongs"
        );
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_is_read_whole_however_long_it_is() {
        let folder = folder("read");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("long");
        let content: Vec<u8> = (0..20_000_u32).map(|number| (number % 251) as u8).collect();
        fs::write(&path, &content).unwrap();
        assert_eq!(*read(&path).unwrap(), content);
        fs::write(&path, "\u{feff}{}").unwrap();
        assert_eq!(*read_text(&path).unwrap(), "{}");
        assert!(read(&folder.join("none")).unwrap_err().0.contains("cannot be read"));
        fs::remove_dir_all(folder).unwrap();
    }
}
