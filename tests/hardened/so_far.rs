//! What a plan says of what is there already: each list with what it has so far.

use std::time::Duration as Wait;

use cmg_onboarding::{Call, Directory, SecretValidity, Step, connection::Operation, ids::PermissionGrantId};
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
