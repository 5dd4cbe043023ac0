//! What the program serves, as a file: tenants with all that is in them, a site, lag, faults, the time of day.
//!
//! `schema.json` beside this file describes the form; a test holds both together.

mod contents;
mod dates;
mod presets;
mod put_in_place;

use std::fmt;

use serde_json::Value;

use crate::{EmulatedTenant, clock::MovableClock};
use contents::Contents;
pub(crate) use contents::{FARTHEST, Fault as FaultOrder, Policies, User, role_named};

/// Files longer than this are not read.
const LONGEST: usize = 16 * 1024 * 1024;

/// What an emulator begins with, and goes back to when it is reset.
///
/// ```
/// use cmg_onboarding_emulator::EmulatorConfiguration;
///
/// let two = EmulatorConfiguration::from_json(br#"{"tenants": [{}, {"initialDomain": "fabrikam.onmicrosoft.com"}]}"#)?;
/// let wrong = EmulatorConfiguration::from_json(br#"{"tenants": [{"colour": "red"}]}"#).unwrap_err();
/// assert!(wrong.to_string().contains("`colour`"));
/// # drop(two);
/// # Ok::<(), cmg_onboarding_emulator::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct EmulatorConfiguration {
    contents: Contents,
}

impl EmulatorConfiguration {
    /// The names of what can be begun with without a file.
    pub const PRESETS: [&str; 9] = presets::NAMES;

    /// The JSON Schema of a configuration file.
    pub const SCHEMA: &str = include_str!("schema.json");

    /// Reads a configuration file of at most 16 MB.
    ///
    /// # Errors
    ///
    /// If it is no JSON, has a key that is not known, a value that does not fit, more than 100 tenants or 50,000 objects, or
    /// speaks of a thing that it does not have.
    pub fn from_json(text: &[u8]) -> Result<Self, ConfigurationError> {
        if text.len() > LONGEST {
            return Err(ConfigurationError(format!("it is longer than {LONGEST} bytes")));
        }
        // A list would be taken for the values of an object in their order.
        if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(ConfigurationError("it is not a JSON object".to_owned()));
        }
        let refused = |error: serde_json::Error| ConfigurationError(error.to_string());
        let contents: Contents = serde_json::from_slice(text).map_err(refused)?;
        match contents.preset {
            Some(name) => {
                let mut whole = presets::named(&name)?;
                let mut above: Value = serde_json::from_slice(text).map_err(refused)?;
                lay_upon(&mut whole, above.take());
                Self::of(serde_json::from_value(whole).map_err(refused)?)
            }
            None => Self::of(contents),
        }
    }

    /// One of [`PRESETS`](Self::PRESETS).
    ///
    /// # Errors
    ///
    /// If there is no preset of this name.
    pub fn preset(name: &str) -> Result<Self, ConfigurationError> {
        let preset = serde_json::from_value(presets::named(name)?);
        Self::of(preset.map_err(|error| ConfigurationError(error.to_string()))?)
    }

    fn of(mut contents: Contents) -> Result<Self, ConfigurationError> {
        if contents.tenants.is_empty() {
            contents.tenants.push(contents::Tenant::default());
        }
        contents.check()?;
        let configuration = Self { contents };
        // What cannot be put in place is told now, and not at the first reset.
        configuration.tenants(&MovableClock::new())?;
        #[cfg(feature = "onboarding")]
        configuration.site(&MovableClock::new())?;
        Ok(configuration)
    }

    pub(crate) fn latency_milliseconds(&self) -> u64 {
        self.contents.latency_milliseconds
    }

    /// Sets the clock as the configuration says.
    pub(crate) fn set_clock(&self, clock: &MovableClock) {
        clock.follow_the_system();
        if let Some(wanted) = &self.contents.clock {
            clock.move_by(time::Duration::seconds(wanted.move_by_seconds));
            if let Some(moment) = wanted.frozen_at {
                clock.freeze_at(moment);
            }
        }
    }

    /// New tenants with all that they are to have in them, the first one first.
    pub(crate) fn tenants(&self, clock: &MovableClock) -> Result<Vec<EmulatedTenant>, ConfigurationError> {
        let seed = self.contents.seed.as_deref();
        let numbered = self.contents.tenants.iter().enumerate();
        numbered
            .map(|(number, tenant)| {
                put_in_place::tenant(tenant, number, seed, clock).map_err(|error| error.at(&format!("tenants[{number}]")))
            })
            .collect()
    }

    /// A new site with all that it is to have in it.
    #[cfg(feature = "onboarding")]
    pub(crate) fn site(&self, clock: &MovableClock) -> Result<crate::EmulatedSite, ConfigurationError> {
        put_in_place::site(self.contents.site.as_ref(), clock)
    }
}

/// Lays a file upon a preset: complex values by their parts, tenants one by one, other lists as a whole.
fn lay_upon(preset: &mut Value, file: Value) {
    match (preset, file) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                match (below.get_mut(&name), value) {
                    (Some(Value::Array(below)), Value::Array(above)) if name == "tenants" => {
                        for (place, tenant) in above.into_iter().enumerate() {
                            match below.get_mut(place) {
                                Some(below) => lay_upon(below, tenant),
                                None => below.push(tenant),
                            }
                        }
                    }
                    (Some(below), value) => lay_upon(below, value),
                    (None, value) => {
                        below.insert(name, value);
                    }
                }
            }
        }
        (below, above) => *below = above,
    }
}

/// Why a configuration cannot be used, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError(String);

impl ConfigurationError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same with the place in the file, from the outside in: `tenants[1]: grants[0]: ..`.
    fn at(self, place: &str) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the configuration cannot be used: {}", self.0)
    }
}

impl std::error::Error for ConfigurationError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn reading_anything_never_panics(text in r#"\{("(preset|seed|clock|tenants|site|\$schema|x)":("onboarded"|"now+9d"|\[\{\}\]|\[\[\]\]|\{"rows":\{"tenants":1\}\}|\{"frozenAt":"x"\}|null|1e99),?){0,4}\}?"#, bytes in any::<Vec<u8>>()) {
            let _ = EmulatorConfiguration::from_json(text.as_bytes());
            let _ = EmulatorConfiguration::from_json(&bytes);
        }

        #[test]
        fn moving_the_clock_any_distance_never_panics(seconds in any::<i64>()) {
            let file = format!("{{\"clock\": {{\"moveBySeconds\": {seconds}}}, \"preset\": \"onboarded\"}}");
            let clock = MovableClock::new();
            if let Ok(configuration) = EmulatorConfiguration::from_json(file.as_bytes()) {
                configuration.set_clock(&clock);
                let _ = configuration.tenants(&clock);
            }
        }
    }
}
