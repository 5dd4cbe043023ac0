//! The app management policy, shown and enforced, and Conditional Access policies, which are shown.

use cmg_onboarding::ids::well_known;
use cmg_onboarding_emulator::{Caller, EmulatedTenant};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::support::{Graph, code, text};

fn reader() -> Caller {
    Caller::global_administrator().with_scopes([
        "Application.ReadWrite.All",
        "Policy.Read.All",
        "Policy.ReadWrite.ApplicationConfiguration",
    ])
}

/// A tenant on 1 October 2026 with this policy below `applicationRestrictions`.
async fn with_restrictions(restrictions: Value) -> Graph {
    let tenant = EmulatedTenant::builder()
        .clock(|| datetime!(2026-10-01 12:00 UTC))
        .app_management_policy(json!({"applicationRestrictions": restrictions}))
        .build();
    Graph::signed_in(tenant, &reader()).await
}

fn restriction(kind: &str, longest: Option<&str>, after: Option<&str>) -> Value {
    json!({"restrictionType": kind, "state": "enabled", "maxLifetime": longest, "restrictForAppsCreatedAfterDateTime": after})
}

fn passwords(restriction: Value) -> Value {
    json!({"passwordCredentials": [restriction]})
}

const POLICY: &str = "v1.0/policies/defaultAppManagementPolicy";

#[tokio::test]
async fn the_policy_shows_what_is_enforced_and_can_be_changed_while_the_tenant_runs() {
    let given = passwords(restriction("passwordLifetime", Some("P90D"), None));
    let graph = with_restrictions(given.clone()).await;
    let (_, shown) = graph.get(POLICY).await;
    assert_eq!(
        shown["applicationRestrictions"]["passwordCredentials"],
        given["passwordCredentials"]
    );
    // What was not given is as in every tenant.
    let uris = &shown["applicationRestrictions"]["identifierUris"];
    assert_eq!(uris["uriAdditionWithoutUniqueTenantIdentifier"]["state"], "enabled");
    let app = graph.create("Server").await;
    let add = format!("v1.0/applications/{}/addPassword", text(&app, "id"));
    let until = |date: &str| json!({"passwordCredential": {"endDateTime": format!("{date}T12:00:00Z")}});
    assert_eq!(graph.post(&add, until("2026-12-30")).await.0, 200);
    let refused = graph.post(&add, until("2026-12-31")).await;
    assert_eq!(code(&refused), (400, "CredentialInvalidLifetimeAsPerAppPolicy"));
    assert_eq!(refused.1["error"]["details"][0]["code"], "InvalidKeyEndDate");

    assert_eq!(graph.patch(POLICY, json!({"isEnabled": false})).await.0, 204);
    assert_eq!(graph.get(POLICY).await.1["isEnabled"], false);
    assert_eq!(graph.post(&add, until("2026-12-31")).await.0, 200);
    assert_eq!(graph.patch(POLICY, json!({"colour": "red"})).await.0, 400);
    graph.server.tenant().set_app_management_policy(json!({"isEnabled": true}));
    assert_eq!(graph.post(&add, until("2026-12-31")).await.0, 400);

    let less = Graph::signed_in(graph.server.tenant().clone(), &Caller::global_administrator()).await;
    assert_eq!((less.get(POLICY).await.0, less.patch(POLICY, json!({})).await.0), (403, 403));
}

#[tokio::test]
async fn a_restriction_covers_apps_that_were_created_after_its_date() {
    let since = passwords(restriction("passwordAddition", None, Some("2026-09-01T00:00:00Z")));
    let graph = with_restrictions(since).await;
    let tenant = graph.server.tenant();
    let old = tenant.add_application(json!({"displayName": "old", "createdDateTime": "2026-08-31T00:00:00Z"}));
    let new = tenant.add_application(json!({"displayName": "new", "createdDateTime": "2026-09-02T00:00:00Z"}));
    let add = |app| format!("v1.0/applications(appId='{app}')/addPassword");
    assert_eq!(graph.post(&add(old), json!({})).await.0, 200);
    let refused = graph.post(&add(new), json!({})).await;
    assert_eq!(code(&refused), (400, "CredentialTypeNotAllowedAsPerAppPolicy"));
    let now = json!({"displayName": "now", "passwordCredentials": [{"displayName": "x"}]});
    assert_eq!(
        code(&graph.post("v1.0/applications", now).await),
        (400, "CredentialTypeNotAllowedAsPerAppPolicy")
    );
    let later = passwords(restriction("passwordAddition", None, Some("2027-01-01T00:00:00Z")));
    tenant.set_app_management_policy(json!({"applicationRestrictions": later}));
    assert_eq!(graph.post(&add(new), json!({})).await.0, 200);
}

#[tokio::test]
async fn a_restriction_that_is_off_refuses_nothing() {
    let mut off = restriction("passwordAddition", None, None);
    off["state"] = json!("disabled");
    let graph = with_restrictions(passwords(off)).await;
    let body = json!({"displayName": "x", "passwordCredentials": [{"displayName": "y"}]});
    assert_eq!(graph.post("v1.0/applications", body).await.0, 201);
}

#[tokio::test]
async fn keys_and_secrets_of_ones_own_have_restrictions_of_their_own() {
    let key = json!({
        "type": "Symmetric", "usage": "Sign", "key": "AAEC", "displayName": "k",
        "startDateTime": "2026-10-01T00:00:00Z", "endDateTime": "2027-10-01T00:00:00Z",
    });
    let with_key = json!({"displayName": "x", "keyCredentials": [key]});
    let own_secret = json!({"displayName": "x", "passwordCredentials": [{"secretText": "of my own"}]});
    for (kind, longest, body, expected) in [
        ("symmetricKeyAddition", None, &with_key, "CredentialTypeNotAllowedAsPerAppPolicy"),
        (
            "symmetricKeyLifetime",
            Some("P180D"),
            &with_key,
            "CredentialInvalidLifetimeAsPerAppPolicy",
        ),
        ("symmetricKeyLifetime", Some("P2Y"), &with_key, ""),
        (
            "customPasswordAddition",
            None,
            &own_secret,
            "CredentialTypeNotAllowedAsPerAppPolicy",
        ),
        // Microsoft Graph makes the secrets itself.
        ("passwordLifetime", Some("P10Y"), &own_secret, "Request_BadRequest"),
    ] {
        let graph = with_restrictions(passwords(restriction(kind, longest, None))).await;
        let answer = graph.post("v1.0/applications", body.clone()).await;
        assert_eq!(
            answer.1["error"]["code"].as_str().unwrap_or_default(),
            expected,
            "{kind}: {}",
            answer.1
        );
        if expected.is_empty() {
            continue;
        }
        let app = graph.create("Server").await;
        let path = format!("v1.0/applications/{}", text(&app, "id"));
        if body == &with_key {
            let keys = json!({"keyCredentials": body["keyCredentials"]});
            assert_eq!(graph.patch(&path, keys).await.1["error"]["code"], expected, "{kind} by PATCH");
        }
    }
}

/// Microsoft's published texts: entra-docs, identifier-uri-restrictions.
const WITHOUT_OWNER: &str = "Failed to add identifier URI api://another/owner. All newly added URIs must contain a tenant verified domain, tenant ID, or app ID, as per the default tenant policy of your organization. See https://aka.ms/identifier-uri-addition-error for more information on this error.";
const NOT_DEFAULT: &str = "The newly added URI https://contoso.com/server must comply with the format 'api://{appId}' or 'api://{tenantId}/{appId}' as per the default app management policy of your organization. If the requestedAccessTokenVersion is set to 2, this restriction may not apply. See https://aka.ms/identifier-uri-addition-error for more information on this error.";

#[tokio::test]
async fn both_rules_for_uris_refuse_in_the_published_words() {
    for (rule, uri, words) in [
        ("uriAdditionWithoutUniqueTenantIdentifier", "api://another/owner", WITHOUT_OWNER),
        ("nonDefaultUriAddition", "https://contoso.com/server", NOT_DEFAULT),
    ] {
        let graph = with_restrictions(json!({"identifierUris": {rule: {"state": "enabled"}}})).await;
        let body = json!({"displayName": "x", "signInAudience": "AzureADMyOrg", "identifierUris": [uri]});
        let (status, refused) = graph.post("v1.0/applications", body.clone()).await;
        assert_eq!((status, text(&refused["error"], "message")), (400, words));
        let app = graph.create("Server").await;
        let path = format!("v1.0/applications/{}", text(&app, "id"));
        let (status, refused) = graph.patch(&path, json!({"identifierUris": [uri]})).await;
        assert_eq!((status, text(&refused["error"], "message")), (400, words));
        for allowed in [
            format!("api://{}", text(&app, "appId")),
            format!("api://{}/{}", graph.server.tenant().tenant_id(), text(&app, "appId")),
        ] {
            assert_eq!(graph.patch(&path, json!({"identifierUris": [allowed]})).await.0, 204, "{rule}");
        }

        let (_, principal) = graph.post("v1.0/servicePrincipals", json!({"appId": app["appId"]})).await;
        let principal = format!("v1.0/servicePrincipals/{}", text(&principal, "id"));
        let saml = json!({"preferredSingleSignOnMode": "saml"});
        assert_eq!(graph.patch(&principal, saml).await.0, 204);
        let both = json!({"identifierUris": [uri]});
        assert_eq!(graph.patch(&path, both).await.0, 204, "{rule} for SAML");
        assert_eq!(graph.patch(&path, json!({"identifierUris": []})).await.0, 204);

        let mut v2 = body;
        v2["api"] = json!({"requestedAccessTokenVersion": 2});
        assert_eq!(graph.post("v1.0/applications", v2.clone()).await.0, 201, "{rule}");
        let strict = json!({"applicationRestrictions": {"identifierUris": {rule: {"excludeAppsReceivingV2Tokens": false}}}});
        graph.server.tenant().set_app_management_policy(strict);
        v2["identifierUris"] = json!([format!("{uri}/two")]);
        assert_eq!(graph.post("v1.0/applications", v2).await.0, 400, "{rule}");
    }
}

#[tokio::test]
async fn a_tenant_may_keep_apps_to_itself() {
    let forbidden = json!({"audiences": {"azureAdMultipleOrgs": {"state": "enabled"}, "personalMicrosoftAccount": {"state": "disabled"}}});
    let graph = with_restrictions(forbidden).await;
    let of = |audience: &str| json!({"displayName": "x", "signInAudience": audience});
    for (audience, expected) in [
        ("AzureADMyOrg", 201),
        ("AzureADMultipleOrgs", 400),
        ("AzureADandPersonalMicrosoftAccount", 400),
        ("PersonalMicrosoftAccount", 201),
    ] {
        let answer = graph.post("v1.0/applications", of(audience)).await;
        assert_eq!(answer.0, expected, "{audience}: {}", answer.1);
        if expected == 400 {
            assert_eq!(code(&answer), (400, "SignInAudienceNotAllowedAsPerAppPolicy"));
        }
    }
    let app = graph.create("Server").await;
    let path = format!("v1.0/applications/{}", text(&app, "id"));
    let wider = json!({"signInAudience": "AzureADMultipleOrgs"});
    assert_eq!(
        code(&graph.patch(&path, wider).await),
        (400, "SignInAudienceNotAllowedAsPerAppPolicy")
    );
    assert_eq!(graph.patch(&path, json!({"notes": "x"})).await.0, 204);
}

#[tokio::test]
async fn conditional_access_policies_are_shown_to_who_may_read_policies() {
    let path = "v1.0/identity/conditionalAccess/policies";
    let empty = Graph::signed_in(EmulatedTenant::new(), &reader()).await;
    assert_eq!(empty.get(path).await.1["value"], json!([]));
    let policy = json!({
        "displayName": "Block unknown devices",
        "state": "enabled",
        "conditions": {
            "applications": {"includeApplications": ["All"], "excludeApplications": [well_known::MICROSOFT_GRAPH], "applicationFilter": null},
            "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"], "excludeServicePrincipals": []},
        },
    });
    let tenant = EmulatedTenant::builder().conditional_access_policy(policy.clone()).build();
    let graph = Graph::signed_in(tenant.clone(), &reader()).await;
    let (status, found) = graph.get(&format!("{path}?$select=id,displayName,state,conditions")).await;
    assert_eq!((status, &found["value"][0]["conditions"]), (200, &policy["conditions"]));
    let id = text(&found["value"][0], "id");
    assert_eq!(graph.get(&format!("{path}/{id}")).await.1["displayName"], policy["displayName"]);
    for (caller, expected) in [
        (Caller::global_administrator(), 403),
        (Caller::user("x").with_scopes(["Policy.Read.All"]), 403),
        (Caller::application(well_known::MICROSOFT_GRAPH, ["Policy.Read.All"]), 200),
    ] {
        let graph = Graph::signed_in(tenant.clone(), &caller).await;
        assert_eq!(graph.get(path).await.0, expected, "{caller:?}");
    }
}

#[tokio::test]
async fn groups_are_shown_by_name_to_who_may_read_them() {
    let tenant = EmulatedTenant::builder().group("O'Neil").group("Finance").group("finance").build();
    let filter = "v1.0/groups?$filter=displayName%20in%20('O''Neil','Finance','Absent')&$select=id,displayName";
    let graph = Graph::signed_in(
        tenant.clone(),
        &Caller::global_administrator().with_scopes(["GroupMember.Read.All"]),
    )
    .await;
    let (status, found) = graph.get(filter).await;
    let names: Vec<&str> = found["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| text(group, "displayName"))
        .collect();
    assert_eq!((status, names), (200, vec!["O'Neil", "Finance", "finance"]));
    // The service takes it; the emulator says that it does not.
    assert_eq!(graph.post("v1.0/groups", json!({"displayName": "New"})).await.0, 501);
    let without = Graph::signed_in(tenant, &Caller::global_administrator()).await;
    assert_eq!(code(&without.get(filter).await), (403, "Authorization_RequestDenied"));
}
