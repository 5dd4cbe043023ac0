//! The ends of the server app's secrets: which one decides, and what there is to tell of it.

use time::OffsetDateTime;

use crate::{
    connection::{
        check::{
            secrets::check_secret_of_site,
            term,
            used_secret::{fitting, is_used},
        },
        plan::own_secret::OwnSecret,
        report::{
            check::Check,
            expiry::{Expiry, ExpiryKind},
            finding::{Finding, FindingCode, Severity},
            reading::Answer,
        },
    },
    directory::{Application, PasswordCredential},
    site::SiteApplication,
};

/// Tells the ends of the server app's secrets, the first one first, and the one that decides: that of the secret that the
/// site uses. If it is not known which one that is, the first one to end decides. `registered` is the registration, if the
/// directory was read and has it; `row` is the site's, if the site was read and knows the app.
pub(crate) fn tell_expiries(
    check: &mut Check,
    registered: Option<&Application>,
    row: Option<&SiteApplication>,
    thresholds: &[u16],
) -> Vec<Finding> {
    let (now, shown) = (check.checked_at, row.and_then(|row| row.secret_expiry));
    let mut findings = Vec::new();
    let registered_secrets = registered.map(|app| app.password_credentials.as_slice());
    if let Some(row) = row {
        check_secret_of_site(thresholds, now, row, registered_secrets, &mut findings);
    }
    let secrets = registered_secrets.unwrap_or_default();
    let fitting = fitting(secrets, shown);
    let all = ends(registered, &fitting, shown, now);
    let next = match (fitting.first(), shown) {
        (Some(best), _) => of_secret(best, &fitting, shown),
        (None, Some(_)) => all.iter().find(|end| end.used_by_site == Answer::Yes).cloned(),
        (None, None) => first(&all, secrets),
    };
    if shown.is_none() {
        check_first(next.as_ref(), thresholds, now, &mut findings);
    }
    (check.expiries, check.next_expiry) = (all, next);
    findings
}

fn ends(
    registered: Option<&Application>,
    fitting: &[&PasswordCredential],
    shown: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Vec<Expiry> {
    let mut all = Vec::new();
    if let Some(app) = registered {
        let best = fitting.first().map(|secret| secret.key_id);
        let told = app
            .password_credentials
            .iter()
            .filter_map(|secret| of_secret(secret, fitting, shown));
        all.extend(told.filter(|end| end.ends > now || end.key_id == best));
        all.extend(certificates(app).filter(|end| end.ends > now));
    }
    if let (None, Some(date)) = (fitting.first(), shown) {
        all.push(Expiry {
            kind: ExpiryKind::Secret,
            ends: date,
            used_by_site: Answer::Yes,
            key_id: None,
            description: None,
            is_own: false,
            issued_for: None,
        });
    }
    all.sort_by_key(|end| end.ends);
    all
}

fn of_secret(secret: &PasswordCredential, fitting: &[&PasswordCredential], shown: Option<OffsetDateTime>) -> Option<Expiry> {
    let own = OwnSecret::of(secret);
    Some(Expiry {
        kind: ExpiryKind::Secret,
        ends: secret.end_date_time?,
        used_by_site: is_used(secret, fitting, shown),
        key_id: Some(secret.key_id),
        description: secret.display_name.clone(),
        is_own: own.is_some(),
        issued_for: own.as_ref().and_then(OwnSecret::site).map(str::to_owned),
    })
}

fn certificates(app: &Application) -> impl Iterator<Item = Expiry> {
    app.key_credentials.iter().filter_map(|certificate| {
        Some(Expiry {
            kind: ExpiryKind::Certificate,
            ends: certificate.end_date_time?,
            used_by_site: Answer::No,
            key_id: certificate.key_id,
            description: None,
            is_own: false,
            issued_for: None,
        })
    })
}

/// The first of the valid secrets to end; if none is valid, the one that was valid last.
fn first(valid: &[Expiry], registered: &[PasswordCredential]) -> Option<Expiry> {
    let is_secret = |end: &&Expiry| end.kind == ExpiryKind::Secret;
    let last = || {
        let all = registered.iter().filter_map(|secret| of_secret(secret, &[], None));
        all.max_by_key(|end| end.ends)
    };
    valid.iter().find(is_secret).cloned().or_else(last)
}

/// It may be the one that the site uses.
fn check_first(next: Option<&Expiry>, thresholds: &[u16], now: OffsetDateTime, findings: &mut Vec<Finding>) {
    let Some(next) = next else { return };
    let over = FindingCode::RegisteredSecretExpired;
    if findings.iter().any(|finding| finding.code() == over) {
        return;
    }
    let told = term::finding(
        thresholds,
        next.ends,
        now,
        (Severity::Warning, over),
        FindingCode::FirstSecretExpiresSoon,
    );
    findings.extend(told.map(|finding| match finding.code() {
        FindingCode::FirstSecretExpiresSoon => finding.with("keyId", next.key_id),
        _ => finding,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::check::term::DEFAULT_DAYS;
    use crate::{
        directory::ApplicationProperties,
        ids::{ApplicationId, ApplicationObjectId, KeyId},
        site::SiteRowId,
    };
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    fn key(number: u128) -> KeyId {
        KeyId::new(Uuid::from_u128(number))
    }

    fn app(ends_in_days: &[i64]) -> Application {
        let ids = (ApplicationObjectId::new(Uuid::nil()), ApplicationId::new(Uuid::nil()));
        let secrets = ends_in_days.iter().zip(1..);
        let secrets = secrets.map(|(days, number)| PasswordCredential::new(key(number), "secret", Some(NOW + Duration::days(*days))));
        Application::new(ids.0, ids.1, ApplicationProperties::default()).with_passwords(secrets.collect())
    }

    fn row(days: Option<i64>) -> SiteApplication {
        let mut row = SiteApplication::new(SiteRowId(1), ApplicationId::new(Uuid::nil()), "Server", SiteRowId(2), false);
        row.secret_expiry = days.map(|days| NOW + Duration::days(days));
        row
    }

    fn judge(registered: Option<&Application>, row: Option<&SiteApplication>) -> (Check, Vec<FindingCode>) {
        let mut check = Check::new(NOW);
        let findings = tell_expiries(&mut check, registered, row, &DEFAULT_DAYS);
        (check, findings.iter().map(Finding::code).collect())
    }

    #[test]
    fn the_secret_that_the_site_uses_decides_and_an_older_one_does_not() {
        let app = app(&[5, 300]);
        let (check, codes) = judge(Some(&app), Some(&row(Some(300))));
        assert_eq!(check.next_expiry.unwrap().key_id, Some(key(2)));
        assert_eq!(
            check.expiries.iter().map(|end| end.used_by_site).collect::<Vec<_>>(),
            [Answer::No, Answer::Yes]
        );
        assert_eq!(codes, []);
    }

    #[test]
    fn without_a_site_every_valid_secret_is_told_and_the_first_one_decides() {
        let app = app(&[-3, 300, 5]);
        let (check, codes) = judge(Some(&app), None);
        assert_eq!(check.next_expiry.unwrap().key_id, Some(key(3)));
        let told: Vec<_> = check.expiries.iter().map(|end| (end.key_id, end.used_by_site)).collect();
        assert_eq!(told, [(Some(key(3)), Answer::Unknown), (Some(key(2)), Answer::Unknown)]);
        assert_eq!(codes, [FindingCode::FirstSecretExpiresSoon]);
    }

    #[test]
    fn if_no_secret_is_valid_the_one_that_was_valid_last_is_told() {
        let app = app(&[-30, -3]);
        let (check, codes) = judge(Some(&app), None);
        assert_eq!(check.next_expiry.unwrap().key_id, Some(key(2)));
        assert_eq!(codes, [FindingCode::RegisteredSecretExpired]);
        let (check, codes) = judge(Some(&app), Some(&row(None)));
        assert_eq!(check.next_expiry.unwrap().key_id, Some(key(2)));
        assert_eq!(codes, [FindingCode::SiteSecretUnknown, FindingCode::RegisteredSecretExpired]);
    }

    #[test]
    fn without_the_registration_the_sites_own_date_decides() {
        let (check, codes) = judge(None, Some(&row(Some(5))));
        let next = check.next_expiry.unwrap();
        assert_eq!(
            (next.key_id, next.used_by_site, next.ends),
            (None, Answer::Yes, NOW + Duration::days(5))
        );
        assert_eq!(codes, [FindingCode::SiteSecretExpiresSoon]);
    }

    #[test]
    fn a_date_that_no_secret_has_is_the_sites_all_the_same() {
        let app = app(&[300]);
        let (check, codes) = judge(Some(&app), Some(&row(Some(100))));
        assert_eq!(check.next_expiry.unwrap().ends, NOW + Duration::days(100));
        assert_eq!(check.expiries.last().unwrap().used_by_site, Answer::No);
        assert_eq!(codes, [FindingCode::SiteSecretNotRegistered]);
    }

    #[test]
    fn of_two_secrets_that_fit_the_date_the_closest_decides_and_none_is_called_used() {
        let app = app(&[300, 301, 5]);
        let (check, codes) = judge(Some(&app), Some(&row(Some(300))));
        assert_eq!(check.next_expiry.unwrap().key_id, Some(key(1)));
        let told: Vec<_> = check.expiries.iter().map(|end| end.used_by_site).collect();
        assert_eq!(told, [Answer::No, Answer::Unknown, Answer::Unknown]);
        assert_eq!(codes, []);
    }
}
