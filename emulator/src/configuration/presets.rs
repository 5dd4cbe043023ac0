//! What can be begun with without a file, as configuration data: states that a tenant with this job in it is met in.

use serde_json::Value;

use super::ConfigurationError;

pub(super) const NAMES: [&str; 9] = [
    "empty",
    "onboarded",
    "made-by-console",
    "imported",
    "expiring",
    "expired",
    "drifted",
    "hardened",
    "half-done",
];

pub(super) fn named(name: &str) -> Result<Value, ConfigurationError> {
    let text = match name {
        "empty" => "{}",
        "onboarded" => include_str!("presets/onboarded.json"),
        "made-by-console" => include_str!("presets/made-by-console.json"),
        "imported" => include_str!("presets/imported.json"),
        "expiring" => include_str!("presets/expiring.json"),
        "expired" => include_str!("presets/expired.json"),
        "drifted" => include_str!("presets/drifted.json"),
        "hardened" => include_str!("presets/hardened.json"),
        "half-done" => include_str!("presets/half-done.json"),
        other => {
            let known = NAMES.join(", ");
            return Err(ConfigurationError::new(format!("there is no preset '{other}'; there are {known}")));
        }
    };
    serde_json::from_str(text).map_err(|error| ConfigurationError::new(format!("preset {name}: {error}")))
}
