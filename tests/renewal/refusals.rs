//! A renewal that is refused by policy, by permission or by the age of the app is explained, with a way on, and cuts nothing.

use std::sync::Arc;

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, Diagnostic, OnboardingError, Step,
    connection::{AzureServicesConnectionBuilder, FindingCode, Severity},
    error::RefusalReason,
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    support::assert_documented,
    world::{DAY, World, blocked, found, spec},
};

fn signed_in_as(world: &World, caller: Caller) -> AzureServicesConnectionBuilder {
    let tenant = world.tenant.clone();
    let tokens = token_fn(move |_| {
        let token = AccessToken::new(tenant.token_for(&caller));
        async move { Ok(token) }
    });
    AzureServicesConnection::builder(spec())
        .directory(EmulatedWire::new(&world.tenant).directory(tokens))
        .site(world.site.clone())
        .secret_probe(Arc::clone(&world.sign_in))
        .clock(Arc::new(world.clock))
}

fn who_reads_policies() -> Caller {
    Caller::global_administrator().with_scopes([
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Policy.Read.All",
        "User.Read",
    ])
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_forbids_secrets_is_told_before_and_at_the_refusal() {
    let world = World::new();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    world
        .tenant
        .set_app_management_policy(json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [
            {"restrictionType": "passwordAddition", "state": "enabled"},
        ]}}));
    let told = blocked(
        signed_in_as(&world, who_reads_policies())
            .build()
            .unwrap()
            .renew_secret(|_| ())
            .await,
    );
    let told = found(told.findings(), FindingCode::SecretsForbidden).unwrap();
    assert!(told.remedy().contains("exemption"), "{told}");
    // A caller who may not read policies meets it.
    let blind = signed_in_as(&world, Caller::global_administrator()).build().unwrap();
    let plan = blind.plan_renewal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), FindingCode::PolicyNotRead).is_some(), "{plan}");
    let Err(OnboardingError::Apply(error)) = plan.apply(|_| ()).await else {
        panic!("the policy refuses")
    };
    assert_eq!(error.step(), Step::IssueSecret);
    assert_eq!(error.error().refusal(), Some(RefusalReason::SecretsForbidden));
    assert!(error.help().contains("exemption"), "{}", error.help());
    assert!(
        world.is_live(app, &old) && world.keys(app).len() == 1,
        "nothing is left behind, nothing is cut"
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_allows_shorter_secrets_only_is_told_with_the_days() {
    let world = World::new();
    world.onboard().await;
    sleep(DAY * 60).await;
    world
        .tenant
        .set_app_management_policy(json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [
            {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P30D"},
        ]}}));
    let told = blocked(
        signed_in_as(&world, who_reads_policies())
            .build()
            .unwrap()
            .renew_secret(|_| ())
            .await,
    );
    let told = found(told.findings(), FindingCode::SecretTooLong).unwrap();
    assert_eq!(told.parameters()["longestDays"], 30);
    assert!(told.remedy().contains("longestAllowed"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_permission_or_a_role_that_is_lacking_is_named() {
    let world = World::new();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let reader = Caller::global_administrator().with_scopes(["Directory.Read.All", "User.Read"]);
    let told = blocked(signed_in_as(&world, reader).build().unwrap().renew_secret(|_| ()).await);
    let told = found(told.findings(), FindingCode::PermissionsMissing).unwrap();
    assert_eq!(told.parameters()["permissions"], json!(["Application.ReadWrite.All"]));
    // The token has the permission, and the person lacks the role: the directory refuses.
    let weak =
        Caller::user("eva@contoso.com").with_scopes(["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "User.Read"]);
    let Err(OnboardingError::Apply(error)) = signed_in_as(&world, weak).build().unwrap().renew_secret(|_| ()).await else {
        panic!("the directory refuses")
    };
    assert_eq!(error.step(), Step::IssueSecret);
    let help = error.help();
    assert!(
        help.contains("issue a secret") && help.contains("Application.ReadWrite.All") && help.contains("Cloud Application Administrator"),
        "{help}"
    );
    assert!(world.is_live(app, &old) && world.keys(app).len() == 1);
}

#[tokio::test(start_paused = true)]
async fn the_800_days_warn_of_an_imported_app_and_block_for_one_of_the_console() {
    let world = World::of(EmulatedTenant::builder(), EmulatedSite::builder().version("5.00.9132.1000"));
    let (app, old) = world.onboard().await;
    world.site.change(|rows| {
        for row in &mut rows.applications {
            row.created = row.created.map(|created| created - time::Duration::days(801));
        }
    });
    sleep(DAY * 60).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    let warning = found(plan.findings(), FindingCode::RenewalRefusedByAge).unwrap();
    assert_eq!(warning.severity(), Severity::Warning);
    assert!(
        warning.message().contains("older than 800 days") && warning.remedy().contains("Renew Secret Key"),
        "{warning}"
    );
    assert_documented(warning);
    let outcome = plan.apply(|_| ()).await.unwrap();
    let secret = outcome.secret.as_ref().unwrap();
    let refused = world
        .site
        .renew_secret_key(app, Some(secret.value.clone()), Some(secret.expires_on));
    assert!(refused.unwrap_err().to_string().contains("800 days"), "the dialog refuses");
    assert!(world.is_live(app, &old) && world.site.holds_secret(app, &old));
    let of_console = world.builder().state_created_by_console(true).build().unwrap();
    let told = blocked(of_console.renew_secret(|_| ()).await);
    assert_eq!(
        found(told.findings(), FindingCode::RenewalRefusedByAge).unwrap().severity(),
        Severity::Blocker
    );
    // In time: the last day is told.
    world.site.change(|rows| {
        for row in &mut rows.applications {
            row.created = row.created.map(|created| created + time::Duration::days(121));
        }
    });
    let again = world.builder().reissue_secret(true).build().unwrap();
    let plan = again.plan_renewal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), FindingCode::AppRenewableUntil).is_some(), "{plan}");
    // A site that does not tell the age: not known, and not fine.
    world
        .site
        .change(|rows| rows.applications.iter_mut().for_each(|row| row.created = None));
    let plan = world
        .builder()
        .reissue_secret(true)
        .build()
        .unwrap()
        .plan_renewal(|_| ())
        .await
        .unwrap();
    let unknown = found(plan.findings(), FindingCode::RenewalRefusedByAge).unwrap();
    assert_eq!(unknown.severity(), Severity::Note);
}
