//! Which secret of a registration the site uses: the one function that view, checks and plans ask.
//!
//! A site shows the end of its secret and nothing else of it. A person types value and date apart, so this is what the site
//! shows and no proof that it holds the value.

use time::OffsetDateTime;

use crate::{
    connection::{plan::own_secret::is_site_date_of, report::reading::Answer},
    directory::PasswordCredential,
};

/// The secrets that end at about the date that the site shows, the closest first: the site may use any of them, and a single one
/// is the one that it uses. Empty if the site shows no date, or none fits it.
pub(crate) fn fitting(secrets: &[PasswordCredential], shown: Option<OffsetDateTime>) -> Vec<&PasswordCredential> {
    let Some(date) = shown else { return Vec::new() };
    let with_ends = secrets.iter().filter_map(|secret| Some((secret, secret.end_date_time?)));
    let mut fitting: Vec<_> = with_ends.filter(|(_, end)| is_site_date_of(date, *end)).collect();
    fitting.sort_by_key(|(_, end)| (*end - date).abs());
    fitting.into_iter().map(|(secret, _)| secret).collect()
}

/// Whether the site uses this secret, as far as its date tells. `fitting` are those that fit the date.
pub(crate) fn is_used(secret: &PasswordCredential, fitting: &[&PasswordCredential], shown: Option<OffsetDateTime>) -> Answer {
    if shown.is_none() || secret.end_date_time.is_none() {
        return Answer::Unknown;
    }
    match fitting {
        [only] if only.key_id == secret.key_id => Answer::Yes,
        [_, _, ..] if fitting.iter().any(|other| other.key_id == secret.key_id) => Answer::Unknown,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::KeyId;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    const END: OffsetDateTime = datetime!(2027-11-24 12:00 UTC);

    fn secret(number: u128, end: Option<OffsetDateTime>) -> PasswordCredential {
        PasswordCredential::new(KeyId::new(Uuid::from_u128(number)), "x", end)
    }

    fn keys(secrets: &[PasswordCredential], shown: Option<OffsetDateTime>) -> Vec<KeyId> {
        fitting(secrets, shown).iter().map(|secret| secret.key_id).collect()
    }

    fn answers(secrets: &[PasswordCredential], shown: Option<OffsetDateTime>) -> Vec<Answer> {
        let fitting = fitting(secrets, shown);
        secrets.iter().map(|secret| is_used(secret, &fitting, shown)).collect()
    }

    #[test]
    fn the_one_that_alone_fits_the_date_is_in_use_and_the_others_are_not() {
        let secrets = [secret(1, Some(END)), secret(2, Some(END - Duration::days(3)))];
        // The site keeps the day only.
        let shown = Some(datetime!(2027-11-24 00:00 UTC));
        assert_eq!(answers(&secrets, shown), [Answer::Yes, Answer::No]);
        assert_eq!(keys(&secrets, shown), [secrets[0].key_id]);
    }

    #[test]
    fn of_two_that_fit_none_is_known_to_be_in_use() {
        let secrets = [
            secret(1, Some(END)),
            secret(2, Some(END + Duration::HOUR)),
            secret(3, Some(END + Duration::days(90))),
        ];
        assert_eq!(answers(&secrets, Some(END)), [Answer::Unknown, Answer::Unknown, Answer::No]);
        assert_eq!(keys(&secrets, Some(END)), [secrets[0].key_id, secrets[1].key_id]);
        let shown = Some(END + Duration::minutes(50));
        assert_eq!(
            keys(&secrets, shown),
            [secrets[1].key_id, secrets[0].key_id],
            "the closest one is the first"
        );
    }

    #[test]
    fn without_a_date_of_the_site_or_an_end_nothing_is_known() {
        let secrets = [secret(1, Some(END)), secret(2, None)];
        assert_eq!(answers(&secrets, None), [Answer::Unknown, Answer::Unknown]);
        assert_eq!(answers(&secrets, Some(END - Duration::days(30))), [Answer::No, Answer::Unknown]);
        assert_eq!(answers(&secrets, Some(END)), [Answer::Yes, Answer::Unknown]);
    }
}
