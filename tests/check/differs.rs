//! What a run of the specification would change is told once, by the finding that says most of it.

use cmg_onboarding::{
    Step,
    connection::{Check, CheckStatus, FindingCode},
};
use serde_json::{Value, json};

use crate::scene::{Scene, check, codes};

/// What the findings say of steps that are not done or done otherwise, with the properties.
fn steps(check: &Check) -> Vec<(FindingCode, Step, Value)> {
    let codes = [FindingCode::StepNotDone, FindingCode::StepDiffers];
    let told = check.findings.iter().filter(|finding| codes.contains(&finding.code()));
    let properties = |of: &cmg_onboarding::connection::Finding| of.parameters().get("properties").cloned().unwrap_or_default();
    told.map(|finding| (finding.code(), finding.step().unwrap(), properties(finding)))
        .collect()
}

/// A connection whose server app has another home page, which no finding of its own tells.
async fn with_another_home_page() -> Scene {
    let scene = Scene::new().await;
    let server = scene.outcome.server_app.as_ref().unwrap().application_id;
    let elsewhere = json!({"web": {"homePageUrl": "https://elsewhere.example"}});
    assert!(scene.tenant.change_object(server, elsewhere));
    scene
}

fn home_page() -> (FindingCode, Step, Value) {
    (FindingCode::StepDiffers, Step::RegisterServerApp, json!(["web.homePageUrl"]))
}

#[tokio::test]
async fn a_connection_that_is_gone_is_told_beside_every_other_finding_and_with_its_discovery() {
    let scene = with_another_home_page().await;
    scene.site.change(|rows| rows.connections.clear());
    scene.days_before_the_end(20);
    let check = scene.check().await;
    let gone = (FindingCode::StepNotDone, Step::CreateConnection, Value::Null);
    assert_eq!(
        (check.status, steps(&check)),
        (CheckStatus::Critical, vec![gone, home_page()]),
        "{check}"
    );
    assert!(codes(&check).contains(&"siteSecretExpiresSoon".to_owned()));
}

#[tokio::test]
async fn a_connection_that_was_renamed_or_cannot_be_read_is_not_called_missing_and_hides_nothing_else() {
    let scene = with_another_home_page().await;
    scene.site.change(|rows| rows.connections[0].name = "Renamed".to_owned());
    let check = scene.check().await;
    assert!(codes(&check).contains(&"connectionNamedOtherwise".to_owned()), "{check}");
    assert_eq!(steps(&check), [home_page()], "{check}");

    let scene = with_another_home_page().await;
    scene.site.change(|rows| rows.connections[0].web_applications.clear());
    let check = scene.check().await;
    assert!(codes(&check).contains(&"connectionUnread".to_owned()), "{check}");
    assert_eq!((check.status, steps(&check)), (CheckStatus::Unknown, vec![home_page()]), "{check}");
}

#[tokio::test]
async fn discovery_that_is_off_is_told_with_what_differs() {
    let scene = Scene::new().await;
    scene.site.change(|rows| rows.connections[0].user_discovery = None);
    let check = scene.check().await;
    let off = (FindingCode::StepDiffers, Step::ConfigureDiscovery, json!(["users"]));
    assert_eq!((check.status, steps(&check)), (CheckStatus::Warning, vec![off]), "{check}");
}

#[tokio::test]
async fn a_secret_is_missing_only_if_the_app_has_none() {
    let scene = Scene::new().await;
    assert_eq!(steps(&check(scene.without_site()).await), []);
    let server = scene.outcome.server_app.as_ref().unwrap().application_id;
    assert!(scene.tenant.change_object(server, json!({"passwordCredentials": []})));
    let none = check(scene.without_site()).await;
    let missing = (FindingCode::StepNotDone, Step::IssueSecret, Value::Null);
    assert_eq!((none.status, steps(&none)), (CheckStatus::Critical, vec![missing]), "{none}");
    let with_site = scene.check().await;
    assert!(codes(&with_site).contains(&"serverAppWithoutSecret".to_owned()));
    assert_eq!(steps(&with_site), [], "the other finding says it");
}

#[tokio::test]
async fn an_app_id_uri_of_the_site_that_is_not_registered_is_told_once_with_what_is() {
    for registered in [json!([]), json!(["api://c0170505-0000-4000-8000-00000000c0de/other"])] {
        let scene = Scene::new().await;
        let server = scene.outcome.server_app.as_ref().unwrap().application_id;
        let held = scene.row().identifier_uri.unwrap();
        assert!(scene.tenant.change_object(server, json!({"identifierUris": registered})));
        let check = scene.check().await;
        let told = check
            .findings
            .iter()
            .filter(|finding| finding.code() == FindingCode::SiteUriNotRegistered);
        let told: Vec<Value> = told.map(|finding| json!(finding.parameters())).collect();
        let expected = match registered.as_array().unwrap().is_empty() {
            true => json!({"site": held}),
            false => json!({"site": held, "registered": registered}),
        };
        assert_eq!(told, [expected], "{check}");
    }
    let scene = Scene::new().await;
    assert!(!codes(&scene.check().await).contains(&"siteUriNotRegistered".to_owned()));
}
