//! A specification that is still being filled in.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{
    connection::{ConnectionSpec, from_value},
    violations::{InvalidSpec, Violation, ViolationCode},
};
use crate::secret::ClientSecret;

/// The one field that is kept apart.
const SECRET: &str = "serverApp.import.secretKey";

/// What that field is called. A field of this name has no value elsewhere.
const SECRET_NAME: &str = "secretKey";

/// How many objects a path leads through. No field lies deeper, and what is named behind is one name that no field has.
const DEEPEST: usize = 8;

/// A specification that is still being filled in: any field may be missing or wrong. For a page that checks while its user
/// types, and keeps what was typed.
///
/// Its JSON is that of [`ConnectionSpec`], as far as it is filled in. An imported secret is read and never written, and a field
/// `secretKey` that lies in a wrong place keeps its name and loses its value; a draft that was stored says by [`needs_secret`](Self::needs_secret) that only the secret is missing. Fields are named by their
/// paths, as [`Violation::path`] has them.
///
/// ```
/// use cmg_onboarding::spec::ConnectionDraft;
///
/// let mut draft = ConnectionDraft::default();
/// draft.set("name", "Contoso CMG");
/// draft.set("serverApp.create.name", "");
/// let wrong = draft.violations_at("serverApp.create.name");
/// assert_eq!(wrong[0].message(), "\"\" was given, expected a name of 1 to 120 characters without control characters");
///
/// draft.set("serverApp.create.name", "ConfigMgr Server");
/// draft.set("clientApp.create.name", "ConfigMgr Client");
/// assert_eq!(draft.complete()?.name(), "Contoso CMG");
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct ConnectionDraft {
    fields: Map<String, Value>,
    #[serde(skip)]
    secret: Option<ClientSecret>,
}

impl ConnectionDraft {
    /// Sets a field, and with it the objects above it that are missing. `null` takes the field out. What stands where an
    /// object has to be is replaced by one.
    ///
    /// A path of more than nine names ends in one name for all that is left, which is told as an unknown field.
    ///
    /// A secret is kept apart: it goes to [`set_secret`](Self::set_secret) by its path, too.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let value = value.into();
        let is_in_secrets_way = SECRET == path || SECRET.strip_prefix(path).is_some_and(|below| below.starts_with('.'));
        if is_in_secrets_way && value.is_null() {
            self.secret = None;
        }
        put(&mut self.fields, path, value, DEEPEST);
        self.keep_secret_apart();
    }

    /// Sets *Secret Key* of an app to import.
    pub fn set_secret(&mut self, secret: ClientSecret) {
        self.secret = Some(secret);
    }

    /// A field as it was set; `None` if it was not. A secret is never given back.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.fields.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// Everything that is missing or wrong, in the order of the fields. Empty if the draft is complete.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        match self.complete() {
            Ok(_) => Vec::new(),
            Err(invalid) => invalid.violations().to_vec(),
        }
    }

    /// What is wrong with one field, or with anything below it.
    #[must_use]
    pub fn violations_at(&self, path: &str) -> Vec<Violation> {
        let is_at = |violation: &Violation| {
            let rest = violation.path().strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || path.is_empty())
        };
        self.violations().into_iter().filter(is_at).collect()
    }

    /// What is wrong with a value in this field, by itself.
    ///
    /// ```
    /// use cmg_onboarding::spec::{ConnectionDraft, ViolationCode};
    ///
    /// let wrong = ConnectionDraft::check("serverApp.create.appIdUri", "https://contoso.com/");
    /// assert_eq!(wrong[0].code(), ViolationCode::AppIdUriTrailingSlash);
    /// assert!(ConnectionDraft::check("name", "Contoso CMG").is_empty());
    /// ```
    #[must_use]
    pub fn check(path: &str, value: impl Into<Value>) -> Vec<Violation> {
        let mut draft = Self::default();
        draft.set(path, value);
        draft.violations_at(path)
    }

    /// Whether nothing is missing but the secret of the app to import, which no stored draft has.
    #[must_use]
    pub fn needs_secret(&self) -> bool {
        matches!(self.violations().as_slice(), [only] if only.code() == ViolationCode::SecretKeyMissing)
    }

    /// The specification.
    ///
    /// # Errors
    ///
    /// With everything that is missing or wrong, at once.
    pub fn complete(&self) -> Result<ConnectionSpec, InvalidSpec> {
        let mut fields = self.fields.clone();
        if let Some(secret) = &self.secret
            && self.field("serverApp.import").is_some_and(Value::is_object)
        {
            put(&mut fields, SECRET, secret.expose().into(), DEEPEST);
        }
        from_value(Value::Object(fields))
    }

    fn keep_secret_apart(&mut self) {
        self.take_secret();
        self.fields
            .iter_mut()
            .for_each(|(name, value)| forget_misplaced_secrets(name, value));
    }

    fn take_secret(&mut self) {
        let import = self.fields.get_mut("serverApp").and_then(|app| app.get_mut("import"));
        let Some(fields) = import.and_then(Value::as_object_mut) else {
            return;
        };
        match fields.remove(SECRET_NAME) {
            Some(Value::String(text)) => self.secret = Some(ClientSecret::new(text)),
            // It is not a text, and it is told as one that is missing.
            Some(_) => self.secret = None,
            None => {}
        }
    }
}

impl From<&ConnectionSpec> for ConnectionDraft {
    /// The draft of a specification, an imported secret included.
    fn from(spec: &ConnectionSpec) -> Self {
        let fields = match serde_json::to_value(spec) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let secret = spec.server_app().imported().map(|app| app.secret_key().clone());
        Self { fields, secret }
    }
}

impl<'de> Deserialize<'de> for ConnectionDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut draft = Self {
            fields: Map::deserialize(deserializer)?,
            secret: None,
        };
        draft.keep_secret_apart();
        Ok(draft)
    }
}

/// Takes the value of a secret that lies in a wrong place, as in a list or in an app that is adopted, however its name is
/// capitalized. The name stays, and is told as an unknown field.
fn forget_misplaced_secrets(name: &str, value: &mut Value) {
    // A path that is too deep is one name.
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.eq_ignore_ascii_case(SECRET_NAME) {
        *value = Value::Null;
        return;
    }
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| forget_misplaced_secrets(name, value)),
        Value::Array(items) => items.iter_mut().for_each(|item| forget_misplaced_secrets("", item)),
        _ => {}
    }
}

/// Puts a value below the names of a path, of which the last one is the whole rest if there are too many.
fn put(fields: &mut Map<String, Value>, path: &str, value: Value, deepest: usize) {
    let Some((name, rest)) = path.split_once('.').filter(|_| deepest > 0) else {
        match value {
            Value::Null => drop(fields.remove(path)),
            value => drop(fields.insert(path.to_owned(), value)),
        }
        return;
    };
    let below = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !below.is_object() {
        *below = Value::Object(Map::new());
    }
    if let Some(below) = below.as_object_mut() {
        put(below, rest, value, deepest - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn import() -> ConnectionDraft {
        serde_json::from_value(json!({
            "name": "Contoso CMG",
            "serverApp": { "import": {
                "tenantName": "contoso.onmicrosoft.com",
                "tenantId": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
                "name": "ConfigMgr Server",
                "clientId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01",
                "secretKey": "canary-7Q",
                "secretKeyExpiry": "2099-11-23T00:00:00Z",
                "appIdUri": "api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService",
            }},
            "clientApp": { "import": { "name": "ConfigMgr Client", "clientId": "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02" }},
        }))
        .unwrap()
    }

    #[test]
    fn a_stored_draft_of_an_import_needs_its_secret_and_nothing_else() {
        let draft = import();
        assert!(draft.complete().is_ok() && !draft.needs_secret());
        let stored = serde_json::to_string(&draft).unwrap();
        assert!(!stored.contains("canary") && !format!("{draft:?}").contains("canary"));
        let mut read: ConnectionDraft = serde_json::from_str(&stored).unwrap();
        assert!(read.needs_secret());
        read.set("serverApp.import.secretKey", "canary-8R");
        assert!(read.field("serverApp.import.secretKey").is_none());
        let spec = read.complete().unwrap();
        assert_eq!(spec.server_app().imported().unwrap().secret_key().expose(), "canary-8R");
    }

    #[test]
    fn a_specification_becomes_a_draft_and_a_specification_again() {
        let spec = import().complete().unwrap();
        let again = ConnectionDraft::from(&spec).complete().unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&spec).unwrap());
        assert_eq!(again.server_app().imported().unwrap().secret_key().expose(), "canary-7Q");
    }

    #[test]
    fn fields_are_set_taken_out_and_replaced_at_any_depth() {
        let mut draft = ConnectionDraft::default();
        draft.set("serverApp", "a text where an object has to be");
        draft.set("serverApp.create.name", "Server");
        assert_eq!(draft.field("serverApp.create.name"), Some(&json!("Server")));
        draft.set("serverApp.create", Value::Null);
        assert_eq!(draft.field("serverApp"), Some(&json!({})));
        assert_eq!(draft.field("serverApp.create.name.below"), None);
    }

    #[test]
    fn a_path_of_half_a_million_names_is_one_unknown_field() {
        let mut draft = import();
        draft.set(&"a.".repeat(500_000), 1);
        let depth = serde_json::to_string(&draft).unwrap().matches("{\"a\":").count();
        assert!(depth <= DEEPEST, "{depth}");
        assert_eq!(draft.clone().violations().len(), 1);
    }

    #[test]
    fn a_secret_goes_with_its_field_or_with_what_holds_it() {
        for path in ["serverApp.import.secretKey", "serverApp.import", "serverApp"] {
            let mut draft = import();
            draft.set(path, Value::Null);
            let mut again = import();
            again.secret = draft.secret.take();
            assert!(again.needs_secret(), "{path}");
        }
        let mut draft = import();
        draft.set("serverApp.import.name", Value::Null);
        draft.set("serverApp.import.name", "Another name");
        assert!(draft.complete().is_ok());
    }

    #[test]
    fn a_secret_in_a_wrong_place_is_forgotten_and_its_field_is_told_as_unknown() {
        for misplaced in [
            json!({"serverApp": {"import": [{"secretKey": "canary-9S"}]}}),
            json!({"serverApp": {"import": [[{"secretKey": ["canary-9S"]}]]}}),
            json!({"serverApp": {"adopt": {"secretKey": "canary-9S"}}}),
            json!({"serverApp": {"import": {"SecretKey": "canary-9S"}}}),
            json!({"serverApp": {"import": {"secretKey": {"below": "canary-9S"}}}}),
            json!({"clientApp": {"import": {"secretkey": {"below": "canary-9S"}}}}),
            json!({"secretKey": "canary-9S"}),
        ] {
            let draft: ConnectionDraft = serde_json::from_value(misplaced.clone()).unwrap();
            let shown = format!("{}{draft:?}{:?}", serde_json::to_string(&draft).unwrap(), draft.violations());
            assert!(!shown.contains("canary"), "{misplaced}: {shown}");
            assert!(draft.complete().is_err(), "{misplaced}");
        }
        let mut draft = import();
        for path in [
            "serverApp.adopt.secretKey",
            "a.b.c.d.e.f.g.h.i.secretKey",
            "clientApp.import.SECRETKEY",
        ] {
            draft.set(path, "canary-9S");
            assert!(!serde_json::to_string(&draft).unwrap().contains("canary"), "{path}");
        }
        let unknown = ConnectionDraft::check("clientApp.import.secretKey", "canary-9S");
        assert!(
            unknown.iter().any(|violation| violation.code() == ViolationCode::FieldUnknown),
            "{unknown:?}"
        );
    }

    #[test]
    fn a_field_alone_is_told_of_itself_only() {
        assert!(ConnectionDraft::check("clientApp.create.name", "Client").is_empty());
        let wrong = ConnectionDraft::check("environment", "AzureMoon");
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].code(), ViolationCode::EnvironmentUnknown);
        let below = ConnectionDraft::check("serverApp.create", json!({ "name": "", "homePageUrl": "no" }));
        assert_eq!(below.len(), 2);
    }

    #[test]
    fn a_name_that_begins_alike_is_another_field() {
        let mut draft = import();
        draft.set("nameless", 1);
        assert!(draft.violations_at("name").is_empty());
        assert_eq!(draft.violations_at("nameless").len(), 1);
        assert_eq!(draft.violations_at("").len(), 1);
    }
}
