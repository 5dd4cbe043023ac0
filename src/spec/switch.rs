//! One kind of discovery: left as it is, switched off, or switched on with settings.

use serde::{Serialize, Serializer};

/// How JSON says that a kind of discovery is switched off.
pub(super) const OFF: &str = "off";

/// What becomes of one kind of discovery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Switch<T> {
    /// It is left as it is.
    #[default]
    Leave,
    /// It is switched off.
    Off,
    /// It is switched on, with these settings.
    On(T),
}

impl<T> Switch<T> {
    pub(super) const fn is_left(&self) -> bool {
        matches!(self, Self::Leave)
    }

    pub(super) const fn on(&self) -> Option<&T> {
        match self {
            Self::On(settings) => Some(settings),
            Self::Leave | Self::Off => None,
        }
    }

    pub(super) fn map<U>(self, settings: impl FnOnce(T) -> U) -> Switch<U> {
        match self {
            Self::Leave => Switch::Leave,
            Self::Off => Switch::Off,
            Self::On(value) => Switch::On(settings(value)),
        }
    }
}

impl<T: Default> Switch<T> {
    /// Switched on, with a change of its settings.
    pub(super) fn switched_on(self, change: impl FnOnce(&mut T)) -> Self {
        let mut settings = match self {
            Self::On(settings) => settings,
            Self::Leave | Self::Off => T::default(),
        };
        change(&mut settings);
        Self::On(settings)
    }
}

impl<T: Serialize> Serialize for Switch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leave => serializer.serialize_none(),
            Self::Off => serializer.serialize_str(OFF),
            Self::On(settings) => settings.serialize(serializer),
        }
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Switch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("SwitchOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let settings = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [{ "type": "string", "const": OFF }, settings] })
    }
}
