//! Secrets: the directory gives their text once, and removes them by their ids.

use uuid::Uuid;

use super::{Checked, Suite, half_a_year_ahead, written};
use crate::{
    call::Call,
    contract::violation::Check,
    directory::{Application, ApplicationKey, NewApplication, NewPassword, PasswordCredential},
    ids::KeyId,
};

const APP: &str = "secrets";

impl Suite<'_> {
    pub(super) async fn secrets(self) -> Checked {
        let check = Check("an_app_is_created_with_its_secret");
        let password = NewPassword::new(self.name("first"), half_a_year_ahead());
        let new = NewApplication::new(self.properties(APP)).with_password(password.clone());
        let app = self.created(check, &new).await?;
        let key = ApplicationKey::ApplicationId(app.app_id);
        let is_there = |found: &Application| found.password_credentials.iter().any(|held| is_as_wanted(held, &password));
        let shown = self
            .shown(check, &key, "the secret with its description and its end", is_there)
            .await?;
        check.holds(shown.password_credentials.len() == 1, "one secret", &shown)?;
        let second = self.a_secrets_text_is_told_once(&app, &key).await?;
        self.a_secret_is_removed_by_its_id(&app, &key, second.key_id).await
    }

    async fn a_secrets_text_is_told_once(
        self,
        app: &Application,
        key: &ApplicationKey,
    ) -> Result<PasswordCredential, super::ContractViolation> {
        let check = Check("a_secrets_text_is_told_once");
        let (directory, id) = (self.directory, app.object_id);
        let new = NewPassword::new(self.name("second"), half_a_year_ahead());
        let second = written(check, "add_password", || directory.add_password(Call::quiet(), id, &new)).await?;
        let text = second.secret_text.as_ref().map(|text| text.expose()).unwrap_or_default();
        check.holds(!text.is_empty(), "the secret's text in the answer", "no text")?;
        check.holds(is_as_wanted(&second, &new), "the secret with its description and its end", &second)?;
        // The text itself is never quoted in a violation, which goes to a log.
        check.holds(!format!("{second:?}").contains(text), "no secret in what Debug prints", "its text")?;
        let first = app.password_credentials.iter().filter_map(|held| held.secret_text.as_ref());
        let is_new = first.clone().all(|first| first.expose() != text);
        check.holds(is_new, "a text for each secret", "one text for two")?;
        let is_there = |found: &Application| found.password_credentials.iter().any(|held| held.key_id == second.key_id);
        let found = self.shown(check, key, "both secrets", is_there).await?;
        check.holds(found.password_credentials.len() == 2, "both secrets", &found)?;
        let is_told_again = found.password_credentials.iter().any(|held| held.secret_text.is_some());
        check.holds(!is_told_again, "secrets without their texts when they are read", "a text")?;
        let shown = format!("{directory:?}");
        check.holds(!shown.contains(text), "no secret in what Debug prints of the directory", "its text")?;
        Ok(second)
    }

    async fn a_secret_is_removed_by_its_id(self, app: &Application, key: &ApplicationKey, gone: KeyId) -> Checked {
        let check = Check("a_secret_is_removed_by_its_id");
        let (directory, id) = (self.directory, app.object_id);
        written(check, "remove_password", || directory.remove_password(Call::quiet(), id, gone)).await?;
        let is_gone = |found: &Application| found.password_credentials.iter().all(|held| held.key_id != gone);
        let left = self.shown(check, key, "the secret to be gone", is_gone).await?;
        check.holds(left.password_credentials.len() == 1, "the other secret to stay", &left)?;
        // Whether it is refused is left open; that it touches nothing else is not.
        let nowhere = directory.remove_password(Call::quiet(), id, KeyId::new(Uuid::new_v4())).await;
        let is_harmless = nowhere
            .as_ref()
            .err()
            .is_none_or(|error| error.refusal().is_some() && !error.may_have_been_carried_out());
        check.holds(
            is_harmless,
            "the removal of a missing secret to succeed, or to be refused without effect",
            nowhere,
        )?;
        let left = self.shown(check, key, "an app", |_| true).await?;
        check.holds(left.password_credentials.len() == 1, "the other secret to stay", &left)
    }
}

/// Services keep whole seconds.
fn is_as_wanted(held: &PasswordCredential, wanted: &NewPassword) -> bool {
    let is_named = held.display_name.as_ref() == Some(&wanted.display_name);
    let ends = held.end_date_time.map(time::OffsetDateTime::unix_timestamp);
    is_named && ends == Some(wanted.end_date_time.unix_timestamp())
}
