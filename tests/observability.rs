//! What `tracing` is told: the spans and lines that `manual::observability` lists.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod support;

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write},
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{AzureServicesConnection, connection::onboard_many};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer, Fault};
use support::{connection, over_http, spec};
use tracing::{
    Dispatch, Event, Id, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

type Fields = BTreeMap<String, String>;

/// A span or a line, with its place.
#[derive(Debug, Clone, Default)]
struct Told {
    target: String,
    /// The span's name, or the line's text.
    name: String,
    fields: Fields,
    parent: Option<u64>,
}

#[derive(Debug, Clone, Default)]
struct Everything {
    spans: BTreeMap<u64, Told>,
    lines: Vec<Told>,
}

/// Keeps every span and every line.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Everything>>);

impl Recorder {
    fn of_this_thread() -> (Self, (Dispatch, DefaultGuard)) {
        let recorder = Self::default();
        // With a single subscriber, tracing asks only the thread that meets a call site first, which may be another test's.
        let second = Dispatch::new(tracing_subscriber::registry());
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(recorder.clone()));
        (recorder, (second, guard))
    }

    fn everything(&self) -> Everything {
        self.0.lock().unwrap().clone()
    }
}

struct Reader<'a>(&'a mut Told);

impl Visit for Reader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.fields.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        write!(text, "{value:?}").unwrap();
        match field.name() {
            "message" => self.0.name = text,
            name => drop(self.0.fields.insert(name.to_owned(), text)),
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        let mut told = Told {
            target: metadata.target().to_owned(),
            name: metadata.name().to_owned(),
            fields: Fields::new(),
            parent: None,
        };
        attributes.record(&mut Reader(&mut told));
        // The registry gives the id of a closed span to another one.
        let mut everything = self.0.lock().unwrap();
        let number = u64::try_from(everything.spans.len()).unwrap();
        context.span(id).unwrap().extensions_mut().replace(number);
        told.parent = context
            .span(id)
            .unwrap()
            .parent()
            .and_then(|parent| parent.extensions().get::<u64>().copied());
        everything.spans.insert(number, told);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let number = context.span(id).unwrap().extensions().get::<u64>().copied().unwrap();
        values.record(&mut Reader(self.0.lock().unwrap().spans.get_mut(&number).unwrap()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut told = Told {
            target: event.metadata().target().to_owned(),
            parent: context.event_span(event).and_then(|span| span.extensions().get::<u64>().copied()),
            ..Told::default()
        };
        event.record(&mut Reader(&mut told));
        self.0.lock().unwrap().lines.push(told);
    }
}

impl Everything {
    /// The span and all spans that it lies in, from the inside to the outside.
    fn way_out(&self, told: &Told) -> Vec<&Told> {
        let mut way = Vec::new();
        let mut next = told.parent;
        while let Some(span) = next.map(|number| &self.spans[&number]) {
            way.push(span);
            next = span.parent;
        }
        way
    }

    fn named(&self, name: &str) -> Vec<&Told> {
        self.spans.values().filter(|span| span.name == name).collect()
    }

    /// What this crate tells, and not a library below it.
    fn own_lines(&self) -> impl Iterator<Item = &Told> {
        self.lines.iter().filter(|line| line.target.starts_with("cmg_onboarding::"))
    }
}

#[tokio::test]
async fn a_request_lies_in_its_step_and_a_step_in_its_run_with_tenant_and_connection() {
    let (recorder, _guard) = Recorder::of_this_thread();
    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let job = over_http(spec(), &server, &tenant).site(EmulatedSite::new()).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();

    let told = recorder.everything();
    let runs = told.named("run");
    let [run] = runs.as_slice() else { panic!("one run: {runs:?}") };
    assert_eq!(run.target, "cmg_onboarding::run");
    assert_eq!(run.fields["verb"], "onboard");
    assert_eq!(run.fields["connection"], "Contoso CMG");
    assert_eq!(run.fields["tenant"], outcome.tenant_id.to_string());
    assert_eq!(run.fields["run"], outcome.report.run().unwrap().to_string());

    let requests = told.named("request");
    assert!(requests.len() >= 13, "{requests:?}");
    let answered: Vec<&Told> = told.own_lines().filter(|line| line.name == "answered").collect();
    assert_eq!(answered.len(), requests.len(), "one attempt each: {answered:?}");
    let host = server.url().host_str().unwrap();
    for line in answered {
        let request = told.way_out(line).into_iter().find(|span| span.name == "request").unwrap();
        for field in ["method", "path", "host", "client_request_id", "status"] {
            assert_eq!(line.fields[field], request.fields[field], "{line:?}");
        }
        assert_eq!((line.fields["host"].as_str(), line.fields["attempt"].as_str()), (host, "1"));
    }
    for request in requests {
        let way: Vec<&str> = told.way_out(request).iter().map(|span| span.name.as_str()).collect();
        let is_read = request.fields["method"] == "GET" || request.fields["path"].contains("$batch");
        match way.as_slice() {
            ["step", "run"] => {}
            ["run"] if is_read => {}
            other => panic!("{request:?} lies in {other:?}"),
        }
        assert_eq!(request.fields["attempts"], "1", "{request:?}");
        assert!(request.fields["status"].starts_with('2') || is_read, "{request:?}");
        assert!(request.fields.contains_key("client_request_id"));
    }
    let steps: Vec<&str> = told.named("step").iter().map(|step| step.fields["step"].as_str()).collect();
    assert!(
        steps.contains(&"registerServerApp") && steps.contains(&"consentUserRead"),
        "{steps:?}"
    );
    assert_eq!(told.named("site").len(), 1);
    for line in told.own_lines() {
        let outermost = told.way_out(line);
        assert_eq!(outermost.last().map(|span| span.name.as_str()), Some("run"), "{line:?}");
    }
    let done: Vec<&Told> = told.own_lines().filter(|line| line.name == "a step is done").collect();
    assert_eq!(done.len(), outcome.report.steps().len());
    assert!(done.iter().all(|line| line.fields.contains_key("elapsed_ms")), "{done:?}");
}

#[tokio::test]
async fn the_lines_of_two_tenants_can_be_told_apart() {
    let (recorder, _guard) = Recorder::of_this_thread();
    let job = |number: u8| -> (u8, AzureServicesConnection) { (number, connection(spec(), &EmulatedTenant::new(), &EmulatedSite::new())) };
    let mut runs = Vec::new();
    onboard_many(
        (0..2).map(job),
        NonZeroUsize::new(2).unwrap(),
        |_, _| (),
        |tenant| runs.push(tenant.result.unwrap().report.run().unwrap().to_string()),
    )
    .await;
    let told = recorder.everything();
    for run in runs {
        let of_run: Vec<&Told> = told
            .own_lines()
            .filter(|line| told.way_out(line).iter().any(|span| span.fields.get("run") == Some(&run)))
            .collect();
        let ends = of_run.iter().filter(|line| line.name == "the run has ended").count();
        assert_eq!(ends, 1, "{of_run:?}");
        assert!(of_run.len() > 20, "{of_run:?}");
    }
    let outside = told.own_lines().filter(|line| told.way_out(line).is_empty()).count();
    assert_eq!(outside, 0);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_request_is_one_span_with_two_attempts() {
    let (recorder, _guard) = Recorder::of_this_thread();
    let tenant = EmulatedTenant::new();
    tenant.fail_on("POST /applications", Fault::Throttled(Some(Duration::from_secs(3))));
    connection(spec(), &tenant, &EmulatedSite::new()).onboard(|_| ()).await.unwrap();

    let told = recorder.everything();
    let repeated: Vec<&Told> = told
        .named("request")
        .into_iter()
        .filter(|request| request.fields.get("attempts").is_some_and(|attempts| attempts == "2"))
        .collect();
    let [repeated] = repeated.as_slice() else {
        panic!("one is repeated: {repeated:?}")
    };
    assert!(repeated.fields["path"].ends_with("/applications"), "{repeated:?}");
    let attempts = told
        .spans
        .values()
        .filter(|span| span.name == "attempt" && told.way_out(span).first().map(|request| &request.fields) == Some(&repeated.fields));
    assert_eq!(attempts.count(), 2);
    let repeats: Vec<&Told> = told.own_lines().filter(|line| line.name == "a request is repeated").collect();
    assert_eq!(repeats.len(), 1);
    assert_eq!(repeats[0].fields["reason"], "throttled");
    assert_eq!(repeats[0].fields["delay_ms"], "3000");
}

#[tokio::test]
async fn a_run_that_is_dropped_says_so_in_its_own_span() {
    let (recorder, _guard) = Recorder::of_this_thread();
    let job = connection(spec(), &EmulatedTenant::new(), &EmulatedSite::new());
    drop(tokio::time::timeout(Duration::ZERO, job.onboard(|_| ())).await);
    let told = recorder.everything();
    let last = told.own_lines().last().unwrap();
    assert_eq!(last.name, "the run was cancelled");
    assert_eq!(told.way_out(last)[0].fields["verb"], "onboard");
}
