//! The table of permissions against the emulator's own: each must say of every request and every permission what the
//! other says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::collections::BTreeSet;

use cmg_onboarding::{
    Call, Diagnostic, Directory, DirectoryError, GraphDirectory, Site,
    connection::reusing,
    directory::{ApplicationKey, ApplicationProperties, NewApplication, NewPassword, NewPermissionGrant, NewRoleAssignment},
    error::RefusalReason,
    ids::{ApplicationId, ApplicationObjectId, KeyId, ServicePrincipalId, well_known},
    permissions::{DirectoryRole, PermissionType, Use, WithoutRole, least},
    site::SiteDiscovery,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant};
use support::{connection, spec_with_discovery};
use time::macros::datetime;
use uuid::{Uuid, uuid};

const KINDS: [PermissionType; 2] = [PermissionType::Delegated, PermissionType::Application];
const PIPELINE: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");

/// Every permission that Microsoft Graph has and that is near this job, listed for it or not.
fn every_permission() -> BTreeSet<&'static str> {
    let mut names: BTreeSet<&'static str> = BTreeSet::from([
        "AppRegistration.Create",
        "Directory.AccessAsUser.All",
        "Domain.Read.All",
        "Group.ReadWrite.All",
        "RoleManagement.Read.Directory",
        "User.ReadWrite.All",
    ]);
    for usage in Use::ALL {
        let sets = KINDS.into_iter().flat_map(|kind| usage.permissions(kind));
        names.extend(sets.flat_map(|set| set.iter().copied()));
    }
    names
}

fn caller(kind: PermissionType, permissions: &[&str]) -> Caller {
    match kind {
        PermissionType::Delegated => Caller::global_administrator().with_scopes(permissions.iter().copied()),
        PermissionType::Application => Caller::application(PIPELINE, permissions.iter().copied()),
    }
}

/// A tenant with something to do each use with, all of it made by the caller that will be asked.
struct Stage {
    tenant: EmulatedTenant,
    app: (ApplicationId, ApplicationObjectId),
    bare_app: (ApplicationId, ApplicationObjectId),
    deleted: ApplicationObjectId,
    principal: ServicePrincipalId,
    graph: ServicePrincipalId,
    secret: KeyId,
}

fn password() -> NewPassword {
    NewPassword::new("secret", datetime!(2030-01-01 00:00 UTC))
}

fn new_app(name: &str) -> NewApplication {
    let mut properties = ApplicationProperties::default();
    properties.display_name = Some(name.to_owned());
    properties.sign_in_audience = Some("AzureADMyOrg".to_owned());
    NewApplication::new(properties)
}

impl Stage {
    async fn new(kind: PermissionType) -> Self {
        let all = ["Application.ReadWrite.All", "Directory.ReadWrite.All"];
        let tenant = EmulatedTenant::builder().caller(caller(kind, &all)).build();
        let directory = tenant.directory();
        let create = async |name: &str| {
            let made = directory.create_application(Call::quiet(), &new_app(name)).await.unwrap();
            (made.app_id, made.object_id)
        };
        let (app, bare_app, gone) = (create("One").await, create("Two").await, create("Three").await);
        directory.delete_application(Call::quiet(), gone.1).await.unwrap();
        let graph = directory.service_principal(Call::quiet(), well_known::MICROSOFT_GRAPH).await;
        Self {
            principal: directory.create_service_principal(Call::quiet(), app.0).await.unwrap().id,
            secret: directory.add_password(Call::quiet(), app.1, &password()).await.unwrap().key_id,
            graph: graph.unwrap().unwrap().id,
            tenant,
            app,
            bare_app,
            deleted: gone.1,
        }
    }

    /// Whether the tenant lets the caller do it; any other answer than "forbidden" means that it got past the gate.
    async fn allows(&self, usage: Use, caller: Caller) -> bool {
        let result = self.attempt(usage, &self.tenant.with_caller(caller).directory()).await;
        match result {
            Err(error) if error.refusal() == Some(RefusalReason::PermissionMissing) => false,
            Err(error) => panic!("{usage:?}: {error}"),
            Ok(()) => true,
        }
    }

    async fn attempt(&self, usage: Use, directory: &GraphDirectory) -> Result<(), DirectoryError> {
        let call = Call::quiet;
        let key = ApplicationKey::ApplicationId(self.app.0);
        match usage {
            Use::RegisterApp => directory.create_application(call(), &new_app("Four")).await.map(drop),
            Use::UpdateApp => {
                let mut change = ApplicationProperties::default();
                change.is_fallback_public_client = Some(true);
                directory.update_application(call(), self.app.1, &change).await
            }
            Use::IssueSecret => directory.add_password(call(), self.app.1, &password()).await.map(drop),
            Use::RemoveSecret => directory.remove_password(call(), self.app.1, self.secret).await,
            Use::CreateServicePrincipal => directory.create_service_principal(call(), self.bare_app.0).await.map(drop),
            Use::GrantPermission => {
                let new = NewPermissionGrant::new(self.principal, self.graph, "User.Read");
                directory.create_permission_grant(call(), &new).await.map(drop)
            }
            Use::AssignRole => {
                let new = NewRoleAssignment::new(self.principal, self.graph, well_known::DIRECTORY_READ_ALL_ROLE);
                directory.assign_role(call(), &new).await.map(drop)
            }
            Use::RemoveApp => directory.delete_application(call(), self.bare_app.1).await,
            Use::RemoveServicePrincipal => directory.delete_service_principal(call(), self.principal).await,
            Use::Purge => directory.purge_application(call(), self.deleted).await,
            Use::ReadTenant => directory.tenant(call()).await.map(drop),
            Use::ReadRoles => directory
                .held_roles(call(), &[DirectoryRole::GlobalAdministrator.id()])
                .await
                .map(drop),
            Use::ReadApps => {
                directory.service_principal(call(), self.app.0).await?;
                directory.application(call(), &key).await.map(drop)
            }
            Use::ReadDeleted => directory.deleted_applications(call(), &[]).await.map(drop),
            Use::ReadPermissionGrants => directory.permission_grants(call(), self.principal).await.map(drop),
            Use::ReadRoleAssignments => directory.role_assignments(call(), self.principal).await.map(drop),
            Use::ReadPolicy => directory.app_management_policy(call()).await.map(drop),
            Use::ReadConditionalAccess => directory.conditional_access_policies(call()).await.map(drop),
            Use::ReadGroups => directory.groups_by_name(call(), &["Finance".to_owned()]).await.map(drop),
            other => panic!("{other:?} is new: say how it is done"),
        }
    }
}

#[tokio::test]
async fn the_table_and_the_emulator_say_the_same_of_every_use_and_every_permission() {
    let mut compared = 0;
    for kind in KINDS {
        for usage in Use::ALL {
            // An application has no roles to look up: its answer is about the flow.
            if usage == Use::ReadRoles && kind == PermissionType::Application {
                continue;
            }
            let mut stage = Stage::new(kind).await;
            for permission in every_permission() {
                let expected = usage.is_covered_by(kind, &[permission]);
                let is_allowed = stage.allows(usage, caller(kind, &[permission])).await;
                assert_eq!(is_allowed, expected, "{usage:?} with {permission}, {kind:?}");
                compared += 1;
                if is_allowed && usage.is_write() {
                    stage = Stage::new(kind).await;
                }
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

#[tokio::test]
async fn what_takes_two_permissions_is_compared_in_pairs() {
    for kind in KINDS {
        let mut stage = Stage::new(kind).await;
        for first in every_permission() {
            for second in every_permission() {
                let pair = [first, second];
                let is_allowed = stage.allows(Use::AssignRole, caller(kind, &pair)).await;
                assert_eq!(is_allowed, Use::AssignRole.is_covered_by(kind, &pair), "{pair:?}, {kind:?}");
                if is_allowed {
                    stage = Stage::new(kind).await;
                }
            }
        }
    }
}

/// What a job with discovery does in a tenant without the apps.
const CREATE_PATH: [Use; 10] = [
    Use::RegisterApp,
    Use::UpdateApp,
    Use::IssueSecret,
    Use::CreateServicePrincipal,
    Use::GrantPermission,
    Use::AssignRole,
    Use::ReadTenant,
    Use::ReadApps,
    Use::ReadPermissionGrants,
    Use::ReadRoleAssignments,
];

#[tokio::test]
async fn the_least_permissions_carry_the_whole_job_and_none_of_them_can_be_left_out() {
    for kind in KINDS {
        let chosen = least(&CREATE_PATH, kind);
        let onboard = async |permissions: &[&str]| {
            let tenant = EmulatedTenant::builder().caller(caller(kind, permissions)).build();
            let outcome = connection(spec_with_discovery(), &tenant, &EmulatedSite::new())
                .onboard(|_| ())
                .await;
            (outcome, tenant)
        };
        let (outcome, _) = onboard(&chosen).await;
        assert!(outcome.is_ok(), "{kind:?} with {chosen:?}: {outcome:?}");
        for left_out in &chosen {
            let others: Vec<&str> = chosen.iter().copied().filter(|name| name != left_out).collect();
            let (outcome, tenant) = onboard(&others).await;
            let error = outcome.expect_err(left_out);
            assert!(error.report().is_none(), "{kind:?} without {left_out}: {error}");
            assert_eq!(support::count(&tenant.state(), "applications"), 0, "{kind:?} without {left_out}");
        }
    }
}

#[tokio::test]
async fn the_least_permissions_carry_an_update_of_the_settings_and_none_of_them_can_be_left_out() {
    let consents = [Use::AssignRole, Use::ReadRoleAssignments];
    for kind in KINDS {
        for discovers in [false, true] {
            let mut uses = vec![Use::UpdateApp, Use::ReadApps];
            // The token of an application names the tenant, and its name is written nowhere.
            uses.extend((kind == PermissionType::Delegated).then_some(Use::ReadTenant));
            uses.extend(consents.into_iter().filter(|_| discovers));
            let chosen = least(&uses, kind);
            let update = async |permissions: &[&str]| {
                let all = [
                    "Application.ReadWrite.All",
                    "Directory.ReadWrite.All",
                    "AppRoleAssignment.ReadWrite.All",
                ];
                let tenant = EmulatedTenant::builder().caller(caller(kind, &all)).build();
                let site = EmulatedSite::new();
                connection(support::spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
                let rows = site.snapshot(Call::quiet()).await.unwrap();
                if discovers {
                    site.change(|rows| rows.connections[0].user_discovery = Some(SiteDiscovery::default()));
                }
                let mut old = ApplicationProperties::default();
                old.is_device_only_auth_supported = Some(false);
                let server = rows.applications.iter().find(|row| !row.is_client_app).unwrap().client_id;
                let directory = tenant.directory();
                let app = directory.application(Call::quiet(), &ApplicationKey::ApplicationId(server)).await;
                directory
                    .update_application(Call::quiet(), app.unwrap().unwrap().object_id, &old)
                    .await
                    .unwrap();
                let before = tenant.state();
                let as_caller = tenant.with_caller(caller(kind, permissions));
                let job = connection(reusing(&rows, "Contoso CMG").unwrap(), &as_caller, &site);
                (job.update_settings(None, |_| ()).await, tenant.state() == before)
            };
            let (outcome, is_untouched) = update(&chosen).await;
            assert!(outcome.is_ok() && !is_untouched, "{kind:?} with {chosen:?}: {outcome:?}");
            for left_out in &chosen {
                let others: Vec<&str> = chosen.iter().copied().filter(|name| name != left_out).collect();
                let (outcome, is_untouched) = update(&others).await;
                let error = outcome.expect_err(left_out);
                assert!(error.report().is_none() && is_untouched, "{kind:?} without {left_out}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_permission_above_the_least_one_is_not_called_missing() {
    for permissions in [
        vec!["Application.ReadWrite.OwnedBy", "Application.Read.All", "Organization.Read.All"],
        vec!["Application.ReadWrite.All", "Directory.Read.All"],
    ] {
        let more = ["Directory.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];
        let held: Vec<&str> = permissions.into_iter().chain(more).collect();
        let tenant = EmulatedTenant::builder().caller(caller(PermissionType::Application, &held)).build();
        let outcome = connection(spec_with_discovery(), &tenant, &EmulatedSite::new())
            .onboard(|_| ())
            .await;
        assert!(outcome.is_ok(), "{held:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn reading_needs_no_right_to_write() {
    for kind in KINDS {
        let reads: Vec<Use> = Use::ALL
            .into_iter()
            .filter(|usage| !usage.is_write() && !matches!(usage, Use::ReadPolicy | Use::ReadConditionalAccess))
            .collect();
        let tenant = EmulatedTenant::builder().caller(caller(kind, &least(&reads, kind))).build();
        let preflight = connection(spec_with_discovery(), &tenant, &EmulatedSite::new())
            .preflight(|_| ())
            .await;
        assert_eq!(
            preflight.unwrap().findings().len(),
            3,
            "{kind:?}: the URI, the policy that was not read, and the permissions to write"
        );
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_for_the_caller_that_lacks_it() {
    let permissions = least(&CREATE_PATH[..6], PermissionType::Application);
    let tenant = EmulatedTenant::builder()
        .caller(caller(PermissionType::Application, &permissions))
        .build();
    let error = connection(spec_with_discovery(), &tenant, &EmulatedSite::new())
        .onboard(|_| ())
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::PermissionMissing));
    assert!(
        error.help().contains("application permission Organization.Read.All"),
        "{}",
        error.help()
    );
}

fn names(sets: &[&[&str]]) -> String {
    let in_words = |set: &&[&str]| match **set {
        [] => "not possible".to_owned(),
        _ => set.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
    };
    sets.iter().map(in_words).collect::<Vec<_>>().join(", and ")
}

fn roles(usage: Use) -> String {
    let held = usage.roles().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match usage.requirement().without_role {
        WithoutRole::Everyone => "none".to_owned(),
        WithoutRole::Members => format!("none, if the tenant lets members do it; else {held}"),
        WithoutRole::Owners => format!("none for owners; else {held}"),
        _ => held,
    }
}

/// The rows of the manual's table, from the table itself.
fn rows_of_the_manual() -> Vec<String> {
    let row = |usage: Use| {
        let requirement = usage.requirement();
        let more = if requirement.is_documented {
            ""
        } else {
            " (not documented in full)"
        };
        let (delegated, application) = (names(requirement.delegated), names(requirement.application));
        format!(
            "| {usage}{more} | {delegated} | {application} | {} | {} |",
            roles(usage),
            requirement.source
        )
    };
    Use::ALL.into_iter().map(row).collect()
}

/// The rows of the README's table, from the table itself.
fn rows_of_the_readme() -> Vec<String> {
    let look = [
        Use::ReadTenant,
        Use::ReadApps,
        Use::ReadDeleted,
        Use::ReadPermissionGrants,
        Use::ReadRoleAssignments,
    ];
    let parts: [(&str, &[Use]); 5] = [
        ("look: preflight, check, view", &look),
        (
            "register the apps",
            &[Use::RegisterApp, Use::IssueSecret, Use::CreateServicePrincipal],
        ),
        ("consent for the client app", &[Use::GrantPermission]),
        ("consent to discovery", &[Use::AssignRole]),
        (
            "see the tenant's policies beforehand (optional)",
            &[Use::ReadPolicy, Use::ReadConditionalAccess],
        ),
    ];
    let list = |uses: &[Use], kind| {
        let names = least(uses, kind).into_iter().map(|name| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    let row = |(name, uses): (&str, &[Use])| {
        let role = uses[0].roles().first().map_or("none", |role| role.name());
        let (delegated, application) = (list(uses, PermissionType::Delegated), list(uses, PermissionType::Application));
        format!("| {name} | {delegated} | {application} | {role} |")
    };
    parts.map(row).into()
}

#[test]
fn readme_and_manual_show_the_table_as_it_is() {
    let has_all = |page: &str, rows: Vec<String>| {
        let missing: Vec<String> = rows.into_iter().filter(|row| !page.lines().any(|line| line == row)).collect();
        assert!(missing.is_empty(), "these rows are missing or differ:\n{}", missing.join("\n"));
    };
    has_all(include_str!("../src/manual/permissions.md"), rows_of_the_manual());
    has_all(include_str!("../README.md"), rows_of_the_readme());
}
