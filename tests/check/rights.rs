//! Reading takes the least rights for reading, and no other.

use std::sync::Arc;

use cmg_onboarding::{
    GraphDirectory, StaticToken,
    connection::{CheckStatus, WatchedApp},
    permissions::{PermissionType, Use, least},
    token::read_only_scopes,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatorServer};
use uuid::{Uuid, uuid};

use crate::{
    expiring::watch,
    scene::{Scene, codes},
    support,
};

const KINDS: [PermissionType; 2] = [PermissionType::Delegated, PermissionType::Application];
const MONITORING: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");

/// What a check reads.
const READS: [Use; 4] = [Use::ReadTenant, Use::ReadApps, Use::ReadPermissionGrants, Use::ReadRoleAssignments];

fn caller(kind: PermissionType, permissions: &[&str]) -> Caller {
    match kind {
        PermissionType::Delegated => Caller::user("monitoring").with_scopes(permissions.iter().copied()),
        PermissionType::Application => Caller::application(MONITORING, permissions.iter().copied()),
    }
}

/// Every choice of permissions that together just suffice for these uses.
fn sufficient(kind: PermissionType) -> Vec<Vec<&'static str>> {
    let separate = ["User.Read", "Application.Read.All", "DelegatedPermissionGrant.ReadWrite.All"];
    match kind {
        PermissionType::Delegated => vec![least(&READS, kind), separate.to_vec()],
        PermissionType::Application => {
            let separate = ["Organization.Read.All", separate[1], separate[2]];
            vec![least(&READS, kind), separate.to_vec()]
        }
    }
}

struct Served {
    scene: Scene,
    server: EmulatorServer,
}

impl Served {
    async fn new() -> Self {
        let scene = Scene::new().await;
        // The account in the site is one that only reads, too.
        scene.site.change(|rows| rows.info.may_write = Some(false));
        let server = EmulatorServer::builder(scene.tenant.clone()).start().await.unwrap();
        Self { scene, server }
    }

    fn directory(&self, caller: &Caller) -> GraphDirectory {
        let token = StaticToken::new(self.scene.tenant.token_for(caller)).with_clock(Arc::new(self.scene.clock.clone()));
        GraphDirectory::builder(self.server.endpoints().clone(), token)
            .clock(Arc::new(self.scene.clock.clone()))
            .http(support::client(&self.server))
            .build()
    }
}

#[tokio::test]
async fn the_least_rights_for_reading_suffice_and_with_one_fewer_nothing_is_called_well() {
    let served = Served::new().await;
    for kind in KINDS {
        for permissions in sufficient(kind) {
            let check = async |permissions: &[&str], site: Option<EmulatedSite>| {
                let connection = served.scene.without_site().directory(served.directory(&caller(kind, permissions)));
                let connection = match site {
                    Some(site) => connection.site(site),
                    None => connection,
                };
                connection.build().unwrap().check(|_| ()).await
            };
            for site in [Some(served.scene.site.clone()), None] {
                served.scene.tenant.clear_requests();
                let well = check(&permissions, site.clone()).await.unwrap();
                assert_eq!(well.status, CheckStatus::Ok, "{kind:?} with {permissions:?}: {well}");
                let unexpected: Vec<String> = codes(&well).into_iter().filter(|code| code != "siteFactsUnknown").collect();
                assert!(unexpected.is_empty(), "{kind:?} with {permissions:?}: {unexpected:?}");
                let requests = served.scene.tenant.requests();
                assert!(requests.len() >= 8 && requests.iter().all(|request| request.method == "GET"));
                for left_out in &permissions {
                    let others: Vec<&str> = permissions.iter().copied().filter(|name| name != left_out).collect();
                    let status = check(&others, site.clone())
                        .await
                        .map_or(CheckStatus::Unknown, |check| check.status);
                    // An application reads the tenant's name for the site alone.
                    let is_needless = site.is_none() && *left_out == "Organization.Read.All";
                    let expected = if is_needless { CheckStatus::Ok } else { CheckStatus::Unknown };
                    assert_eq!(status, expected, "{kind:?} without {left_out}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_end_of_a_secret_takes_the_right_to_read_apps_alone() {
    let served = Served::new().await;
    let (tenant, app) = (
        served.scene.tenant.tenant_id().into(),
        served.scene.outcome.server_app.as_ref().unwrap().application_id,
    );
    for kind in KINDS {
        let permissions = least(&[Use::ReadApps], kind);
        assert_eq!(permissions, ["Application.Read.All"]);
        for (held, expected) in [(&permissions[..], CheckStatus::Ok), (&[], CheckStatus::Unknown)] {
            served.scene.tenant.clear_requests();
            let directory = served.directory(&caller(kind, held));
            let watched = WatchedApp::new(tenant, app)
                .directory(directory)
                .clock(Arc::new(served.scene.clock.clone()));
            let found = watch(watched.site(served.scene.site.clone())).await;
            assert_eq!(found.status, expected, "{kind:?} with {held:?}: {found}");
            assert_eq!(found.problem.is_some(), expected == CheckStatus::Unknown);
            assert_eq!(served.scene.tenant.requests().len(), 1);
        }
    }
}

#[test]
fn the_scopes_for_reading_cover_what_a_check_reads() {
    let scopes = read_only_scopes(&cmg_onboarding::CloudEndpoints::default());
    let names: Vec<&str> = scopes.iter().filter_map(|scope| scope.rsplit('/').next()).collect();
    assert!(
        READS.iter().all(|usage| usage.is_covered_by(PermissionType::Delegated, &names)),
        "{names:?}"
    );
}
