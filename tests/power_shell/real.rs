//! The script in a real PowerShell, against stub cmdlets. Where there is no PowerShell, the test says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cmg_onboarding::{
    Call, DiscoverySpec, Site,
    site::{
        NamedConnection, SiteAction, SiteHierarchy, SiteItem, SiteRemoval,
        power_shell::{LocalProcess, PowerShellSite},
    },
};

use crate::support::wanted;

/// What PowerShell is called here: on Windows both the one of Windows and PowerShell 7.
const PROGRAMS: &[&str] = if cfg!(windows) {
    &["powershell.exe", "pwsh.exe"]
} else {
    &["pwsh"]
};

/// A PowerShell that finds the stub module, and keeps its rows in this folder.
fn power_shell_in(folder: &Path, program: &str) -> LocalProcess {
    let modules = folder.join("modules").join("ConfigurationManager");
    fs::create_dir_all(&modules).unwrap();
    let stub = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/power_shell/stub/ConfigurationManager.psm1");
    fs::copy(stub, modules.join("ConfigurationManager.psm1")).unwrap();
    LocalProcess::new().program(wrapper(folder, program))
}

/// A program that sets the environment for the stub and starts PowerShell.
#[cfg(unix)]
fn wrapper(folder: &Path, program: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let path = folder.join("with-stub");
    let (modules, state) = (folder.join("modules"), folder.join("state.xml"));
    let text = format!(
        "#!/bin/sh\nexport PSModulePath='{}' CMG_STUB_STATE='{}'\nexec {program} \"$@\"\n",
        modules.display(),
        state.display()
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A program that sets the environment for the stub and starts PowerShell. The modules of Windows stay in reach.
#[cfg(windows)]
fn wrapper(folder: &Path, program: &str) -> PathBuf {
    let path = folder.join("with-stub.cmd");
    let (modules, state) = (folder.join("modules"), folder.join("state.xml"));
    let own = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\Modules";
    let text = format!(
        "@echo off\r\nset \"PSModulePath={};{own}\"\r\nset \"CMG_STUB_STATE={}\"\r\n{program} %*\r\n",
        modules.display(),
        state.display()
    );
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_real_powershell_runs_the_script_against_stub_cmdlets() {
    for program in PROGRAMS {
        if Command::new(program).args(["-NoProfile", "-Command", "exit 0"]).status().is_err() {
            println!("skipped: there is no {program} on this machine, so the script was checked by its grammar alone");
            continue;
        }
        run_with(program).await;
    }
}

async fn run_with(program: &str) {
    let folder = std::env::temp_dir().join(format!("cmg-onboarding-real-{program}-{}", std::process::id()));
    let host = power_shell_in(&folder, program);
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
    fs::remove_dir_all(folder).unwrap();
}
