//! The browser of this machine.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use uuid::Uuid;

/// A file of this account alone that leads a browser to the address. Other accounts of the machine can read command lines, so
/// the address with its key is in none. The file is removed when this is dropped.
pub(crate) struct Opened(Option<PathBuf>);

impl Opened {
    /// Opens the address with what the desktop has for that. The address is printed as well.
    pub(crate) fn open(address: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmg-onboard-web-{}.html", Uuid::new_v4().simple()));
        let opened = Self(Some(path.clone()));
        if let Err(error) = write(&path, address).and_then(|()| show(&path)) {
            eprintln!("No browser could be opened ({error}): open the address yourself.");
        }
        opened
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // If it could not be written there is none.
            let _ = fs::remove_file(path);
        }
    }
}

fn write(path: &Path, address: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={address}\"><title>Azure Services</title>\
         <p><a href=\"{address}\">Open the wizard</a></p></html>\n"
    );
    options.open(path)?.write_all(page.as_bytes())
}

fn show(path: &Path) -> io::Result<()> {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else if cfg!(target_os = "macos") {
        Command::new("open")
    } else {
        Command::new("xdg-open")
    };
    command.arg(path).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_leads_to_the_address_is_of_this_account_alone() {
        let path = std::env::temp_dir().join(format!("cmg-onboard-web-test-{}.html", std::process::id()));
        let opened = Opened(Some(path.clone()));
        write(&path, "http://127.0.0.1:1/?key=k").unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("0;url=http://127.0.0.1:1/?key=k\""));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(write(&path, "another one").is_err(), "what stands there is not written over");
        drop(opened);
        assert!(!path.exists());
    }
}
