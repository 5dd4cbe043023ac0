//! A client that sends what it is told and shows what came back.

use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// A served tenant and a caller who is signed in to it.
pub(crate) struct Graph {
    pub(crate) client: Client,
    pub(crate) server: EmulatorServer,
    pub(crate) token: String,
}

impl Graph {
    pub(crate) async fn of(tenant: EmulatedTenant) -> Self {
        Self::signed_in(tenant, &Caller::global_administrator()).await
    }

    pub(crate) async fn signed_in(tenant: EmulatedTenant, caller: &Caller) -> Self {
        let token = tenant.token_for(caller);
        let server = EmulatorServer::builder(tenant).start().await.unwrap();
        Self {
            // Plain HTTP: reading the trusted roots of this machine for each client takes longer than what it sends.
            client: Client::builder().no_proxy().tls_certs_only([]).build().unwrap(),
            server,
            token,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> (u16, Value) {
        let mut request = self.client.request(method, self.url(path)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    pub(crate) async fn create(&self, name: &str) -> Value {
        let body = json!({"displayName": name, "signInAudience": "AzureADMyOrg", "uniqueName": format!("unique {name}")});
        let (status, created) = self.post("v1.0/applications", body).await;
        assert_eq!(status, 201, "{created}");
        created
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded");
        read(request.body(body.finish()).send().await.unwrap()).await
    }
}

pub(crate) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default())
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
