//! The script in a real PowerShell, against stub cmdlets: `pwsh` on every system, and `powershell.exe` on Windows. If
//! neither is there, the tests say so where the capture of test output does not reach, and pass.

#[path = "reviewed.rs"]
mod reviewed;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cmg_onboarding::{
    Call, DiscoverySpec, Site,
    site::{
        ClientAppImport, NamedConnection, ServerAppImport, SiteAction, SiteHierarchy, SiteItem, SiteOnboarded, SiteRemoval, SiteRowId,
        SiteSnapshot, UnreadRow,
        power_shell::{ConsoleScript, LocalProcess, PowerShellSite, SCRIPT},
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
    fn program(&self, name: &str, open: &str) -> PathBuf {
        let variables = [
            ("SMS_ADMIN_UI_PATH", self.folder.join("bin").join("i386").display().to_string()),
            ("CMG_STUB_STATE", self.folder.join("state.xml").display().to_string()),
            ("CMG_STUB_CALLS", self.calls_file().display().to_string()),
            ("CMG_STUB_OPEN", open.to_owned()),
        ];
        let set = |form: fn(&str, &str) -> String| variables.iter().map(|(name, value)| form(name, value)).collect::<String>();
        if cfg!(windows) {
            let text = format!("{}@{name}.exe %*\r\n", set(|name, value| format!("@set \"{name}={value}\"\r\n")));
            return written(&self.folder.join(format!("{name}.cmd")), &text);
        }
        let text = format!(
            "#!/bin/sh\n{}exec {name} \"$@\"\n",
            set(|name, value| format!("export {name}='{value}'\n"))
        );
        written(&self.folder.join(name), &text)
    }

    fn calls_file(&self) -> PathBuf {
        self.folder.join("calls.txt")
    }

    /// How many cmdlets of the module were called since it was asked last.
    fn calls(&self) -> usize {
        let called = fs::read_to_string(self.calls_file()).unwrap_or_default();
        let _ = fs::remove_file(self.calls_file());
        called.lines().count()
    }

    fn host(&self, name: &str) -> LocalProcess {
        self.host_of_a_site_that_answers(name, "")
    }

    /// What the reference leaves open is answered with "null" or with "error".
    fn host_of_a_site_that_answers(&self, name: &str, open: &str) -> LocalProcess {
        let host = LocalProcess::new().program(self.program(name, open));
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
        runs_the_whole_job(&console, console.host(name)).await;
    }
}

#[tokio::test]
async fn a_real_powershell_runs_the_script_from_a_file() {
    for name in installed("a copy of the script in a file was not run") {
        let console = Console::new(&format!("file-{name}"));
        let copy = console.folder.join("cmg-onboard.ps1");
        fs::write(&copy, SCRIPT).unwrap();
        runs_the_whole_job(&console, console.host(name).script_file(copy)).await;
    }
}

#[tokio::test]
async fn what_the_site_does_not_tell_is_unknown_and_not_absent() {
    for name in installed("a site that answers with null and with errors was not tried") {
        for open in ["null", "error"] {
            let console = Console::new(&format!("{open}-{name}"));
            let site = site(console.host_of_a_site_that_answers(name, open));
            let first = site.onboard(Call::quiet(), &wanted()).await.unwrap();
            assert!(
                first.done.iter().all(|step| step.action == SiteAction::Created),
                "{open}: {:?}",
                first.done
            );
            let second = site.onboard(Call::quiet(), &wanted()).await.unwrap();
            assert!(
                second.done.iter().all(|step| step.action == SiteAction::Unchanged),
                "{open}: {:?}",
                second.done
            );
            let snapshot = site.snapshot(Call::quiet()).await.unwrap();
            assert_eq!(
                snapshot.tenants[0].environment, None,
                "{open}: its number is known, and not its name"
            );
            assert_eq!(snapshot.connections.len(), 1, "{open}");

            let removal = SiteRemoval::new(first.connection.id, "Contoso CMG");
            if open == "error" {
                let mut with_discovery = wanted();
                with_discovery.discovery = Some(DiscoverySpec::builder().users().build().unwrap());
                let failure = site.onboard(Call::quiet(), &with_discovery).await.unwrap_err();
                assert!(format!("{failure:?}").contains("which discovery is set"), "{failure:?}");
                let refusal = site.remove(Call::quiet(), &removal).await.unwrap_err();
                assert!(format!("{refusal:?}").contains("whether a gateway uses it"), "{refusal:?}");
            }
            let removed = site.remove(Call::quiet(), &removal.stating_no_gateway(true)).await.unwrap();
            assert!(removed.connection, "{open}");
        }
    }
}

#[tokio::test]
async fn a_row_that_does_not_tell_is_unread_and_not_absent() {
    for name in installed("rows that cannot be read were not tried") {
        for (open, property) in [
            ("appWithoutId", "ClientID"),
            ("appWithoutTenant", "TenantID"),
            ("appWithoutKind", "IsClientApp"),
        ] {
            let snapshot = snapshot_of_a_connection(name, open).await;
            let unread = UnreadRow::new("SMS_AAD_Application_Ex", Some(SiteRowId(4243)), property);
            assert_eq!(snapshot.unread, [unread], "{open}");
            assert_eq!(snapshot.applications.len(), 2, "{open}");
        }
        for open in ["flagNull", "ofAnyConnection", "groupsUnnamed"] {
            let snapshot = snapshot_of_a_connection(name, open).await;
            assert!(snapshot.connections[0].is_discovery_unread, "{open}");
        }
        let snapshot = snapshot_of_a_connection(name, "changesAlone").await;
        let users = snapshot.connections[0].user_discovery.clone().unwrap();
        assert!(!snapshot.connections[0].is_discovery_unread);
        assert_eq!(
            (users.delta_minutes, users.full_schedule),
            (Some(30), None),
            "the full one is switched off"
        );
    }
}

/// What is seen of a connection at a site that answers in its own way.
async fn snapshot_of_a_connection(name: &str, open: &str) -> SiteSnapshot {
    let console = Console::new(&format!("unread-{open}-{name}"));
    site(console.host(name)).onboard(Call::quiet(), &wanted()).await.unwrap();
    let site = site(console.host_of_a_site_that_answers(name, open));
    site.snapshot(Call::quiet()).await.unwrap()
}

/// Runs a request as an administrator does, and reads its result.
fn in_the_console(console: &Console, name: &str, request: &ConsoleScript) -> SiteOnboarded {
    let [script, file] = request.write_to(&console.folder).unwrap();
    let mut command = Command::new(console.program(name, ""));
    command.arg("-NoProfile");
    // Files of a test are not signed.
    if cfg!(windows) {
        command.args(["-ExecutionPolicy", "Bypass"]);
    }
    command.arg("-File").arg(script).arg("-RequestFile").arg(file);
    command.env_remove("PSModulePath").stdin(Stdio::null());
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    ConsoleScript::read_result(&console.folder).unwrap()
}

#[tokio::test]
async fn the_console_form_updates_the_server_app_once_if_it_is_asked_for() {
    for name in installed("the update of the server app was not tried") {
        let console = Console::new(&format!("update-{name}"));
        let mut wanted = wanted();
        site(console.host(name)).onboard(Call::quiet(), &wanted).await.unwrap();
        wanted.server_app = ServerAppImport::Known(wanted.server_app.client_id());
        wanted.client_app = ClientAppImport::Known(wanted.client_app.client_id());
        let of_server = |result: &SiteOnboarded| -> Vec<SiteAction> {
            let steps = result.done.iter().filter(|step| step.item == SiteItem::ServerApp);
            steps.map(|step| step.action.clone()).collect()
        };
        let plain = ConsoleScript::new("P01", "provider.contoso.com", &wanted).unwrap();
        assert_eq!(of_server(&in_the_console(&console, name, &plain)), [SiteAction::Unchanged]);
        let updating = ConsoleScript::updating_server_app("P01", "provider.contoso.com", &wanted).unwrap();
        let updated = in_the_console(&console, name, &updating);
        assert_eq!(of_server(&updated), [SiteAction::Unchanged, SiteAction::Changed]);
        let again = in_the_console(&console, name, &updating);
        assert_eq!(of_server(&again), [SiteAction::Unchanged], "the site shows the reply URL by now");
    }
}

fn site(host: LocalProcess) -> PowerShellSite {
    PowerShellSite::builder("P01", "provider.contoso.com").host(host).build().unwrap()
}

async fn runs_the_whole_job(console: &Console, host: LocalProcess) {
    let site = site(host);
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
    assert!(console.calls() <= 8, "a look asks for each thing once");
    let first = site.onboard(Call::quiet(), &wanted).await.unwrap();
    assert!(console.calls() <= 17, "nothing is read twice without a write between");
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
    assert!(console.calls() <= 7, "a second run only looks");
    assert!(
        second.done.iter().all(|step| step.action == SiteAction::Unchanged),
        "{:?}",
        second.done
    );
    let snapshot = site.snapshot(Call::quiet()).await.unwrap();
    assert_eq!((snapshot.applications.len(), snapshot.connections.len()), (2, 1));

    assert_eq!(snapshot.info.hierarchy, SiteHierarchy::Top);
    assert_eq!(snapshot.info.provider.as_deref(), Some("provider.contoso.com"));
    assert_eq!(snapshot.info.is_service_connection_point_online, Some(true));
    assert_eq!(snapshot.gateways.as_deref(), Some([].as_slice()));

    wanted.name = "Fabrikam CMG".to_owned();
    wanted.renamed_from = Some(NamedConnection::new(first.connection.id, "Contoso CMG"));
    wanted.discovery = Some(DiscoverySpec::builder().users_off().build().unwrap());
    let changed = site.onboard(Call::quiet(), &wanted).await.unwrap();
    let of = |item| changed.done.iter().find(|step| step.item == item).map(|step| step.action.clone());
    assert_eq!(of(SiteItem::Connection), Some(SiteAction::Changed));
    assert_eq!(of(SiteItem::Discovery), Some(SiteAction::Changed));
    assert_eq!(
        (changed.connection.id, changed.connection.name.as_str()),
        (first.connection.id, "Fabrikam CMG")
    );
    assert_eq!(changed.connection.user_discovery, None);

    let removed = site
        .remove(Call::quiet(), &SiteRemoval::new(first.connection.id, "Fabrikam CMG"))
        .await
        .unwrap();
    assert!(removed.connection && removed.left_behind.len() == 3, "{removed:?}");
}
