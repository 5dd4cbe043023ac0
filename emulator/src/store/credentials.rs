//! What an app registration signs in with instead of a secret: certificates, and tokens of an identity provider.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Context, Key, Store, find, list, position, text, text_of, timestamp};
use crate::{certificate::Certificate, object::Object, refusal::Refusal, signed_token::sha1_thumbprint};

/// Source: *Federated identity credential considerations*: no more than 20 for one app.
const MOST_FEDERATED: usize = 20;

impl Store {
    /// Takes the keys out of an app registration that is about to be stored: the directory shows all of a key but its
    /// value. An entry that names a stored key and gives no value keeps it.
    pub(super) fn take_keys(&mut self, context: Context<'_>, object: &mut Object, old: Option<&Object>) -> Result<(), Refusal> {
        let mut kept = Vec::new();
        for key in list(object, "keyCredentials").to_vec() {
            let id = text_of(&key, "keyId").to_ascii_lowercase();
            let stored = old.map_or(&[][..], |old| list(old, "keyCredentials"));
            let stored = stored.iter().find(|stored| !id.is_empty() && text_of(stored, "keyId") == id);
            match (text_of(&key, "key"), stored) {
                ("", Some(stored)) => kept.push(stored.clone()),
                _ => kept.push(self.new_key(context, key)?),
            }
        }
        object.insert("keyCredentials".to_owned(), json!(kept));
        Ok(())
    }

    fn new_key(&mut self, context: Context<'_>, key: Value) -> Result<Value, Refusal> {
        let refused = || Refusal::invalid_value("keyCredentials", "Application");
        let Value::Object(mut key) = key else { return Err(refused()) };
        let value = binary(text(&key, "key")).ok_or_else(refused)?;
        let certificate = Certificate::read(&value);
        let id = match text(&key, "keyId").parse::<Uuid>() {
            Ok(id) => id.to_string(),
            Err(_) => Uuid::new_v4().to_string(),
        };
        if text(&key, "type").eq_ignore_ascii_case("AsymmetricX509Cert") {
            let thumbprint = sha1_thumbprint(&value).ok_or_else(refused)?;
            if text(&key, "customKeyIdentifier").is_empty() {
                key.insert("customKeyIdentifier".to_owned(), json!(thumbprint));
            }
            self.certificates.insert(id.clone(), value);
        }
        key.retain(|name, _| !name.contains('@'));
        key.insert("keyId".to_owned(), json!(id));
        key.insert("key".to_owned(), Value::Null);
        // What is not given is as the certificate says.
        if let Some(certificate) = certificate {
            for (name, value) in [
                ("displayName", certificate.subject),
                ("startDateTime", timestamp(certificate.begins)),
                ("endDateTime", timestamp(certificate.ends)),
            ] {
                if text(&key, name).is_empty() {
                    key.insert(name.to_owned(), json!(value));
                }
            }
        }
        if text(&key, "startDateTime").is_empty() {
            key.insert("startDateTime".to_owned(), json!(timestamp(context.now)));
        }
        for name in ["endDateTime", "displayName", "customKeyIdentifier"] {
            key.entry(name).or_insert(Value::Null);
        }
        Ok(json!(key))
    }

    /// The certificates of an app registration, each with the end of its entry.
    pub(crate) fn certificates_of<'a>(&'a self, application: &'a Object) -> impl Iterator<Item = (&'a [u8], &'a str)> {
        let keys = list(application, "keyCredentials").iter();
        keys.filter_map(|key| {
            let certificate = self.certificates.get(text_of(key, "keyId"))?;
            Some((certificate.as_slice(), text_of(key, "endDateTime")))
        })
    }

    /// The federated identity credentials of an app registration, by its object id.
    pub(crate) fn federated_of(&self, object_id: &str) -> &[Object] {
        self.federated.get(object_id).map_or(&[], Vec::as_slice)
    }

    /// The federated identity credentials of the app registration with a key.
    pub(crate) fn federated(&self, context: Context<'_>, key: &Key) -> Result<&[Object], Refusal> {
        let application = find(&self.applications, key, context.instant)?;
        Ok(self.federated_of(application.text("id")))
    }

    /// Adds a federated identity credential.
    pub(crate) fn add_federated(&mut self, context: Context<'_>, key: &Key, body: &Object) -> Result<Value, Refusal> {
        let application = self.application_to_write(context, key)?;
        let all = self.federated.entry(application).or_default();
        check_federated(body, all.iter())?;
        if all.len() == MOST_FEDERATED {
            return Err(refused("federatedIdentityCredentials"));
        }
        let mut made = Object::new();
        for name in ["name", "issuer", "subject", "audiences", "description"] {
            made.insert(name.to_owned(), body.get(name).cloned().unwrap_or(Value::Null));
        }
        made.insert("id".to_owned(), json!(Uuid::new_v4()));
        all.push(made.clone());
        Ok(json!(made))
    }

    /// Changes a federated identity credential, by its id or its name.
    ///
    /// Source: *Update federatedIdentityCredential*, and the resource type's page: its name is immutable after it is created.
    pub(crate) fn update_federated(&mut self, context: Context<'_>, key: &Key, id: &str, body: &Object) -> Result<(), Refusal> {
        let application = self.application_to_write(context, key)?;
        let all = self.federated.entry(application).or_default();
        let is_it = |one: &Object| text(one, "id") == id || text(one, "name") == id;
        let mut changed = all.iter().find(|one| is_it(one)).ok_or_else(|| Refusal::not_found(id))?.clone();
        if body.get("name").is_some_and(|name| Some(name) != changed.get("name")) {
            return Err(refused("name"));
        }
        for name in ["issuer", "subject", "audiences", "description"] {
            if let Some(value) = body.get(name) {
                changed.insert(name.to_owned(), value.clone());
            }
        }
        check_federated(&changed, all.iter().filter(|one| !is_it(one)))?;
        if let Some(old) = all.iter_mut().find(|one| is_it(one)) {
            *old = changed;
        }
        Ok(())
    }

    /// Removes a federated identity credential, by its id or its name.
    pub(crate) fn remove_federated(&mut self, context: Context<'_>, key: &Key, id: &str) -> Result<(), Refusal> {
        let application = self.application_to_write(context, key)?;
        let all = self.federated.entry(application).or_default();
        let before = all.len();
        all.retain(|one| text(one, "id") != id && text(one, "name") != id);
        if all.len() == before {
            return Err(Refusal::not_found(id));
        }
        Ok(())
    }

    /// The object id of an app registration that the caller may write.
    fn application_to_write(&self, context: Context<'_>, key: &Key) -> Result<String, Refusal> {
        context.access.may_write_applications()?;
        let found = position(&self.applications, key, context.instant)?;
        let entry = self.applications.get(found).ok_or_else(|| Refusal::not_found(&key.value))?;
        context.access.may_write_object(entry.owners())?;
        Ok(entry.text("id").to_owned())
    }
}

fn refused(name: &str) -> Refusal {
    Refusal::invalid_value(name, "FederatedIdentityCredential")
}

/// What a federated identity credential has to have beside others of its app registration.
fn check_federated<'a>(credential: &Object, mut others: impl Iterator<Item = &'a Object>) -> Result<(), Refusal> {
    for name in ["name", "issuer", "subject"] {
        if text(credential, name).is_empty() {
            return Err(Refusal::missing_value(name, "FederatedIdentityCredential"));
        }
    }
    // One audience is what the service takes.
    let audiences = list(credential, "audiences");
    if audiences.len() != 1 || !audiences.iter().all(Value::is_string) {
        return Err(refused("audiences"));
    }
    let is_same = |other: &Object, name: &str| text(other, name) == text(credential, name);
    if others.any(|other| is_same(other, "name") || (is_same(other, "issuer") && is_same(other, "subject"))) {
        return Err(Refusal::conflict("federatedIdentityCredentials"));
    }
    Ok(())
}

/// Binary values are base64, which some clients write for URLs, and the Azure CLI with the line breaks of a PEM file.
fn binary(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    let decoded = STANDARD
        .decode(&text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')));
    decoded.ok().filter(|bytes| !bytes.is_empty())
}
