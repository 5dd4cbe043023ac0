//! Unmodified clients for Rust against a running emulator: one line of JSON for each flow that was tried.
//!
//! The tenant, the application and its secret are three lines of standard input. The hosts are those that the clients have compiled in; the
//! environment leads them to the emulator (`rust_clients.py`).

use std::{error::Error, io::Read};

use azure_core::credentials::{Secret, TokenCredential};
use azure_identity::ClientSecretCredential;
use graph_rs_sdk::{GraphClient, ODataQuery, identity::ConfidentialClientApplication};
use reqwest::Response;
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn Error>>;

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const DIRECTORY_READ_ALL: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";

#[tokio::main]
async fn main() -> Outcome {
    let mut given = String::new();
    std::io::stdin().read_to_string(&mut given)?;
    let [tenant, application, secret] = given.lines().collect::<Vec<_>>()[..] else {
        return Err("standard input has to have three lines".into());
    };
    tell("azure_identity", "client secret", token(tenant, application, secret).await);
    tell("azure_identity", "wrong secret (AADSTS7000215)", wrong_secret(tenant, application).await);

    let client = graph(tenant, application, secret);
    tell("graph-rs-sdk", "client secret, organization", organization(&client, tenant).await);
    tell("graph-rs-sdk", "create, find, change, read and delete an app with a secret", app(&client).await);
    tell("graph-rs-sdk", "service principal, grant, app role assignment", principal(&client).await);
    Ok(())
}

fn tell(client: &str, flow: &str, outcome: Outcome) {
    let why = outcome.err().map(|error| format!("{error} ({error:?})").chars().take(300).collect::<String>());
    println!("{}", json!({"client": client, "flow": flow, "passed": why.is_none(), "why": why}));
}

fn holds(condition: bool, shown: impl std::fmt::Debug) -> Outcome {
    if condition { Ok(()) } else { Err(format!("{shown:?}").into()) }
}

async fn token(tenant: &str, application: &str, secret: &str) -> Outcome {
    let secret = Secret::new(secret.to_owned());
    let credential = ClientSecretCredential::new(tenant, application.to_owned(), secret, None)?;
    let token = credential.get_token(&["https://graph.microsoft.com/.default"], None).await?;
    holds(!token.token.secret().is_empty(), "no token")
}

async fn wrong_secret(tenant: &str, application: &str) -> Outcome {
    match token(tenant, application, "wrong").await {
        Ok(()) => Err("signed in with a wrong secret".into()),
        Err(error) => holds(format!("{error:?}").contains("7000215"), error),
    }
}

fn graph(tenant: &str, application: &str, secret: &str) -> GraphClient {
    let signed_in = ConfidentialClientApplication::builder(application)
        .with_client_secret(secret)
        .with_tenant(tenant)
        .build();
    GraphClient::from(&signed_in)
}

/// The body of an answer, which has to be a success.
async fn body(answer: Response) -> Result<Value, Box<dyn Error>> {
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        return Err(format!("{status}: {text}").into());
    }
    Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
}

async fn organization(client: &GraphClient, tenant: &str) -> Outcome {
    let found = body(client.organizations().list_organization().send().await?).await?;
    holds(found["value"][0]["id"] == tenant, found)
}

async fn app(client: &GraphClient) -> Outcome {
    let app = body(client.applications().create_application(&json!({"displayName": "By the crate"})).send().await?).await?;
    let id = text(&app, "id")?;
    let secret = client.application(id).add_password(&json!({"passwordCredential": {"displayName": "one"}}));
    let secret = body(secret.send().await?).await?;
    holds(secret["secretText"].is_string(), "no secret")?;
    let found = client.applications().list_application().filter(&["displayName eq 'By the crate'"]).select(&["id"]);
    let found = body(found.send().await?).await?;
    holds(found["value"] == json!([{"id": id}]), found)?;
    body(client.application(id).update_application(&json!({"notes": "x"})).send().await?).await?;
    let now = body(client.application(id).get_application().send().await?).await?;
    holds(now["notes"] == "x", now)?;
    body(client.application(id).delete_application().send().await?).await?;
    let gone = client.application(id).get_application().send().await?;
    holds(gone.status() == 404, gone)
}

async fn principal(client: &GraphClient) -> Outcome {
    let app = body(client.applications().create_application(&json!({"displayName": "With consent"})).send().await?).await?;
    let own = client.service_principals().create_service_principal(&json!({"appId": app["appId"]}));
    let own = body(own.send().await?).await?;
    let graph = client.service_principals().list_service_principal().filter(&[&*format!("appId eq '{GRAPH}'")]);
    let graph = body(graph.send().await?).await?["value"][0].take();
    let grant = json!({"clientId": own["id"], "resourceId": graph["id"], "consentType": "AllPrincipals", "scope": "User.Read"});
    let grant = client.oauth2_permission_grants().create_oauth2_permission_grant(&grant);
    let grant = body(grant.send().await?).await?;
    holds(grant["scope"] == "User.Read", grant)?;
    let role = json!({"principalId": own["id"], "resourceId": graph["id"], "appRoleId": DIRECTORY_READ_ALL});
    let role = client.service_principal(text(&own, "id")?).create_app_role_assignments(&role);
    let role = body(role.send().await?).await?;
    holds(role["principalId"] == own["id"], role)?;
    body(client.application(text(&app, "id")?).delete_application().send().await?).await?;
    Ok(())
}

fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str, Box<dyn Error>> {
    Ok(object[name].as_str().ok_or_else(|| format!("{name} is missing in {object}"))?)
}
