//! The emulator as a program that tests in any language use: its configuration, its admin API, its page, and how it starts and stops.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

mod admin;
mod calls;
mod findings;
mod people;
mod presets;
mod process;
mod recorded;
mod schema;

use cmg_onboarding_emulator::{EmulatorConfiguration, EmulatorServer};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A served configuration, and a client that shows the key.
struct Served {
    server: EmulatorServer,
    client: Client,
}

type Answer = (u16, Value);

impl Served {
    async fn preset(name: &str) -> Self {
        Self::of(EmulatorConfiguration::preset(name).unwrap()).await
    }

    /// The preset `onboarded` with an administrator and another person.
    async fn onboarded_with_people() -> Self {
        let file = json!({"preset": "onboarded", "tenants": [{"users": [
            {"account": "admin", "directoryRoles": ["Global Administrator"]},
            {"account": "megan@contoso.com", "directoryRoles": ["Application Developer"]},
        ]}]});
        Self::of(EmulatorConfiguration::from_json(file.to_string().as_bytes()).unwrap()).await
    }

    /// The administrator's token for Microsoft Graph, with what registering apps takes and these permissions.
    async fn token_with(&self, more: &[&str]) -> String {
        let mut scopes = vec![
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
            "Directory.ReadWrite.All",
            "User.Read",
        ];
        scopes.extend(more);
        let (_, token) = self.admin("POST", "tokens", Some(json!({"scopes": scopes}))).await;
        token["access_token"].as_str().unwrap().to_owned()
    }

    async fn of(configuration: EmulatorConfiguration) -> Self {
        let server = EmulatorServer::of_configuration(configuration).unwrap().start().await.unwrap();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { server, client }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A request to the admin API, with the key.
    async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let key = self.server.admin_key().unwrap();
        self.send(method, &format!("_emulator/{path}"), &[("x-emulator-key", key)], body.as_ref())
            .await
    }

    /// What a client with the administrator's token reads from Microsoft Graph.
    async fn graph(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let (_, token) = self.admin("POST", "tokens", None).await;
        let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
        self.send(method, &format!("v1.0/{path}"), &[("authorization", &token)], body.as_ref())
            .await
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    /// The names of the app registrations that a client sees.
    async fn apps(&self) -> Vec<String> {
        let (status, answer) = self.graph("GET", "applications", None).await;
        assert_eq!(status, 200, "{answer}");
        let mut names: Vec<String> = list(&answer)
            .iter()
            .map(|app| app["displayName"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }
}

fn list(answer: &Value) -> &[Value] {
    answer["value"].as_array().unwrap()
}
