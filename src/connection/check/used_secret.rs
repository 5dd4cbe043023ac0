//! Which secret of a registration the site uses: the one function that view, checks and plans ask.
//!
//! A site shows the end of its secret and nothing else of it. A person types value and date apart, so this is what the site
//! shows and no proof that it holds the value.

use time::OffsetDateTime;

use crate::{
    connection::{plan::own_secret::is_site_date_of, report::reading::Answer},
    directory::PasswordCredential,
};

/// The secrets of a registration against the date that the site shows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UsedSecret<'a> {
    /// The site shows no date: it may use any of them.
    NotTold,
    /// None of them ends at the date that the site shows.
    NoneFits,
    /// One alone ends at that date.
    One(&'a PasswordCredential),
    /// Several end at about that date; this one is the closest.
    Closest(&'a PasswordCredential),
}

impl<'a> UsedSecret<'a> {
    /// Compares the secrets of a registration with the date that the site's row shows.
    pub(crate) fn of(secrets: &'a [PasswordCredential], shown: Option<OffsetDateTime>) -> Self {
        let Some(date) = shown else { return Self::NotTold };
        let with_ends = secrets.iter().filter_map(|secret| Some((secret, secret.end_date_time?)));
        let fitting: Vec<_> = with_ends.filter(|(_, end)| is_site_date_of(date, *end)).collect();
        let closest = fitting.iter().min_by_key(|(_, end)| (*end - date).abs());
        match (closest, fitting.len()) {
            (None, _) => Self::NoneFits,
            (Some((secret, _)), 1) => Self::One(secret),
            (Some((secret, _)), _) => Self::Closest(secret),
        }
    }

    /// The one that fits best.
    pub(crate) const fn best(&self) -> Option<&'a PasswordCredential> {
        match self {
            Self::NotTold | Self::NoneFits => None,
            Self::One(secret) | Self::Closest(secret) => Some(secret),
        }
    }

    /// The one that alone fits.
    pub(crate) const fn certain(&self) -> Option<&'a PasswordCredential> {
        match self {
            Self::One(secret) => Some(secret),
            Self::NotTold | Self::NoneFits | Self::Closest(_) => None,
        }
    }

    /// Whether the site uses this one of them, as far as its date tells.
    pub(crate) fn is(&self, secret: &PasswordCredential, shown: Option<OffsetDateTime>) -> Answer {
        let (Some(date), Some(end)) = (shown, secret.end_date_time) else {
            return Answer::Unknown;
        };
        match self {
            Self::One(used) if used.key_id == secret.key_id => Answer::Yes,
            Self::Closest(_) if is_site_date_of(date, end) => Answer::Unknown,
            Self::NotTold => Answer::Unknown,
            Self::NoneFits | Self::One(_) | Self::Closest(_) => Answer::No,
        }
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

    fn answers(secrets: &[PasswordCredential], shown: Option<OffsetDateTime>) -> Vec<Answer> {
        let used = UsedSecret::of(secrets, shown);
        secrets.iter().map(|secret| used.is(secret, shown)).collect()
    }

    #[test]
    fn the_one_that_alone_fits_the_date_is_in_use_and_the_others_are_not() {
        let secrets = [secret(1, Some(END)), secret(2, Some(END - Duration::days(3)))];
        // The site keeps the day only.
        let shown = Some(datetime!(2027-11-24 00:00 UTC));
        assert_eq!(answers(&secrets, shown), [Answer::Yes, Answer::No]);
        assert_eq!(UsedSecret::of(&secrets, shown).certain().unwrap().key_id, secrets[0].key_id);
    }

    #[test]
    fn of_two_that_fit_none_is_known_to_be_in_use() {
        let secrets = [
            secret(1, Some(END)),
            secret(2, Some(END + Duration::HOUR)),
            secret(3, Some(END + Duration::days(90))),
        ];
        assert_eq!(answers(&secrets, Some(END)), [Answer::Unknown, Answer::Unknown, Answer::No]);
        let used = UsedSecret::of(&secrets, Some(END));
        assert!(used.certain().is_none() && used.best().unwrap().key_id == secrets[0].key_id);
    }

    #[test]
    fn without_a_date_of_the_site_or_an_end_nothing_is_known() {
        let secrets = [secret(1, Some(END)), secret(2, None)];
        assert_eq!(answers(&secrets, None), [Answer::Unknown, Answer::Unknown]);
        assert_eq!(answers(&secrets, Some(END - Duration::days(30))), [Answer::No, Answer::Unknown]);
        assert_eq!(answers(&secrets, Some(END)), [Answer::Yes, Answer::Unknown]);
    }
}
