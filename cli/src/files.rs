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
/// its name.
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
    let (folder, beside) = beside(path)?;
    let written = write_through(&beside, content, readers).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    sync_folder(folder)
}

/// Makes the folder of a file, and sees that a file can be written there: a secret that was issued before a file
/// turned out to be impossible would be lost.
pub(crate) fn prepare(path: &Path) -> io::Result<()> {
    let (folder, beside) = beside(path)?;
    if path.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    fs::create_dir_all(folder)?;
    write_through(&beside, b"", Readers::Owner)?;
    fs::remove_file(&beside)
}

/// The folder, and a name in it that no other process uses.
fn beside(path: &Path) -> io::Result<(&Path, PathBuf)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it is not the name of a file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    Ok((folder, folder.join(beside)))
}

fn write_through(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
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
