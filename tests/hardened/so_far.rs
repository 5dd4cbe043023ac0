//! What a plan says of what is there already: each list with what it has so far.

use std::time::Duration as Wait;

use cmg_onboarding::{
    Call, Directory, OnboardingError, SecretValidity, Step,
    connection::{Operation, PlannedAction},
    ids::PermissionGrantId,
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant};
use serde_json::{Value, json};

use crate::tenant::{OPEN, app, creating, job, list};

/// The unique names that a run gives the server app and the client app.
async fn unique_names() -> [Value; 2] {
    let other = OPEN.tenant(false, Wait::ZERO);
    let outcome = job(&creating(SecretValidity::OneYear), &other, None)
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    [outcome.server_app, outcome.client_app].map(|made| app(&other.state(), made.unwrap().application_id)["uniqueName"].clone())
}

#[tokio::test]
async fn a_plan_shows_what_a_consent_an_app_id_uri_and_a_client_app_have_so_far() {
    let [server, client] = unique_names().await;
    let of_client = |tenant: &EmulatedTenant| {
        let lacks = json!({"displayName": "ConfigMgr Client", "uniqueName": client, "signInAudience": "AzureADMyOrg",
            "publicClient": {"redirectUris": ["https://contoso.com/colleague"]}});
        tenant.add_application(lacks)
    };
    let tenant = OPEN.tenant(true, Wait::ZERO);
    of_client(&tenant);
    let plan = job(&creating(SecretValidity::OneYear), &tenant, None)
        .build()
        .unwrap()
        .plan(|_| ())
        .await
        .unwrap();
    let change = plan.step(Step::CompleteClientApp).unwrap();
    assert!(matches!(change.operation, Operation::CompleteClientApp { .. }));
    let properties: Vec<&str> = change.properties().iter().map(|property| property.property.as_str()).collect();
    assert!(properties.contains(&"isFallbackPublicClient"), "{properties:?}");

    let held = "https://contoso.com/ConfigMgrService";
    tenant.add_application(json!({"displayName": "ConfigMgr Server", "uniqueName": server, "identifierUris": [held]}));
    let job = || job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
    let plan = job().plan(|_| ()).await.unwrap();
    let Operation::SetAppIdUri { held: so_far, .. } = &plan.step(Step::SetAppIdUri).unwrap().operation else {
        panic!("{plan}")
    };
    assert_eq!(so_far, &[held]);
    assert!(plan.review().to_string().contains(held), "{}", plan.review());

    job().onboard(|_| ()).await.unwrap();
    let state = tenant.state();
    let granted = list(&state, "oauth2PermissionGrants")
        .iter()
        .find(|grant| grant["scope"] == "User.Read");
    let grant = PermissionGrantId::new(granted.unwrap()["id"].as_str().unwrap().to_owned());
    let administrator = tenant.with_caller(Caller::global_administrator()).directory();
    administrator
        .update_permission_grant(Call::quiet(), &grant, "Mail.Read Files.Read")
        .await
        .unwrap();
    let plan = job().plan(|_| ()).await.unwrap();
    let Operation::ExtendGrant { held: so_far, .. } = &plan.step(Step::ConsentUserRead).unwrap().operation else {
        panic!("{plan}")
    };
    assert_eq!(so_far, "Mail.Read Files.Read");
    assert!(plan.review().to_string().contains("Mail.Read Files.Read"));
}

/// A colleague adds to each list that a saved plan adds to as well, before a job carries the plan out.
#[tokio::test]
async fn what_a_list_holds_by_then_makes_no_approved_plan_stale_and_stays() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let job = || job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
    let outcome = job().onboard(|_| ()).await.unwrap();
    let [server, client] = [outcome.server_app, outcome.client_app].map(|app| app.unwrap().application_id);
    let grant = |scope: &str| {
        let state = tenant.state();
        let mut grants = list(&state, "oauth2PermissionGrants").iter();
        let found = grants.find(|grant| grant["scope"].as_str().is_some_and(|held| held.contains(scope)));
        PermissionGrantId::new(found.unwrap()["id"].as_str().unwrap().to_owned())
    };
    let administrator = tenant.with_caller(Caller::global_administrator()).directory();
    let give = async |redirects: Value, access: Value, scopes: &str, grant: &PermissionGrantId| {
        assert!(tenant.change_object(server, json!({"web": {"redirectUris": redirects}})));
        let of_client = json!({"publicClient": {"redirectUris": redirects}, "requiredResourceAccess": access});
        assert!(tenant.change_object(client, of_client));
        let given = administrator.update_permission_grant(Call::quiet(), grant, scopes);
        given.await.unwrap();
    };
    let of_user_read = grant("User.Read");
    give(json!([]), json!([]), "Mail.Read", &of_user_read).await;
    let approved = job().plan(|_| ()).await.unwrap().document().clone();
    let lists = [Step::RegisterServerApp, Step::CompleteClientApp, Step::ConsentUserRead];
    assert!(
        lists.iter().all(|step| approved.step(*step).unwrap().action != PlannedAction::Keep),
        "{approved}"
    );

    // Its permission on the server app comes before that on Microsoft Graph, which the plan would give first.
    let other = json!([{"resourceAppId": server, "resourceAccess": [{"id": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a77", "type": "Scope"}]}]);
    give(
        json!(["https://contoso.com/colleague"]),
        other,
        "Mail.Read Files.Read",
        &of_user_read,
    )
    .await;
    let outcome = job().plan_from(&approved, |_| ()).await.unwrap().apply(|_| ()).await.unwrap();
    assert!(outcome.changed);
    let state = tenant.state();
    for (id, platform) in [(server, "web"), (client, "publicClient")] {
        let redirects = app(&state, id)[platform]["redirectUris"].as_array().unwrap().clone();
        assert!(
            redirects.len() > 1 && redirects.contains(&json!("https://contoso.com/colleague")),
            "{redirects:?}"
        );
    }
    assert!(
        list(&state, "oauth2PermissionGrants")
            .iter()
            .any(|grant| grant["scope"] == "Mail.Read Files.Read User.Read"),
        "{state}"
    );

    assert!(tenant.change_object(server, json!({"displayName": "Renamed"})));
    let approved = job().plan(|_| ()).await.unwrap().document().clone();
    assert!(tenant.change_object(server, json!({"displayName": "Renamed again"})));
    let stale = job().plan_from(&approved, |_| ()).await;
    assert!(
        matches!(stale, Err(OnboardingError::Stale(_))),
        "another old value is another change: {stale:?}"
    );
}

#[tokio::test]
async fn an_app_id_uri_that_a_colleague_adds_makes_no_approved_plan_stale() {
    let [server, _] = unique_names().await;
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let registered = json!({"displayName": "ConfigMgr Server", "uniqueName": server, "identifierUris": []});
    let id = tenant.add_application(registered);
    let job = || job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
    let approved = job().plan(|_| ()).await.unwrap().document().clone();
    assert!(
        matches!(approved.step(Step::SetAppIdUri).unwrap().operation, Operation::SetAppIdUri { .. }),
        "{approved}"
    );
    let theirs = "https://contoso.com/colleague";
    assert!(tenant.change_object(id, json!({"identifierUris": [theirs]})));
    job().plan_from(&approved, |_| ()).await.unwrap().apply(|_| ()).await.unwrap();
    let uris = app(&tenant.state(), id.into())["identifierUris"].as_array().unwrap().clone();
    assert!(uris.len() == 2 && uris.contains(&json!(theirs)), "{uris:?}");
}
