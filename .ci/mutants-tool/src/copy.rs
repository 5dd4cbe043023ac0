//! A copy of the repository. Only files that differ are written, so that cargo builds no more than it has to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use crate::Failure;

/// The sources that get mutants, as they are in the repository. All others are brought up to date in the copy.
pub(crate) fn update(repository: &Path, copy: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(list).current_dir(repository).output()?;
    if !output.status.success() {
        return Err(format!("git: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let names = String::from_utf8(output.stdout)?;
    let mut present = BTreeSet::new();
    let mut sources = BTreeMap::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        // A file that was deleted and not yet committed is in git's list.
        let Ok(bytes) = fs::read(repository.join(name)) else { continue };
        present.insert(copy.join(name));
        if name.starts_with("src/") && name.ends_with(".rs") {
            sources.insert(name.to_owned(), String::from_utf8(bytes)?);
        } else {
            write(&copy.join(name), &bytes)?;
        }
    }
    remove_others(copy, &present)?;
    Ok(sources)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}

fn remove_others(folder: &Path, present: &BTreeSet<std::path::PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            remove_others(&path, present)?;
        } else if !present.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
