//! The page in a real browser: a headless Chromium against the program and its emulator.
//!
//! It needs `chromium` on the path, or another Chromium named by the environment variable `CMG_TEST_BROWSER`; without
//! either it says so and proves nothing. Pictures of the pages are kept in the target folder, below `tmp/web-pages`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may give up")]

mod chromium;
mod service;

use chromium::Chromium;
use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer};
use serde_json::{Value, json};
use service::Service;

const URI: &str = "api://contoso.onmicrosoft.com/ConfigMgrService";

fn browser() -> Option<Chromium> {
    let binary = chromium::binary();
    if binary.is_none() {
        eprintln!("skipped: there is no chromium on the path, and CMG_TEST_BROWSER names none");
    }
    binary.map(|binary| Chromium::open(&binary))
}

/// Opens the program's address, and the first page of a new session.
fn begin(browser: &mut Chromium, service: &Service) {
    browser.go(&service.address);
    browser.click("#new");
    browser.until("document.querySelector('h1')?.textContent === 'Azure Services' && document.querySelector('#field-name') !== null");
}

/// Asks the service as the page does, with its cookie.
fn ask(browser: &mut Chromium, method: &str, path: &str, body: &Value) -> Value {
    let body = if method == "GET" { Value::Null } else { json!(body.to_string()) };
    browser.value(&format!(
        "fetch({}, {{ method: {}, headers: {{ 'content-type': 'application/json' }}, body: {body} ?? undefined }}).then(answer => answer.json())",
        json!(path),
        json!(method)
    ))
}

/// The session that the page shows.
fn session(browser: &mut Chromium) -> Value {
    let id = browser.value("location.hash.slice(1).split('/')[0]");
    ask(browser, "GET", &format!("api/sessions/{}", id.as_str().unwrap()), &Value::Null)
}

/// Fills the first three pages in, as far as the Summary page.
fn fill_in(browser: &mut Chromium, name: &str) {
    browser.fill("#field-name", name);
    browser.click("#next");
    browser.click("#serverApp-create");
    browser.fill("#field-serverApp-create-name", "ConfigMgr Server");
    browser.click("#clientApp-create");
    browser.fill("#field-clientApp-create-name", "ConfigMgr Client");
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Discovery'");
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Summary'");
}

fn until_completion(browser: &mut Chromium) {
    browser.until("document.querySelector('h1').textContent === 'Completion' && document.querySelector('#ccmsetup') !== null");
}

/// Nothing was logged: no error, and nothing that the content security policy has refused.
fn told_nothing(browser: &Chromium) {
    assert!(browser.told.is_empty(), "{:?}", browser.told);
}

#[test]
fn the_whole_job_goes_by_the_keyboard_alone_and_what_is_wrong_is_marked_while_it_is_typed() {
    let Some(mut browser) = browser() else { return };
    let mut service = Service::start(&[]);
    browser.go(&service.address);
    browser.until_there("#new");
    assert!(browser.text("#service").contains("nothing real is touched"));
    assert!(
        !browser.value("location.href").as_str().unwrap().contains("key="),
        "the key is used up"
    );
    assert_ne!(service.next_address(), service.address);
    // A name that turns the direction of writing is shown as it is written.
    let turned = json!({ "draft": { "name": "Contoso\u{202e}GMC" } });
    let turned = ask(&mut browser, "POST", "api/sessions", &turned);
    browser.reload();
    browser.until_there("#new");
    assert!(browser.text("#page").contains("Contoso\u{fffd}GMC"), "{turned}");
    browser.picture("1-sessions");

    browser.tab_to("#new");
    browser.press("Enter");
    browser.until_there("#field-name");
    // The heading has the focus: a reader begins to read there.
    browser.until("document.activeElement.tagName === 'H1'");
    browser.tab_to("#field-name");
    browser.type_text("Contoso CMG <b>&amp;</b>");
    browser.press("Enter");
    browser.until("document.querySelector('h1').textContent === 'App'");

    browser.tab_to("#serverApp-create");
    browser.press(" ");
    browser.tab_to("#field-serverApp-create-name");
    browser.type_text("ConfigMgr Server");
    browser.tab_to("#field-serverApp-create-appIdUri");
    browser.type_text("nonsense");
    // Still in the input: it is marked, the message is tied to it, and those who listen are told.
    browser.until("document.activeElement.getAttribute('aria-invalid') === 'true'");
    assert_eq!(browser.value("document.activeElement.name"), "serverApp.create.appIdUri");
    let described = browser.value(
        "document.activeElement.getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).textContent).join(' ')",
    );
    assert!(described.as_str().unwrap().contains("nonsense"), "{described}");
    assert!(browser.text("#live").starts_with("App ID URI: "));
    browser.picture("2-violation-while-typing");
    browser.value("document.activeElement.select()");
    browser.type_text(URI);
    browser.until("document.activeElement.getAttribute('aria-invalid') === 'false'");
    browser.tab_to("#clientApp-create");
    browser.press(" ");
    // What is missing is marked when the page is to be left, and has the focus.
    browser.tab_to("#next");
    browser.press("Enter");
    browser
        .until("document.activeElement.name === 'clientApp.create.name' && document.activeElement.getAttribute('aria-invalid') === 'true'");
    browser.type_text("ConfigMgr Client");
    browser.press("Enter");
    browser.until("document.querySelector('h1').textContent === 'Discovery'");
    browser.tab_to("#field-discovery-users");
    browser.press(" ");
    browser.until_there("#field-discovery-users-deltaMinutes");
    browser.picture("3-discovery");
    browser.tab_to("#next");
    browser.press("Enter");

    browser.until("document.querySelector('h1').textContent === 'Summary'");
    browser.tab_to("#plan");
    browser.press("Enter");
    browser.until_there("#approve");
    let planned = session(&mut browser);
    let changes = planned["pages"][3]["plan"]["changes"].as_array().unwrap().len();
    assert_eq!(browser.value("document.querySelectorAll('.changes > li').length"), changes);
    assert!(browser.text("#account").contains("contoso.onmicrosoft.com"));
    browser.picture("4-summary");
    browser.tab_to("#approve");
    browser.press("Enter");
    until_completion(&mut browser);
    assert_eq!(browser.text("#state"), "The connection is in place.");
    assert!(browser.text("#ccmsetup").starts_with("AADTENANTID="));
    assert!(browser.text("#next-steps").contains("expires on"));
    assert_eq!(browser.value("document.activeElement.tagName"), "H1");
    browser.picture("5-completion");

    browser.click("#to-status");
    assert!(browser.text("#check").contains("OK"));
    assert!(browser.text("#view").contains("Contoso CMG <b>&amp;</b>"), "a name is no markup");
    browser.picture("6-status");
    told_nothing(&browser);
}

#[test]
fn a_reload_in_mid_run_loses_no_event_and_a_run_that_fails_is_resumed() {
    let Some(mut browser) = browser() else { return };
    // Slow enough that the run is still under way after a reload, also on a busy machine.
    let service = Service::start(&["--emulated-latency", "1200", "--emulated-fault"]);
    begin(&mut browser, &service);
    fill_in(&mut browser, "Contoso CMG");
    browser.click("#plan");
    browser.click("#approve");
    browser.until("document.querySelectorAll('.state.done').length > 0");
    browser.reload();
    browser.until_there("#cancel");
    assert_eq!(session(&mut browser)["phase"], "running", "it is reloaded in mid-run");
    browser.picture("7-running");
    browser.until_there("#resume");
    let failed = session(&mut browser);
    assert_eq!(failed["phase"], "failed");
    assert_eq!(browser.text("[data-step=createConnection] .state"), "Failed");

    // Every entry of the run that the service has is in the log of the page, and nothing twice.
    browser.until("document.querySelector('#log [data-event=runFailed]') !== null");
    let told = browser.value("[...document.querySelectorAll('#log li')].map(item => Number(item.dataset.sequence))");
    let kept = entries(&mut browser, &failed);
    assert!(kept.len() > 20, "{kept:?}");
    assert_eq!(told, json!(kept));
    assert!(browser.text("#problem").contains("a new plan goes on"));
    browser.picture("8-failed");

    browser.click("#resume");
    browser.until_there("#approve");
    // What the first run has done is in place, and the second plan writes the rest.
    browser.until_there(".changes [data-step=createConnection]");
    assert_eq!(
        browser.value("document.querySelector('[data-step=registerServerApp]')"),
        Value::Null
    );
    browser.click("#approve");
    until_completion(&mut browser);
    told_nothing(&browser);
}

/// The numbers of the last run's entries, as the service streams them.
fn entries(browser: &mut Chromium, session: &Value) -> Vec<u64> {
    let read = format!(
        "new Promise(done => {{ const all = []; const source = new EventSource('api/sessions/{}/events?after=0'); \
         const add = name => source.addEventListener(name, event => {{ const data = JSON.parse(event.data); all.push([name, data]); \
         if (data.sequence === {}) {{ source.close(); done(all); }} }}); add('progress'); add('session'); }})",
        session["id"].as_str().unwrap(),
        session["lastSequence"]
    );
    let mut of_run = Vec::new();
    let mut is_in_run = false;
    for entry in browser.value(&read).as_array().unwrap() {
        let is_run = entry[1]["job"]["kind"] == "apply";
        match entry[0].as_str() {
            Some("session") if is_run && !is_in_run => (is_in_run, of_run) = (true, Vec::new()),
            Some("session") => is_in_run = is_run,
            _ if is_in_run => of_run.push(entry[1]["sequence"].as_u64().unwrap()),
            _ => {}
        }
    }
    of_run
}

#[test]
fn a_refused_preflight_marks_the_field_and_a_run_is_cancelled() {
    let Some(mut browser) = browser() else { return };
    let service = Service::start(&["--emulated-latency", "500"]);
    begin(&mut browser, &service);
    // Another connection has taken the App ID URI.
    let draft = |name: &str| json!({ "draft": { "name": name, "serverApp": { "create": { "name": "Server", "appIdUri": URI } }, "clientApp": { "create": { "name": "Client" } } } });
    let first = ask(&mut browser, "POST", "api/sessions", &draft("First"));
    let at = |rest: &str| format!("api/sessions/{}/{rest}", first["id"].as_str().unwrap());
    let mut signed = first.clone();
    if signed["signIn"]["state"] != "signedIn" {
        signed = ask(&mut browser, "POST", &at("sign-in?wait=60"), &json!({ "way": "provided" }));
    }
    assert_eq!(signed["signIn"]["state"], "signedIn");
    let planned = ask(&mut browser, "POST", &at("plan?wait=60"), &json!({ "withoutSite": true }));
    let plan = json!({ "planId": planned["pages"][3]["plan"]["id"] });
    ask(&mut browser, "POST", &at("approve"), &plan);
    let done = ask(&mut browser, "POST", &at("apply?wait=60"), &plan);
    assert_eq!(done["phase"], "done", "{done}");

    fill_in(&mut browser, "Second");
    browser.click("#step-app");
    browser.fill("#field-serverApp-create-appIdUri", URI);
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Discovery'");
    browser.click("#next");
    browser.click("#plan");
    browser.until_there("#problem");
    browser.picture("9-refused-preflight");
    browser.click("#to-field-serverApp-create-appIdUri");
    browser.until("document.querySelector('h1').textContent === 'App'");
    browser.until(
        "document.activeElement.name === 'serverApp.create.appIdUri' && document.activeElement.getAttribute('aria-invalid') === 'true'",
    );
    assert_eq!(
        browser.value("document.querySelector('#field-serverApp-create-appIdUri-wrong p').dataset.code"),
        "appIdUriInUse"
    );
    browser.picture("10-field-marked");

    browser.fill("#field-serverApp-create-appIdUri", &URI.replace("Service", "Second"));
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Discovery'");
    browser.click("#next");
    browser.click("#plan");
    browser.click("#approve");
    browser.until("document.querySelector('h1').textContent === 'Progress'");
    browser.click("#cancel");
    browser.until_there("#resume");
    let cancelled = session(&mut browser);
    assert_eq!(cancelled["phase"], "cancelled", "{}", cancelled["problem"]);
    assert!(browser.text("#state").contains("cancelled"));
    browser.click("#resume");
    browser.click("#approve");
    until_completion(&mut browser);
    told_nothing(&browser);
}

#[test]
fn a_secret_is_shown_once_and_a_lost_one_is_issued_again() {
    let Some(mut browser) = browser() else { return };
    let folder = std::env::temp_dir().join(format!("cmg-onboard-web-{}", uuid::Uuid::new_v4()));
    let kept = folder.to_str().unwrap().to_owned();
    let service = Service::start(&["--folder", &kept]);
    begin(&mut browser, &service);
    // Another tab changes the session: the input shows it.
    let shown = session(&mut browser);
    let path = format!("api/sessions/{}/draft", shown["id"].as_str().unwrap());
    let change = json!({ "revision": shown["draftRevision"], "fields": { "name": "Of another tab" } });
    ask(&mut browser, "PATCH", &path, &change);
    browser.until("document.querySelector('#field-name').value === 'Of another tab'");
    fill_in(&mut browser, "Contoso CMG");
    browser.value("document.querySelector('#settings').open = true");
    browser.click("#setting-withoutSite");
    browser.click("#plan");
    browser.click("#approve");
    until_completion(&mut browser);
    assert_eq!(session(&mut browser)["secret"]["state"], "held");
    assert_eq!(browser.text("#state"), "The apps are registered.");
    assert!(browser.text("#page").contains("this run has made no connection"));
    let hash = browser.value("location.hash").as_str().unwrap().to_owned();
    service.kill();

    let service = Service::start(&["--folder", &kept]);
    browser.go(&service.address);
    browser.until_there("#new");
    browser.value(&format!("location.hash = {}", json!(hash)));
    browser.until_there("#secret[data-state=lost]");
    assert!(browser.text("#secret").contains("is lost"));
    browser.picture("11-secret-lost");
    browser.click("#reissue");
    browser.until("document.querySelector('h1').textContent === 'Summary'");
    if session(&mut browser)["signIn"]["state"] != "signedIn" {
        browser.click("#sign-in-provided");
        browser.click("#plan");
    }
    browser.click("#approve");
    browser.until_there("#take-secret");
    browser.click("#take-secret");
    let secret = browser.text("#secret-value");
    assert!(secret.len() > 20);
    assert!(!browser.text("#live").contains(&secret), "a secret is not read out");
    assert_eq!(session(&mut browser)["secret"]["state"], "handedOver");
    // Another page of the same tab does not lose it, and the browser asks before it does.
    let leave = "dispatchEvent(new Event('beforeunload', { cancelable: true }))";
    assert_eq!(browser.value(leave), false);
    browser.value("location.hash = ''");
    browser.until_there("#new");
    assert!(!browser.text("#page").contains(&secret));
    browser.value(&format!("location.hash = {}", json!(hash)));
    assert_eq!(browser.text("#secret-value"), secret);
    browser.click("#put-away");
    assert_eq!(browser.value(leave), true);
    browser.until("document.querySelector('#secret-value') === null");
    assert!(!browser.value("document.body.textContent").as_str().unwrap().contains(&secret));
    std::fs::remove_dir_all(folder).unwrap();
    told_nothing(&browser);
}

/// A whole job of another administrator, by the interface.
fn carry_out(browser: &mut Chromium, draft: &Value, settings: &Value) -> Value {
    let begun = ask(browser, "POST", "api/sessions", &json!({ "draft": draft }));
    let at = |rest: &str| format!("api/sessions/{}/{rest}", begun["id"].as_str().unwrap());
    let planned = ask(browser, "POST", &at("plan?wait=60"), settings);
    let plan = json!({ "planId": planned["pages"][3]["plan"]["id"] });
    ask(browser, "POST", &at("approve"), &plan);
    let done = ask(browser, "POST", &at("apply?wait=60"), &plan);
    assert_eq!(done["phase"], "done", "{done}");
    done
}

/// Fills the inputs of one way to get an app.
fn fill_app(browser: &mut Chromium, app: &str, way: &str, fields: &[(&str, &Value)]) {
    browser.click(&format!("#{app}-{way}"));
    for (field, value) in fields {
        browser.fill(&format!("#field-{app}-{way}-{field}"), value.as_str().unwrap());
    }
}

#[test]
fn apps_that_are_there_are_imported_taken_from_the_site_and_adopted() {
    let Some(mut browser) = browser() else { return };
    let service = Service::start(&[]);
    begin(&mut browser, &service);
    let draft = json!({ "name": "First", "serverApp": { "create": { "name": "Server", "appIdUri": URI } }, "clientApp": { "create": { "name": "Client" } } });
    let registered = carry_out(&mut browser, &draft, &json!({ "withoutSite": true }));
    let path = format!("api/sessions/{}/secret", registered["id"].as_str().unwrap());
    let secret = ask(&mut browser, "POST", &path, &json!({}));
    let outcome = &registered["pages"][5]["outcome"];
    let (server, client) = (&outcome["serverApp"], &outcome["clientApp"]);

    browser.fill("#field-name", "Contoso CMG");
    browser.click("#next");
    let expiry = json!(secret["expiresOn"].as_str().unwrap().split('T').next().unwrap());
    fill_app(
        &mut browser,
        "serverApp",
        "import",
        &[
            ("tenantName", &outcome["tenantName"]),
            ("tenantId", &outcome["tenantId"]),
            ("name", &server["name"]),
            ("clientId", &server["applicationId"]),
            ("secretKey", &secret["value"]),
            ("secretKeyExpiry", &expiry),
            ("appIdUri", &json!(URI)),
        ],
    );
    fill_app(
        &mut browser,
        "clientApp",
        "import",
        &[("name", &client["name"]), ("clientId", &client["applicationId"])],
    );
    browser.picture("12-import");
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Discovery'");
    browser.click("#next");
    browser.click("#plan");
    browser.click("#approve");
    until_completion(&mut browser);
    assert!(!session(&mut browser).to_string().contains(secret["value"].as_str().unwrap()));

    // Another session: Browse lists what the site has by now, and Adopt takes an id.
    browser.value("location.hash = ''");
    browser.click("#new");
    browser.fill("#field-name", "Second");
    browser.click("#next");
    for (app, known) in [("serverApp", server), ("clientApp", client)] {
        browser.click(&format!("#{app}-reuse"));
        browser.click(&format!("#{app}-browse"));
        browser.until_there("dialog[open] #choose-0");
        // By which Azure service an app is used the site tells of a web app alone.
        let used = if app == "serverApp" { "Contoso CMG" } else { "not known" };
        assert_eq!(browser.text("dialog tbody td:nth-of-type(2)"), used);
        browser.picture(&format!("13-browse-{app}"));
        browser.click("dialog #choose-0");
        let id = &known["applicationId"];
        browser.until(&format!(
            "document.querySelector('dialog') === null && document.querySelector('#field-{app}-reuse-clientId').value === {id}"
        ));
    }
    for (app, known) in [("serverApp", server), ("clientApp", client)] {
        fill_app(&mut browser, app, "adopt", &[("clientId", &known["applicationId"])]);
    }
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Discovery'");
    browser.click("#next");
    browser.until("document.querySelector('h1').textContent === 'Summary'");
    let draft = session(&mut browser)["draft"].clone();
    assert_eq!(draft["serverApp"], json!({ "adopt": { "clientId": server["applicationId"] } }));
    browser.until_there("#plan");
    told_nothing(&browser);
}

#[test]
fn a_person_signs_in_with_a_code_that_the_page_shows() {
    let Some(mut browser) = browser() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tenant = EmulatedTenant::new();
    let emulator = runtime.block_on(EmulatorServer::builder(tenant.clone()).start()).unwrap();
    let (authority, graph) = (emulator.endpoints().authority(), emulator.endpoints().graph());
    let service = Service::against("entra", &["--authority", authority.as_str(), "--graph", graph.as_str()]);
    begin(&mut browser, &service);
    browser.fill("#field-name", "Contoso CMG");
    browser.click("#next");
    browser.until("document.querySelector('#sign-in')?.dataset.state === 'signedOut'");
    browser.click("#sign-in-deviceCode");
    let code = browser.text("#user-code");
    browser.picture("14-device-code");
    assert!(tenant.approve_device_code(&code));
    browser.until("document.querySelector('#sign-in').dataset.state === 'signedIn' && document.querySelector('#user-code') === null");
    browser.click("#sign-out");
    browser.until("document.querySelector('#sign-in').dataset.state === 'signedOut'");
    told_nothing(&browser);
}
