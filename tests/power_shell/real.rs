//! The script in a real PowerShell, against stub cmdlets: `pwsh` on every system, and `powershell.exe` on Windows. If
//! neither is there, the tests say so where the capture of test output does not reach, and pass.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cmg_onboarding::{
    Call, DiscoverySpec, Site,
    site::{
        SiteAction, SiteItem, SiteRemoval,
        power_shell::{LocalProcess, PowerShellSite, SCRIPT},
    },
};

use crate::support::wanted;

/// The PowerShells that this system may have, by the names of their programs.
const PROGRAMS: &[&str] = if cfg!(windows) { &["powershell", "pwsh"] } else { &["pwsh"] };

/// A folder with the stub module where a Configuration Manager console would have it, and its rows.
struct Console {
    folder: PathBuf,
}

impl Console {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cmg-onboarding-real-{name}-{}", std::process::id()));
        let stub = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/power_shell/stub");
        fs::create_dir_all(folder.join("bin/i386")).unwrap();
        for file in ["ConfigurationManager.psd1", "ConfigurationManager.psm1"] {
            fs::copy(stub.join(file), folder.join("bin").join(file)).unwrap();
        }
        Self { folder }
    }

    /// A program of this name that starts the real one with the console's environment, which this process cannot have
    /// itself: other tests run in it.
    fn program(&self, name: &str) -> PathBuf {
        let (module, rows) = (self.folder.join("bin").join("i386"), self.folder.join("state.xml"));
        if cfg!(windows) {
            let text = format!(
                "@set \"SMS_ADMIN_UI_PATH={}\"\r\n@set \"CMG_STUB_STATE={}\"\r\n@{name}.exe %*\r\n",
                module.display(),
                rows.display()
            );
            return written(&self.folder.join(format!("{name}.cmd")), &text);
        }
        let text = format!(
            "#!/bin/sh\nexport SMS_ADMIN_UI_PATH='{}' CMG_STUB_STATE='{}'\nexec {name} \"$@\"\n",
            module.display(),
            rows.display()
        );
        written(&self.folder.join(name), &text)
    }

    fn host(&self, name: &str) -> LocalProcess {
        let host = LocalProcess::new().program(self.program(name));
        // Files of the stub are not signed.
        if cfg!(windows) { host.execution_policy("Bypass") } else { host }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn written(path: &Path, text: &str) -> PathBuf {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    path.to_owned()
}

/// The PowerShells that are there. What is skipped is told on the real standard error.
fn installed(what: &str) -> Vec<&'static str> {
    let is_there = |name: &&&str| {
        let mut command = Command::new(name);
        command
            .args(["-NoProfile", "-NonInteractive", "-Command", "exit 0"])
            .stdin(Stdio::null());
        // Started below a PowerShell 7, Windows PowerShell would inherit its module path.
        command.env_remove("PSModulePath");
        command.status().is_ok_and(|status| status.success())
    };
    let found: Vec<_> = PROGRAMS.iter().filter(is_there).copied().collect();
    for missing in PROGRAMS.iter().filter(|name| !found.contains(name)) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no {missing} on this machine: {what}");
    }
    found
}

#[tokio::test]
async fn a_real_powershell_runs_the_script_against_stub_cmdlets() {
    for name in installed("the script was checked by its grammar alone") {
        let console = Console::new(&format!("input-{name}"));
        runs_the_whole_job(console.host(name)).await;
    }
}

#[tokio::test]
async fn a_real_powershell_runs_the_script_from_a_file() {
    for name in installed("a copy of the script in a file was not run") {
        let console = Console::new(&format!("file-{name}"));
        let copy = console.folder.join("cmg-onboard.ps1");
        fs::write(&copy, SCRIPT).unwrap();
        runs_the_whole_job(console.host(name).script_file(copy)).await;
    }
}

async fn runs_the_whole_job(host: LocalProcess) {
    let site = PowerShellSite::builder("P01", "provider.contoso.com").host(host).build().unwrap();
    let mut wanted = wanted();
    wanted.description = Some("Z\u{fc}rich \u{1F512} \"quoted\"".to_owned());
    wanted.discovery = Some(
        DiscoverySpec::builder()
            .user_schedule("0001170000100038".parse().unwrap())
            .user_delta_minutes(30)
            .build()
            .unwrap(),
    );

    assert!(site.snapshot(Call::quiet()).await.unwrap().tenants.is_empty());
    let first = site.onboard(Call::quiet(), &wanted).await.unwrap();
    let items: Vec<_> = first.done.iter().map(|step| step.item).collect();
    let all = [
        SiteItem::Tenant,
        SiteItem::ServerApp,
        SiteItem::ClientApp,
        SiteItem::Connection,
        SiteItem::Discovery,
    ];
    assert_eq!(items, all);
    assert!(first.done.iter().all(|step| step.action == SiteAction::Created), "{:?}", first.done);
    assert_eq!(first.connection.description, wanted.description);
    assert_eq!(first.connection.user_discovery.as_ref().unwrap().delta_minutes, Some(30));

    let second = site.onboard(Call::quiet(), &wanted).await.unwrap();
    assert!(
        second.done.iter().all(|step| step.action == SiteAction::Unchanged),
        "{:?}",
        second.done
    );
    let snapshot = site.snapshot(Call::quiet()).await.unwrap();
    assert_eq!((snapshot.applications.len(), snapshot.connections.len()), (2, 1));

    let removed = site
        .remove(Call::quiet(), &SiteRemoval::new(first.connection.id, "Contoso CMG"))
        .await
        .unwrap();
    assert!(removed.connection && removed.left_behind.len() == 3, "{removed:?}");
}
