//! What no good client sends.

use serde_json::{Value, json};

use crate::client::{Served, draft};

#[tokio::test]
async fn nothing_is_to_be_had_without_the_key() {
    let served = Served::start().await;
    for path in [
        "/",
        "/status",
        "/style.css",
        "/modules/main.js",
        "/openapi.json",
        "/api/service",
        "/api/sessions",
        "/nowhere",
    ] {
        let answer = served.send("GET", path, &[], None).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    let forged = served.send("GET", "/api/service", &[("authorization", "Bearer 0123")], None).await;
    assert_eq!((forged.status, forged.code().as_str()), (401, "keyRefused"));
    let missing = served.send("POST", "/api/sessions", &[], Some("{}".to_owned())).await;
    assert_eq!(missing.code(), "keyMissing");
    assert_eq!(served.send("GET", "/?key=forged", &[], None).await.status, 401);
    assert_eq!(served.get("/api/sessions").await.expect(200)["sessions"], json!([]));
}

#[tokio::test]
async fn the_key_of_an_address_opens_one_browser() {
    let served = Served::start().await;
    let first = served.key();
    let opened = served.send("GET", &format!("/?key={first}"), &[], None).await;
    assert_eq!((opened.status, opened.headers["location"].as_str()), (303, "/"));
    let cookie = opened.headers["set-cookie"].clone();
    assert!(
        cookie.contains("; HttpOnly; SameSite=Strict; Path=/") && !cookie.contains(&first),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    assert_ne!(served.key(), first, "another address is told");
    assert_eq!(served.send("GET", &format!("/?key={first}"), &[], None).await.status, 401);
    let bearer = format!("Bearer {first}");
    assert_eq!(
        served.send("GET", "/api/service", &[("authorization", &bearer)], None).await.code(),
        "keyRefused"
    );

    let page = served.send("GET", "/", &[("cookie", cookie)], None).await;
    assert_eq!(page.status, 200);
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(
        (page.headers["referrer-policy"].as_str(), page.headers["cache-control"].as_str()),
        ("no-referrer", "no-store")
    );
    // A cookie goes along by itself, so that a write has to show where it comes from.
    let origin = format!("http://127.0.0.1:{}", served.port);
    let write = |headers: Vec<(&'static str, String)>| {
        let (served, cookie) = (&served, cookie.to_owned());
        async move {
            let mut all = vec![("cookie", cookie.as_str())];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            served.send("POST", "/api/sessions", &all, Some("{}".to_owned())).await
        }
    };
    assert_eq!(write(vec![("origin", origin)]).await.status, 201);
    assert_eq!(write(vec![]).await.code(), "originRefused");
    for foreign in ["http://contoso.com", "null", "http://127.0.0.1:1", "https://localhost"] {
        assert_eq!(
            write(vec![("origin", foreign.to_owned())]).await.code(),
            "originRefused",
            "{foreign}"
        );
    }
}

#[tokio::test]
async fn a_name_that_leads_here_is_not_this_host() {
    let served = Served::start().await;
    let bearer = format!("Bearer {}", served.key());
    for host in ["contoso.com", "127.0.0.1.nip.io", "127.0.0.1", "localhost.:80"] {
        let answer = served
            .send("GET", "/api/service", &[("host", host), ("authorization", &bearer)], None)
            .await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "hostRefused"), "{host}");
    }
    let opened = served
        .send("GET", &format!("/?key={}", served.key()), &[("host", "contoso.com")], None)
        .await;
    assert_eq!(opened.status, 403, "and its key is not used up");
    assert_eq!(served.get("/api/service").await.status, 200);
}

#[tokio::test]
async fn two_tabs_do_not_overwrite_each_other() {
    let served = Served::start().await;
    let id = served.session().await;
    let path = format!("/api/sessions/{id}/draft");
    let edit = |revision: u64, name: &str| json!({ "revision": revision, "fields": { "name": name } });
    served.ask("PATCH", &path, Some(&edit(1, "First"))).await.expect(200);
    let late = served.ask("PATCH", &path, Some(&edit(1, "Second"))).await;
    assert_eq!((late.status, late.code().as_str()), (409, "draftMovedOn"));
    assert_eq!(served.read(&id).await["draft"]["name"], "First");
    // And a plan is carried out once.
    let plan = served.approved(&id, json!({})).await;
    let apply = format!("/api/sessions/{id}/apply");
    let named = json!({ "planId": plan });
    let (one, two) = tokio::join!(served.post(&apply, named.clone()), served.post(&apply, named.clone()));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [202, 409], "{statuses:?}");
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused() {
    let served = Served::start().await;
    let long = format!("{{\"draft\":{{\"name\":\"{}\"}}}}", "a".repeat(10_000_000));
    let bearer = format!("Bearer {}", served.key());
    let declared = served
        .send("POST", "/api/sessions", &[("authorization", &bearer)], Some(long))
        .await;
    assert_eq!((declared.status, declared.code().as_str()), (413, "bodyTooLarge"));
    assert_eq!(served.get("/api/sessions").await.expect(200)["sessions"], json!([]));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let served = Served::start().await;
    let bearer = format!("Bearer {}", served.key());
    let send = |kind: &'static str, body: &'static str| {
        let headers = vec![("authorization", bearer.as_str()), ("content-type", kind)];
        let served = &served;
        async move { served.send("POST", "/api/sessions", &headers, Some(body.to_owned())).await }
    };
    assert_eq!(send("text/plain", "{}").await.code(), "contentTypeWrong");
    assert_eq!(send("application/x-www-form-urlencoded", "a=b").await.code(), "contentTypeWrong");
    for body in ["{", "[]", "{\"draft\": 5}", "{\"other\": 1}"] {
        assert_eq!(send("application/json", body).await.code(), "bodyUnreadable", "{body}");
    }
    assert_eq!(send("application/json; charset=utf-8", "{}").await.status, 201);
}

#[tokio::test]
async fn what_a_form_of_another_page_can_send_is_refused_even_if_it_is_empty() {
    let served = Served::start().await;
    let id = served.session().await;
    let bearer = format!("Bearer {}", served.key());
    for action in ["secret", "sign-out", "cancel", "plan", "preflight"] {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let path = format!("/api/sessions/{id}/{action}");
        let answer = served.send("POST", &path, &headers, Some(String::new())).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "contentTypeWrong"), "{action}");
        let unknown = served.post(&path, json!({ "unknown": 1 })).await;
        assert_eq!(unknown.code(), "bodyUnreadable", "{action}");
    }
}

/// A browser that the key has let in.
async fn cookie(served: &Served) -> String {
    let opened = served.send("GET", &format!("/?key={}", served.key()), &[], None).await;
    opened.headers["set-cookie"].split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn cookies_of_other_services_on_this_machine_do_not_lock_the_page_out() {
    let served = Served::start().await;
    let own = cookie(&served).await;
    let name = own.split('=').next().unwrap();
    for cookies in [
        format!("other=Gr\u{fc}n; {own}"),
        format!("{name}=shadow; {own}"),
        format!("{own}; {name}=shadow"),
    ] {
        let answer = served.send("GET", "/api/service", &[("cookie", &cookies)], None).await;
        assert_eq!(answer.status, 200, "{cookies}");
    }
    let two = [("cookie", "other=1"), ("cookie", own.as_str())];
    assert_eq!(served.send("GET", "/api/service", &two, None).await.status, 200);
    let shadow = format!("{name}=shadow");
    assert_eq!(
        served.send("GET", "/api/service", &[("cookie", &shadow)], None).await.code(),
        "keyRefused"
    );
}

#[tokio::test]
async fn another_page_reads_nothing_even_if_the_browser_sends_the_cookie() {
    let served = Served::start().await;
    let own = cookie(&served).await;
    let ask = |from: &'static str, path: &'static str| {
        let (served, own) = (&served, own.clone());
        async move { served.send("GET", path, &[("cookie", &own), ("sec-fetch-site", from)], None).await }
    };
    for from in ["same-site", "cross-site"] {
        assert_eq!(ask(from, "/api/service").await.code(), "originRefused", "{from}");
        assert_eq!(ask(from, "/").await.status, 200, "a link leads to the page");
    }
    for from in ["same-origin", "none"] {
        assert_eq!(ask(from, "/api/service").await.status, 200, "{from}");
    }
}

#[tokio::test]
async fn an_address_that_a_file_or_another_page_leads_to_opens_the_wizard_as_a_page_of_its_own() {
    let served = Served::start().await;
    let path = format!("/?key={}", served.key());
    let opened = served.send("GET", &path, &[("sec-fetch-site", "cross-site")], None).await;
    assert_eq!(opened.status, 200);
    assert!(
        opened.text.contains("http-equiv=\"refresh\" content=\"0;url=/\""),
        "{}",
        opened.text
    );
    assert!(opened.headers["set-cookie"].contains("SameSite=Strict"));
}

#[tokio::test]
async fn ten_thousand_errors_are_counted_and_the_first_are_told() {
    let served = Served::start().await;
    let mut draft = draft();
    for number in 0..10_000 {
        draft[format!("unknown{number}")] = number.into();
    }
    let told = served.post("/api/validate", json!({ "draft": draft.clone() })).await.expect(200);
    assert_eq!(
        (&told["total"], told["violations"].as_array().unwrap().len()),
        (&json!(10_000), 100)
    );
    let session = served.post("/api/sessions", json!({ "draft": draft })).await;
    assert!(session.text.len() < 1_000_000, "{}", session.text.len());
    let id = session.expect(201)["id"].as_str().unwrap().to_owned();
    let refused = served.post(&format!("/api/sessions/{id}/plan"), json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "invalidSpec"));
    let problem = refused.json();
    assert_eq!(problem["violations"].as_array().unwrap().len(), 100);
    assert!(problem["message"].as_str().unwrap().contains("10000"), "{}", problem["message"]);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_problem() {
    let served = Served::start().await;
    let unknown = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
    for path in [
        "/api/nothing".to_owned(),
        "/api/sessions/no-id".to_owned(),
        format!("/api/sessions/{unknown}"),
        format!("/api/connections?session={unknown}"),
    ] {
        assert_eq!(served.get(&path).await.code(), "notFound", "{path}");
    }
    let wrong = served.ask("PUT", "/api/sessions", Some(&json!({}))).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "methodNotAllowed"));
    let id = served.session().await;
    let way = served
        .post(&format!("/api/sessions/{id}/sign-in"), json!({ "way": "browser" }))
        .await;
    assert_eq!(way.code(), "signInWayNotOffered");
    let verb = served.post(&format!("/api/sessions/{id}/plan"), json!({ "verb": "explode" })).await;
    assert_eq!(verb.code(), "bodyUnreadable");
    assert_eq!(
        served.get(&format!("/api/sessions/{id}/events?after=x")).await.code(),
        "bodyUnreadable"
    );
}

#[tokio::test]
async fn what_is_typed_is_checked_by_itself() {
    let served = Served::start().await;
    let check = |path: &str, value: Value| {
        let (served, body) = (&served, json!({ "path": path, "value": value }));
        async move { served.post("/api/validate", body).await.expect(200) }
    };
    assert_eq!(check("name", json!("Contoso CMG")).await["total"], 0);
    let wrong = check("serverApp.create.appIdUri", json!("https://contoso.com/")).await;
    assert_eq!(wrong["violations"][0]["code"], "appIdUriTrailingSlash");
}
