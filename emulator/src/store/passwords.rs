//! Secrets of app registrations.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Collection, Context, Entry, Key, Secret, SecretState, Store, list, moment, position,
    restrictions::{Write, created},
    text_of, timestamp,
};
use crate::{graph_types, object::Object, refusal::Refusal, texts};

impl Store {
    /// `addPassword`: the answer carries the text.
    pub(crate) fn add_password(&mut self, context: Context<'_>, of: Collection, key: &Key, body: &Object) -> Result<Value, Refusal> {
        context.access.may_manage_applications()?;
        let found = position(self.entries(of), key, context.instant)?;
        if let Some(entry) = self.entries(of).get(found) {
            context.access.may_write_object(entry.owners())?;
        }
        let nothing = Value::Null;
        let wanted = body.get("passwordCredential").unwrap_or(&nothing);
        let created = self.entries(of).get(found).map_or(context.now, |entry| created(&entry.object));
        let shown = self.new_password(context, created, wanted)?;
        if let Some(entry) = self.entries_mut(of).get_mut(found) {
            let mut changed = entry.whole();
            if let Some(Value::Array(passwords)) = changed.get_mut("passwordCredentials") {
                passwords.push(without_text(&shown));
            }
            entry.change(context, changed);
        }
        Ok(shown)
    }

    /// `removePassword`.
    pub(crate) fn remove_password(&mut self, context: Context<'_>, of: Collection, key: &Key, body: &Object) -> Result<(), Refusal> {
        context.access.may_manage_applications()?;
        let found = position(self.entries(of), key, context.instant)?;
        let Some(key_id) = body.get("keyId").and_then(Value::as_str).filter(|id| id.parse::<Uuid>().is_ok()) else {
            return Err(Refusal::invalid_value("keyId", "PasswordCredential"));
        };
        let Some(entry) = self.entries_mut(of).get_mut(found) else {
            return Err(Refusal::not_found(&key.value));
        };
        context.access.may_write_object(entry.owners())?;
        let mut changed = entry.whole();
        let Some(Value::Array(passwords)) = changed.get_mut("passwordCredentials") else {
            return Err(Refusal::not_found(&key.value));
        };
        let before = passwords.len();
        passwords.retain(|password| !text_of(password, "keyId").eq_ignore_ascii_case(key_id));
        if passwords.len() == before {
            return Err(Refusal::bad_request(texts::NO_SUCH_CREDENTIAL));
        }
        entry.change(context, changed);
        self.secrets.remove(&key_id.to_ascii_lowercase());
        Ok(())
    }

    /// Makes a secret for an app registration that was created at this moment and is about to be stored or changed.
    pub(super) fn new_password(&mut self, context: Context<'_>, created: OffsetDateTime, wanted: &Value) -> Result<Value, Refusal> {
        let nothing = Object::new();
        let wanted = match wanted {
            Value::Object(wanted) => wanted,
            Value::Null => &nothing,
            _ => return Err(Refusal::invalid_value("passwordCredential", "PasswordCredential")),
        };
        graph_types::check("passwordCredential", wanted)?;
        let given = |name: &str| wanted.get(name).and_then(Value::as_str).and_then(moment);
        let start = given("startDateTime").unwrap_or(context.now);
        let end = given("endDateTime").unwrap_or_else(|| two_years_after(start));
        let is_given = |name: &str| wanted.get(name).is_some_and(|value| !value.is_null());
        self.check_secret(Write::at(context, created), is_given("secretText"), start, end)?;
        if let Some(name) = ["secretText", "hint", "keyId"].into_iter().find(|name| is_given(name)) {
            return Err(Refusal::read_only(name));
        }
        if end <= start || end <= context.now {
            return Err(Refusal::invalid_value("endDateTime", "PasswordCredential"));
        }
        let random: Vec<u8> = [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).collect();
        let random = URL_SAFE_NO_PAD.encode(random);
        // The tilde is what real secrets have, and what form encoding must survive.
        let text = format!(
            "{}8Q~{}",
            random.get(..3).unwrap_or_default(),
            random.get(3..37).unwrap_or_default()
        );
        Ok(json!({
            "customKeyIdentifier": null,
            "displayName": wanted.get("displayName"),
            "endDateTime": timestamp(end),
            "hint": text.chars().take(3).collect::<String>(),
            "keyId": self.remember(context, &text),
            "secretText": text,
            "startDateTime": timestamp(start),
        }))
    }

    /// Takes over the secret of an app that is put in place by hand; a text that is given is its text.
    pub(super) fn keep_secret(&mut self, context: Context<'_>, password: &Value) -> Value {
        let mut kept = password.as_object().cloned().unwrap_or_default();
        let text = kept
            .remove("secretText")
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default();
        let key_id = self.remember(context, &text);
        let end = timestamp(two_years_after(context.now));
        kept.entry("endDateTime").or_insert_with(|| json!(end));
        if let Some(given) = kept.get("keyId").and_then(Value::as_str).map(str::to_ascii_lowercase) {
            if let Some(secret) = self.secrets.remove(&key_id) {
                self.secrets.insert(given, secret);
            }
        } else {
            kept.insert("keyId".to_owned(), json!(key_id));
        }
        json!(kept)
    }

    fn remember(&mut self, context: Context<'_>, text: &str) -> String {
        let key_id = Uuid::new_v4().to_string();
        let secret = Secret {
            text: SecretString::from(text),
            usable_from: context.visible_from(),
        };
        self.secrets.insert(key_id.clone(), secret);
        key_id
    }

    /// What a secret is worth to an app registration.
    pub(crate) fn secret_state(&self, application: &Entry, text: &str, now: OffsetDateTime, instant: Instant) -> SecretState {
        let found = list(&application.object, "passwordCredentials").iter().find(|password| {
            let secret = self.secrets.get(&text_of(password, "keyId").to_ascii_lowercase());
            !text.is_empty() && secret.is_some_and(|secret| secret.text.expose_secret() == text && secret.usable_from <= instant)
        });
        let Some(password) = found else { return SecretState::Unknown };
        let is_over = moment(text_of(password, "endDateTime")).is_some_and(|end| end <= now);
        if is_over { SecretState::Expired } else { SecretState::Live }
    }
}

/// How long Microsoft Graph lets a secret live if no end is given: two calendar years.
fn two_years_after(start: OffsetDateTime) -> OffsetDateTime {
    let year = start.year().saturating_add(2);
    let end = start
        .replace_year(year)
        .or_else(|_| start.replace_day(28).and_then(|day| day.replace_year(year)));
    let end = end.unwrap_or(start);
    end.replace_nanosecond(0).unwrap_or(end)
}

/// A secret as it is shown later.
pub(super) fn without_text(shown: &Value) -> Value {
    let mut stored = shown.clone();
    stored["secretText"] = Value::Null;
    stored
}
