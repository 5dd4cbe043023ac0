//! The calls that were measured to fail with unmodified clients, as plain requests: each is answered as Microsoft Graph answers it,
//! refusals included, or with 501 and a reason if it is out of scope.

use serde_json::{Value, json};

use crate::Served;

const APP: &str = "applications(appId='5e4e7000-0000-4000-8000-0000000005e4')";
const PRINCIPAL: &str = "servicePrincipals(appId='5e4e7000-0000-4000-8000-0000000005e4')";
const GRAPH: &str = "servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

/// A place in the answer, as a JSON pointer, and whether something has to be there.
type There = &'static str;

/// Reads: path, status, what has to be there.
const READS: [(&str, u16, There); 52] = [
    ("{app}?$expand=owners", 200, "/owners"),
    ("{app}?$expand=owners($select=id)&$select=displayName", 200, "/owners"),
    ("{app}?$expand=federatedIdentityCredentials", 200, "/federatedIdentityCredentials"),
    ("applications?$expand=owners", 200, "/value/0/owners"),
    ("{principal}?$expand=appRoleAssignments", 200, "/appRoleAssignments/0/appRoleId"),
    ("{principal}?$expand=appRoleAssignedTo", 200, "/appRoleAssignedTo"),
    ("{principal}?$expand=oauth2PermissionGrants", 200, "/oauth2PermissionGrants"),
    ("servicePrincipals?$expand=owners", 200, "/value/0/owners"),
    ("{app}?$expand=colour", 400, "/error/message"),
    ("applications?$search=\"displayName:server\"", 200, "/value/0/appId"),
    ("servicePrincipals?$search=\"displayName:graph\"", 200, "/value/0/appId"),
    ("applications?$search=server", 400, "/error/message"),
    ("users?$search=\"displayName:megan\"", 200, "/value/0/id"),
    ("{app}/owners", 200, "/value"),
    ("{principal}/owners", 200, "/value"),
    ("{principal}/oauth2PermissionScopes", 200, "/value/0/value"),
    ("{app}/appRoles", 200, "/value"),
    ("{app}/displayName", 200, "/value"),
    ("{app}/web/redirectUris", 200, "/value/0"),
    ("{app}/api", 200, "/oauth2PermissionScopes/0"),
    ("{app}/notes", 204, ""),
    ("{app}/federatedIdentityCredentials", 200, "/value"),
    ("{graph}/appRoles", 200, "/value/0/id"),
    ("domains", 200, "/value/0/isVerified"),
    ("domains/contoso.com", 200, "/isDefault"),
    ("domains/other.example", 404, "/error/code"),
    ("users", 200, "/value/1/userPrincipalName"),
    ("users/megan@contoso.com", 200, "/id"),
    ("users/noone@contoso.com", 404, "/error/code"),
    ("users/$count", 200, ""),
    ("users?$select=id,displayName&$top=1", 200, "/@odata.nextLink"),
    ("users/megan@contoso.com/memberOf", 200, "/value/0/roleTemplateId"),
    ("users/megan@contoso.com/ownedObjects", 200, "/value"),
    ("me", 200, "/@odata.context"),
    ("me/memberOf", 200, "/value/0/@odata.type"),
    ("me/ownedObjects", 200, "/value"),
    ("me/ownedObjects/graph.application", 200, "/value"),
    ("directoryRoles", 200, "/value/0/roleTemplateId"),
    (
        "directoryRoles/62e90394-69f5-4237-9190-012177145e10/members",
        200,
        "/value/0/userPrincipalName",
    ),
    ("{principal}/ownedObjects", 200, "/value"),
    ("{principal}/memberOf", 200, "/value"),
    ("{principal}/transitiveMemberOf", 200, "/value"),
    ("{principal}/appRoleAssignments", 200, "/value/0/id"),
    ("applications/$count", 200, ""),
    ("applications?$select=noSuchThing", 400, "/error/message"),
    ("{app}?$select=noSuchThing", 400, "/error/message"),
    ("servicePrincipals?$select=id,noSuchThing", 400, "/error/message"),
    ("applications?$filter=noSuchThing eq 'x'", 400, "/error/message"),
    ("applications?$filter=notes eq 'x'", 400, "/error/message"),
    ("applications?$filter=createdDateTime ge 2020-01-01T00:00:00Z", 200, "/value/0/id"),
    ("applications?$filter=owners/$count eq 0&$count=true", 200, "/value"),
    ("applications?$orderby=displayName desc&$count=true", 200, "/@odata.count"),
];

/// What is out of scope, and says so.
const OUT_OF_SCOPE: [(&str, &str); 22] = [
    ("GET", "applications/delta"),
    ("GET", "applications/delta()"),
    ("GET", "servicePrincipals/delta()"),
    ("GET", "users/delta"),
    ("POST", "directoryObjects/getByIds"),
    ("POST", "servicePrincipals/getByIds"),
    ("POST", "directoryObjects/validateProperties"),
    ("POST", "groups"),
    ("GET", "me/messages"),
    ("POST", "users"),
    ("GET", "sites/root"),
    ("GET", "subscribedSkus"),
    ("GET", "applicationTemplates"),
    ("GET", "roleManagement/directory/roleAssignments"),
    ("GET", "policies/tokenLifetimePolicies"),
    ("GET", "auditLogs/directoryAudits"),
    ("GET", "$metadata"),
    ("GET", "{app}/extensionProperties"),
    ("GET", "{app}/tokenLifetimePolicies"),
    ("POST", "{principal}/addTokenSigningCertificate"),
    ("GET", "{principal}/delegatedPermissionClassifications"),
    ("GET", "domains?$expand=x"),
];

struct Client {
    served: Served,
    token: String,
}

impl Client {
    async fn new() -> Self {
        let served = Served::onboarded_with_people().await;
        let token = format!("Bearer {}", served.token_with(&[]).await);
        Self { served, token }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let path = path
            .replace("{app}", APP)
            .replace("{principal}", PRINCIPAL)
            .replace("{graph}", GRAPH);
        let headers = [("authorization", &*self.token), ("consistencylevel", "eventual")];
        let path = if path.starts_with("beta/") { path } else { format!("v1.0/{path}") };
        self.served.send(method, &path, &headers, body.as_ref()).await
    }

    async fn id(&self, path: &str) -> String {
        self.send("GET", path, None).await.1["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn of_the_reads_that_failed_at_least_nineteen_of_twenty_are_answered_as_the_service_does() {
    let client = Client::new().await;
    let mut failed = Vec::new();
    for (path, expected, there) in READS {
        let (status, answer) = client.send("GET", path, None).await;
        if status != expected || answer.pointer(there).is_none_or(Value::is_null) && !there.is_empty() {
            failed.push(format!("{path}: {status} {answer:.300}"));
        }
    }
    assert!(failed.len() * 20 <= READS.len(), "{} of {}: {failed:#?}", failed.len(), READS.len());
    println!("{} of {} reads", READS.len() - failed.len(), READS.len());
    for one in failed {
        println!("differs: {one}");
    }
}

#[tokio::test]
async fn what_is_out_of_scope_answers_501_with_a_reason_and_not_as_if_it_were_not_there() {
    let client = Client::new().await;
    for (method, path) in OUT_OF_SCOPE {
        let body = (method == "POST").then(|| json!({}));
        let (status, answer) = client.send(method, path, body).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (501, &json!("notImplemented")),
            "{path}: {answer}"
        );
        assert!(answer["error"]["message"].as_str().unwrap().len() > 20, "{answer}");
    }
}

#[tokio::test]
async fn owners_are_added_and_removed_at_apps_and_service_principals() {
    let client = Client::new().await;
    let megan = client.id("users/megan@contoso.com").await;
    let reference = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{megan}")});
    for object in ["{app}", "{principal}"] {
        assert_eq!(
            client
                .send("POST", &format!("{object}/owners/$ref"), Some(reference.clone()))
                .await
                .0,
            204
        );
        let (_, owners) = client.send("GET", &format!("{object}/owners"), None).await;
        assert_eq!(owners["value"][0]["@odata.type"], "#microsoft.graph.user");
        assert_eq!(
            client
                .send("POST", &format!("{object}/owners/$ref"), Some(reference.clone()))
                .await
                .0,
            400
        );
    }
    let (_, owned) = client.send("GET", "users/megan@contoso.com/ownedObjects", None).await;
    assert_eq!(owned["value"].as_array().unwrap().len(), 2, "{owned}");
    for object in ["{app}", "{principal}"] {
        assert_eq!(client.send("DELETE", &format!("{object}/owners/{megan}/$ref"), None).await.0, 204);
        assert_eq!(client.send("DELETE", &format!("{object}/owners/{megan}/$ref"), None).await.0, 404);
    }
}

#[tokio::test]
async fn a_service_principal_has_passwords_of_its_own() {
    let client = Client::new().await;
    let (status, added) = client.send("POST", "{principal}/addPassword", Some(json!({}))).await;
    assert_eq!(status, 200, "{added}");
    assert!(added["secretText"].is_string() && added["@odata.context"].is_string(), "{added}");
    let (_, principal) = client.send("GET", "{principal}", None).await;
    assert_eq!(principal["passwordCredentials"][0]["secretText"], Value::Null);
    let key = json!({"keyId": added["keyId"]});
    assert_eq!(client.send("POST", "{principal}/removePassword", Some(key)).await.0, 204);
}

#[tokio::test]
async fn a_permission_is_assigned_to_a_person_too() {
    let client = Client::new().await;
    let role = json!([{"id": "11111111-1111-4111-8111-111111111111", "value": "Read", "displayName": "Read", "description": "Read",
        "isEnabled": true, "allowedMemberTypes": ["User"]}]);
    assert_eq!(client.send("PATCH", "{app}", Some(json!({"appRoles": role}))).await.0, 204);
    let (person, resource) = (client.id("users/megan@contoso.com").await, client.id("{principal}").await);
    let body = json!({"principalId": person, "resourceId": resource, "appRoleId": role[0]["id"]});
    let (status, assigned) = client.send("POST", "{principal}/appRoleAssignedTo", Some(body)).await;
    assert_eq!((status, &assigned["principalType"]), (201, &json!("User")), "{assigned}");
}

#[tokio::test]
async fn a_service_principal_of_microsofts_own_application_can_be_made_and_of_an_unknown_one_not() {
    let client = Client::new().await;
    let of = |app: &str| Some(json!({"appId": app}));
    let (status, made) = client
        .send("POST", "servicePrincipals", of("04b07795-8ddb-461a-bbee-02f9e1bf7b46"))
        .await;
    assert_eq!((status, &made["displayName"]), (201, &json!("Microsoft Azure CLI")));
    let (status, refused) = client
        .send("POST", "servicePrincipals", of("99999999-9999-4999-8999-999999999999"))
        .await;
    assert_eq!(
        (status, &refused["error"]["details"][0]["code"]),
        (400, &json!("NoBackingApplicationObject"))
    );
}

#[tokio::test]
async fn requests_of_a_batch_may_all_depend_on_the_same_one() {
    let client = Client::new().await;
    let item = |id: &str, on: &[&str]| json!({"id": id, "method": "GET", "url": "/organization", "dependsOn": on});
    let same = json!({"requests": [item("1", &[]), item("2", &["1"]), item("3", &[]), item("4", &["1"])]});
    let (status, answer) = client.send("POST", "$batch", Some(same)).await;
    assert_eq!(status, 200, "{answer}");
    let between = json!({"requests": [item("1", &[]), item("2", &["1"]), item("3", &[]), item("4", &["3"])]});
    assert_eq!(client.send("POST", "$batch", Some(between)).await.0, 400);
}

#[tokio::test]
async fn beta_stays_in_beta_and_a_new_object_has_context_and_address() {
    let client = Client::new().await;
    let (_, page) = client.send("GET", "beta/applications?$top=1", None).await;
    for link in ["@odata.context", "@odata.nextLink"] {
        assert!(page[link].as_str().unwrap().contains("/beta/"), "{page}");
    }
    let request = client
        .served
        .client
        .post(client.served.url("v1.0/applications"))
        .header("authorization", &client.token);
    let request = request
        .header("content-type", "application/json")
        .body("{\"displayName\": \"New\"}");
    let answer = request.send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    for header in [
        "odata-version",
        "cache-control",
        "strict-transport-security",
        "x-ms-ags-diagnostic",
        "request-id",
    ] {
        assert!(answer.headers().contains_key(header), "{header}");
    }
    assert!(location.ends_with("/Microsoft.DirectoryServices.Application"), "{location}");
    let created: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(
        created["@odata.context"]
            .as_str()
            .unwrap()
            .ends_with("$metadata#applications/$entity"),
        "{created}"
    );
}

#[tokio::test]
async fn who_is_a_member_of_what_is_told_by_role() {
    let client = Client::new().await;
    let ask = async |path: &str, only: bool| client.send("POST", path, Some(json!({"securityEnabledOnly": only}))).await;
    assert_eq!(ask("me/getMemberObjects", false).await.1["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        ask("users/megan@contoso.com/getMemberObjects", false).await.1["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(ask("me/getMemberObjects", true).await.1["value"], json!([]));
    assert_eq!(ask("me/getMemberGroups", false).await.1["value"], json!([]));
}

#[tokio::test]
async fn permissions_that_teams_use_most_are_assigned_by_their_published_ids() {
    let client = Client::new().await;
    let (principal, graph) = (client.id("{principal}").await, client.id("{graph}").await);
    for role in [
        "5b567255-7703-4780-807c-7be8301ae99b",
        "b633e1c5-b582-4048-a93e-9f11b44c7e96",
        "883ea226-0bf2-4a8f-9f9d-92c9162a727d",
        "7438b122-aefc-4978-80ed-43db9fcc7715",
    ] {
        let body = json!({"principalId": principal, "resourceId": graph, "appRoleId": role});
        assert_eq!(
            client.send("POST", "{principal}/appRoleAssignments", Some(body)).await.0,
            201,
            "{role}"
        );
    }
}

#[tokio::test]
async fn a_federated_identity_credential_is_changed_but_for_its_name() {
    let client = Client::new().await;
    let given = json!({"name": "ci", "issuer": "https://ci.example", "subject": "main", "audiences": ["api://AzureADTokenExchange"]});
    let (_, made) = client.send("POST", "{app}/federatedIdentityCredentials", Some(given)).await;
    let one = format!("{{app}}/federatedIdentityCredentials/{}", made["id"].as_str().unwrap());
    let change = async |body: Value| client.send("PATCH", &one, Some(body)).await.0;
    assert_eq!(change(json!({"subject": "live", "name": "ci"})).await, 204);
    assert_eq!(change(json!({"name": "other"})).await, 400);
    assert_eq!(change(json!({"audiences": []})).await, 400);
    let (_, now) = client.send("GET", "{app}/federatedIdentityCredentials/ci", None).await;
    assert_eq!(
        (&now["subject"], &now["issuer"]),
        (&json!("live"), &json!("https://ci.example")),
        "{now}"
    );
    let missing = client
        .send("PATCH", "{app}/federatedIdentityCredentials/none", Some(json!({})))
        .await;
    assert_eq!(missing.0, 404);
}

#[tokio::test]
async fn a_certificate_may_come_with_the_line_breaks_of_its_file() {
    let client = Client::new().await;
    let file = include_str!("../../src/signing/certificate.pem");
    let key: Vec<&str> = file.lines().filter(|line| !line.starts_with("-----")).collect();
    let body = json!({"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": key.join("\n")}]});
    assert_eq!(client.send("PATCH", "{app}", Some(body)).await.0, 204);
    let (_, app) = client.send("GET", "{app}", None).await;
    assert!(app["keyCredentials"][0]["customKeyIdentifier"].is_string(), "{app}");
}
