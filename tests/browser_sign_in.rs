//! The browser's way with a real browser: a headless Chromium opens the sign-in page and comes back.
//!
//! It needs `chromium` on the path, or another Chromium named by the environment variable `CMG_TEST_BROWSER`; without
//! either it says so and proves nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{BrowserSignIn, CachedTokens, Call, Directory, GraphDirectory, TokenProvider, TokenRequest, error::TokenFailure};
use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer, SignInTrouble};

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Prints the page it ends on, and exits.
    "--dump-dom",
];

/// A browser with a profile of its own, both gone when it is dropped.
struct Browser {
    profile: PathBuf,
    child: Option<Child>,
}

impl Browser {
    fn open(binary: &Path, page: &str) -> Self {
        let profile = env::temp_dir().join(format!("cmg-onboarding-{}", uuid::Uuid::new_v4()));
        let child = Command::new(binary)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(page)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        Self {
            profile,
            child: Some(child),
        }
    }

    /// The page it ended on.
    fn last_page(mut self) -> String {
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn binary() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CMG_TEST_BROWSER") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join("chromium"))
        .find(|file| file.is_file())
}

/// Signs in with a real browser and gives the provider, and the browser as soon as it was opened.
fn sign_in(binary: &Path, server: &EmulatorServer) -> (BrowserSignIn, Arc<Mutex<Option<Browser>>>) {
    let opened: Arc<Mutex<Option<Browser>>> = Arc::default();
    let (slot, binary) = (opened.clone(), binary.to_owned());
    let open = move |page: &url::Url| *slot.lock().unwrap() = Some(Browser::open(&binary, page.as_str()));
    let provider = BrowserSignIn::new(server.endpoints().clone(), open).sign_in_timeout(Duration::from_secs(120));
    (provider, opened)
}

#[tokio::test]
async fn a_real_browser_signs_in_and_comes_back() {
    let Some(binary) = binary() else {
        eprintln!("skipped: there is no chromium on the path, and CMG_TEST_BROWSER names none");
        return;
    };
    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let (provider, opened) = sign_in(&binary, &server);
    let directory = GraphDirectory::new(server.endpoints().clone(), CachedTokens::new(provider));
    assert_eq!(directory.tenant(Call::quiet()).await.unwrap().display_name, "Contoso");
    let page = opened.lock().unwrap().take().unwrap().last_page();
    assert!(page.contains("You can close this window"), "{page}");

    tenant.trouble_sign_in(SignInTrouble::Declined);
    let (provider, opened) = sign_in(&binary, &server);
    let request = TokenRequest::new([server.endpoints().default_scope()]);
    let error = provider.token(&request).await.unwrap_err();
    assert_eq!(error.failure(), TokenFailure::Declined);
    let page = opened.lock().unwrap().take().unwrap().last_page();
    assert!(page.contains("The program shows the reason"), "{page}");
}
