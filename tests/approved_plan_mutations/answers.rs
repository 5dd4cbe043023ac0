//! The same for each value of each answer that a plan is made of: tenant, caller's roles, policy, service principals,
//! consents, deleted apps, and the apps themselves.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cmg_onboarding::{
    AccessToken, AzureServicesConnection, GraphDirectory, OnboardingError,
    http::{Attempt, HttpClient, Method, RawAnswer, Transport, TransportFailure},
    token_fn,
};
use cmg_onboarding_emulator::Caller;
use serde_json::Value;

use crate::{Drifted, leaves, others, support::spec_with_discovery};

/// Where an answer is changed, and how.
#[derive(Debug, Clone)]
struct Mutation {
    request: String,
    path: String,
    value: Value,
}

/// Passes everything on, and gives one value of one answer otherwise.
#[derive(Debug)]
struct Mutating {
    wire: Arc<dyn Transport>,
    mutation: Mutex<Option<Mutation>>,
    /// Every reading request, with its answer.
    seen: Mutex<Vec<(String, Value)>>,
}

#[async_trait]
impl Transport for Mutating {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        let request = attempt.request();
        let name = request.url().to_string();
        let is_read = request.method() == Method::Get;
        let answer = self.wire.attempt(attempt).await?;
        let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else {
            return Ok(answer);
        };
        if !is_read {
            return Ok(answer);
        }
        self.seen.lock().unwrap().push((name.clone(), body.clone()));
        let mutation = self.mutation.lock().unwrap().clone();
        match mutation.filter(|mutation| mutation.request == name) {
            Some(mutation) if body.pointer(&mutation.path).is_some() => {
                *body.pointer_mut(&mutation.path).unwrap() = mutation.value;
                let changed = RawAnswer::new(answer.status()).with_header("content-type", "application/json");
                Ok(changed.with_body(body.to_string().as_bytes()))
            }
            _ => Ok(answer),
        }
    }
}

/// A drifted world, read through a wire that can be made to say something else.
struct Mutable {
    world: Drifted,
    transport: Arc<Mutating>,
    job: AzureServicesConnection,
}

impl Mutable {
    async fn new() -> Self {
        let world = Drifted::new().await;
        let transport = Arc::new(Mutating {
            wire: world.wire.http().transport(),
            mutation: Mutex::default(),
            seen: Mutex::default(),
        });
        let token = AccessToken::new(world.tenant.token_for(&Caller::global_administrator()));
        let tokens = token_fn(move |_| {
            let token = token.clone();
            async move { Ok(token) }
        });
        let directory = GraphDirectory::builder(world.wire.endpoints(), tokens)
            .http(HttpClient::over(Arc::clone(&transport)))
            .build();
        let job = AzureServicesConnection::builder(spec_with_discovery())
            .directory(directory)
            .site(world.site.clone())
            .build()
            .unwrap();
        Self { world, transport, job }
    }
}

#[tokio::test]
async fn every_single_value_that_the_tenant_tells_otherwise_leads_to_the_approved_effect_or_to_a_refusal_before_the_first_write() {
    let control = Mutable::new().await;
    let plan = control.job.plan(|_| ()).await.unwrap();
    let read = control.transport.seen.lock().unwrap().clone();
    let before = control.world.wire.requests().len();
    plan.apply(|_| ()).await.unwrap();
    let approved_writes = control.world.writes_since(before);

    let (mut done, mut refused, mut failed) = (0, 0, 0);
    let mut world = Mutable::new().await;
    let mut document = world.job.plan(|_| ()).await.unwrap().document().clone();
    let mut own = world.transport.seen.lock().unwrap().clone();
    for position in 0..read.len() {
        let mut paths = Vec::new();
        leaves("", &read[position].1, &mut paths);
        for path in paths {
            let count = read[position].1.pointer(&path).map_or(0, |value| others(value).len());
            for number in 0..count {
                let (request, answer) = own[position].clone();
                let Some(value) = answer.pointer(&path).and_then(|value| others(value).get(number).cloned()) else {
                    continue;
                };
                let case = format!("{request} {path} = {value}");
                *world.transport.mutation.lock().unwrap() = Some(Mutation {
                    request,
                    path: path.clone(),
                    value,
                });
                let before = world.world.wire.requests().len();
                let result = match world.job.plan_from(&document, |_| ()).await {
                    Ok(plan) => Some(plan.apply(|_| ()).await),
                    Err(OnboardingError::Stale(_) | OnboardingError::Blocked(_) | OnboardingError::Read(_)) => None,
                    Err(error) => panic!("{case}: {error}"),
                };
                let writes = world.world.writes_since(before);
                match &result {
                    None => {
                        refused += 1;
                        assert_eq!(writes, [] as [String; 0], "{case}");
                        continue;
                    }
                    Some(Ok(_)) => {
                        done += 1;
                        assert_eq!(writes, approved_writes, "{case}");
                    }
                    // What it reads back never shows what it has written: told as a failure.
                    Some(Err(error)) => {
                        failed += 1;
                        assert!(
                            writes.iter().all(|write| approved_writes.contains(write)),
                            "{case}: {error}: {writes:?}"
                        );
                    }
                }
                world = Mutable::new().await;
                document = world.job.plan(|_| ()).await.unwrap().document().clone();
                own = world.transport.seen.lock().unwrap().clone();
            }
        }
    }
    println!("one value told otherwise: {done} done as approved, {refused} refused, {failed} failed");
    assert!(
        done + refused > 300 && refused > 100 && failed < done,
        "{done} done, {refused} refused, {failed} failed"
    );
}
