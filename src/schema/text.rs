//! The schemas of what is written as a text, and of what serde writes by a function.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    cloud::CloudEnvironment,
    site::SiteIdentity,
    spec::{ConnectionDraft, Schedule, SecretValidity},
};

/// A moment, as RFC 3339 writes it.
pub(crate) enum Moment {}

/// A day, as `2027-11-23`.
pub(crate) enum Day {}

macro_rules! text {
    ($type:ty, $name:literal, inline: $inline:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                $inline
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn schema_id() -> Cow<'static, str> {
                concat!("cmg_onboarding::schema::", $name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text!(Moment, "Moment", inline: true, { "type": "string", "format": "date-time" });
text!(Day, "Day", inline: true, { "type": "string", "format": "date" });
text!(CloudEnvironment, "CloudEnvironment", inline: false, {
    "description": "Azure environment of the tenant.",
    "type": "string",
    "enum": ["AzurePublicCloud", "AzureUSGovernmentCloud"]
});
text!(SecretValidity, "SecretValidity", inline: false, {
    "description": "How long the server app's secret is valid: `oneYear`, `twoYears`, `longestAllowed`, a number of days as `P180D`, or the last day as `2027-05-31`.",
    "type": "string",
    "pattern": "^(oneYear|twoYears|longestAllowed|P[0-9]+D|[0-9]{4}-[0-9]{2}-[0-9]{2})$"
});
text!(Schedule, "Schedule", inline: false, {
    "description": "When discovery runs: a token of 16 hexadecimal digits, as it is written, or words such as `every 7 days from 02:30 UTC`, which are read, too.",
    "type": "string"
});
text!(SiteIdentity, "SiteIdentity", inline: false, {
    "description": "What tells one site from another in the description of a secret.",
    "type": "string",
    "pattern": "^[A-Za-z0-9._-]{1,40}$"
});
text!(ConnectionDraft, "ConnectionDraft", inline: false, {
    "description": "A specification that is still being filled in: the fields of `ConnectionSpec`, of which any may be missing or wrong. An imported secret is read and never written.",
    "type": "object"
});

/// The secret of an app to import is read and never written, so serde's view of the type lacks it.
pub(crate) fn with_secret_key(schema: &mut Schema) {
    let secret = json_schema!({
        "description": "Secret Key: the Value of the secret. It is read and never written.",
        "type": "string",
        "writeOnly": true
    });
    if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        properties.insert("secretKey".to_owned(), secret.to_value());
    }
}
