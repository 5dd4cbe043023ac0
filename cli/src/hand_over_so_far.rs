//! What a run has registered so far, for a hand-over before the run has come to its end.

use cmg_onboarding::{
    ApplicationId, ConnectionSpec, ImportedClientApp, ImportedServerApp, Step,
    connection::{EventKind, NewSecret, PlanDocument},
    hand_over::{HandOver, HandOverError},
};

/// From the plan, the progress and the secret, as each of them comes.
#[derive(Default)]
pub(crate) struct SoFar {
    spec: Option<ConnectionSpec>,
    tenant_name: String,
    server_name: Option<String>,
    client_name: Option<String>,
    client_app: Option<ApplicationId>,
    /// `None` as long as it depends on an id that is not known.
    app_id_uri: Option<String>,
    secret: Option<NewSecret>,
}

impl SoFar {
    /// What the plan knows beforehand.
    pub(crate) fn planned(spec: &ConnectionSpec, plan: &PlanDocument) -> Self {
        let uri = plan.app_id_uri.as_ref().map(|uri| uri.as_str().to_owned());
        Self {
            spec: Some(spec.clone()),
            tenant_name: plan.tenant_name.clone(),
            server_name: plan.server_app.name.clone(),
            client_name: plan.client_app.name.clone(),
            client_app: plan.client_app.application_id,
            // Placeholders stand for ids that the run will learn.
            app_id_uri: uri.filter(|uri| !uri.contains('{')),
            secret: None,
        }
    }

    pub(crate) fn issued(&mut self, secret: &NewSecret) {
        self.secret = Some(secret.clone());
    }

    /// Whether an event has told something new.
    pub(crate) fn learn(&mut self, kind: &EventKind) -> bool {
        let EventKind::StepDone {
            step,
            object: Some(object),
            ..
        } = kind
        else {
            return false;
        };
        match step {
            Step::RegisterClientApp => {
                self.client_app = object.parse().ok().or(self.client_app);
                true
            }
            Step::SetAppIdUri => {
                self.app_id_uri = Some(object.clone());
                true
            }
            _ => false,
        }
    }

    /// The hand-over with the Secret ID, once all of it is known.
    pub(crate) fn hand_over(&self) -> Option<(Result<HandOver, HandOverError>, String)> {
        let (spec, secret) = (self.spec.as_ref()?, self.secret.as_ref()?);
        let server_app = ImportedServerApp::builder()
            .tenant_name(&self.tenant_name)
            .tenant_id(secret.tenant_id)
            .name(self.server_name.as_deref()?)
            .client_id(secret.application_id)
            .secret_key(secret.secret.value.clone())
            .secret_key_expiry(secret.secret.expires_on)
            .app_id_uri(self.app_id_uri.as_deref()?);
        let client_app = ImportedClientApp::builder()
            .name(self.client_name.as_deref()?)
            .client_id(self.client_app?);
        let mut builder = ConnectionSpec::builder(spec.name())
            .environment(spec.environment())
            .server_app(server_app)
            .client_app(client_app);
        if spec.key() != spec.name() {
            builder = builder.key(spec.key());
        }
        if let Some(description) = spec.description() {
            builder = builder.description(description);
        }
        if let Some(discovery) = spec.discovery() {
            builder = builder.discovery(discovery.clone());
        }
        let hand_over = builder.build().map_err(HandOverError::from).and_then(HandOver::from_spec);
        Some((hand_over, secret.secret.key_id.to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use std::sync::Mutex;

    use cmg_onboarding::{
        AzureServicesConnection, async_trait,
        connection::{SecretSink, SecretSinkError},
    };
    use cmg_onboarding_emulator::EmulatedTenant;
    use serde_json::json;

    use super::*;
    use crate::specification::example;

    #[derive(Debug, Default)]
    struct Kept(Mutex<Option<NewSecret>>);

    #[async_trait]
    impl SecretSink for Kept {
        async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
            *self.0.lock().unwrap() = Some(secret.clone());
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_hand_over_is_whole_only_with_both_apps_the_secret_and_the_uri_that_is_registered() {
        let (spec, tenant) = (example().unwrap(), EmulatedTenant::new());
        let kept = std::sync::Arc::new(Kept::default());
        let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
        let job = job.secret_sink(kept.clone()).build().unwrap();
        let plan = job.plan(|_| ()).await.unwrap();
        let mut so_far = SoFar::planned(&spec, plan.document());
        plan.apply(|_| ()).await.unwrap();
        let secret = kept.0.lock().unwrap().clone().unwrap();
        let done = |step: &str, object: &str| -> EventKind {
            let place = json!({"event": "stepDone", "step": step, "index": 1, "total": 9, "round": 1});
            let mut done = place.as_object().unwrap().clone();
            done.extend([("action".to_owned(), json!("created")), ("object".to_owned(), json!(object))]);
            serde_json::from_value(done.into()).unwrap()
        };

        assert!(so_far.hand_over().is_none());
        so_far.issued(&secret);
        assert!(so_far.hand_over().is_none(), "the client app is not there");
        assert!(!so_far.learn(&done("consentUserRead", "a grant")));
        assert!(so_far.learn(&done("registerClientApp", "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02")));
        let uri = |so_far: &SoFar| {
            let (hand_over, _) = so_far.hand_over().unwrap();
            match hand_over.unwrap().into_spec().server_app() {
                cmg_onboarding::spec::ServerApp::Import(app) => app.app_id_uri().to_string(),
                _ => String::new(),
            }
        };
        assert!(uri(&so_far).ends_with("/ConfigMgrService"));
        // A policy of the tenant has refused the first one.
        assert!(so_far.learn(&done("setAppIdUri", "api://another/one")));
        assert_eq!(uri(&so_far), "api://another/one");
    }
}
