//! The wizard's Discovery page: Microsoft Entra user and group discovery.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{
    field_input::FieldInput,
    names::check_name,
    reader::Reader,
    schedule::Schedule,
    switch::{OFF, Switch},
    violations::{InvalidSpec, Rule, ViolationCode, Violations, below},
};

/// What the Discovery page asks for, of at least one of the two kinds.
///
/// A kind that is not given stays as it is in the site. In JSON, `"off"` in the place of the settings switches a kind
/// off: `{"users": "off"}`. Groups that are not named stay, too; `removedNames` takes groups out.
///
/// No default is invented: a schedule or an interval that is not given is left to the product, whose defaults
/// Microsoft does not document.
///
/// ```
/// use cmg_onboarding::DiscoverySpec;
///
/// let discovery = DiscoverySpec::builder().users().groups(["CMG users"]).build()?;
/// assert!(discovery.users().is_some() && discovery.groups().is_some());
///
/// let discovery: DiscoverySpec = serde_json::from_str(r#"{"users": "off", "groups": {"removedNames": ["Old"]}}"#).unwrap();
/// assert!(discovery.users_are_off() && discovery.groups().is_some());
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DiscoverySpec {
    /// *Enable Microsoft Entra user Discovery*, or `"off"`.
    #[serde(skip_serializing_if = "Switch::is_left")]
    users: Switch<UserDiscovery>,
    /// *Enable Microsoft Entra group Discovery*, or `"off"`.
    #[serde(skip_serializing_if = "Switch::is_left")]
    groups: Switch<GroupDiscovery>,
}

impl DiscoverySpec {
    /// Begins with both kinds left as they are.
    pub fn builder() -> DiscoverySpecBuilder {
        DiscoverySpecBuilder::default()
    }

    /// *Enable Microsoft Entra user Discovery*; `None` if it is left as it is, or switched off.
    #[must_use]
    pub const fn users(&self) -> Option<&UserDiscovery> {
        self.users.on()
    }

    /// *Enable Microsoft Entra group Discovery*; `None` if it is left as it is, or switched off.
    #[must_use]
    pub const fn groups(&self) -> Option<&GroupDiscovery> {
        self.groups.on()
    }

    /// Whether user discovery is switched off.
    #[must_use]
    pub const fn users_are_off(&self) -> bool {
        matches!(self.users, Switch::Off)
    }

    /// Whether group discovery is switched off.
    #[must_use]
    pub const fn groups_are_off(&self) -> bool {
        matches!(self.groups, Switch::Off)
    }

    /// Whether at least one kind is switched on: then the server app needs `Directory.Read.All`.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.users().is_some() || self.groups().is_some()
    }
}

impl<'de> Deserialize<'de> for DiscoverySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut violations = Violations::default();
        let reader = Reader::new("", Value::deserialize(deserializer)?, &mut violations);
        let spec = reader.and_then(|reader| DiscoverySpecBuilder::read(reader, &mut violations).check("", &mut violations));
        violations.into_result(spec).map_err(serde::de::Error::custom)
    }
}

/// User discovery with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserDiscovery {
    /// When everything is read. `None` leaves it to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_schedule: Option<Schedule>,
    /// How often changes are read, in minutes. `None` leaves delta discovery to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_minutes: Option<u32>,
}

/// Group discovery with its settings.
///
/// ```
/// use cmg_onboarding::DiscoverySpec;
///
/// let discovery = DiscoverySpec::builder().groups(["CMG users", "Kiosks"]).build()?;
/// assert_eq!(discovery.groups().unwrap().names, ["CMG users", "Kiosks"]);
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroupDiscovery {
    /// The groups to discover, by name. Groups that the site has besides stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The groups to take out, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_names: Vec<String>,
    /// When everything is read. `None` leaves it to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_schedule: Option<Schedule>,
    /// How often changes are read, in minutes. `None` leaves delta discovery to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_minutes: Option<u32>,
}

/// The names of groups. Neither Microsoft Entra nor the product tells them apart by case.
#[derive(Debug, Default)]
pub(crate) struct GroupNames(HashSet<String>);

impl GroupNames {
    pub(crate) fn of(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_lowercase()).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }
}

/// Puts a [`DiscoverySpec`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct DiscoverySpecBuilder {
    users: Switch<SettingsDraft>,
    groups: Switch<GroupsDraft>,
}

#[derive(Debug, Clone, Default)]
struct GroupsDraft {
    names: Vec<String>,
    removed_names: Vec<String>,
    settings: SettingsDraft,
}

#[derive(Debug, Clone, Default)]
struct SettingsDraft {
    full_schedule: FieldInput<Schedule>,
    delta_minutes: Option<u32>,
}

impl DiscoverySpecBuilder {
    /// Switches user discovery on, with the product's own schedule.
    pub fn users(mut self) -> Self {
        self.users = self.users.switched_on(|_| ());
        self
    }

    /// Switches user discovery off.
    pub fn users_off(mut self) -> Self {
        self.users = Switch::Off;
        self
    }

    /// Switches user discovery on and sets when everything is read.
    pub fn user_schedule(mut self, schedule: Schedule) -> Self {
        self.users = self.users.switched_on(|users| users.full_schedule = FieldInput::Value(schedule));
        self
    }

    /// Switches user discovery on and sets how often changes are read, in minutes.
    pub fn user_delta_minutes(mut self, minutes: u32) -> Self {
        self.users = self.users.switched_on(|users| users.delta_minutes = Some(minutes));
        self
    }

    /// Switches group discovery on for these groups. Other groups that the site has stay.
    pub fn groups<I: IntoIterator<Item = S>, S: Into<String>>(mut self, names: I) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.groups = self.groups.switched_on(|groups| groups.names = names);
        self
    }

    /// Takes these groups out of group discovery.
    pub fn remove_groups<I: IntoIterator<Item = S>, S: Into<String>>(mut self, names: I) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.groups = self.groups.switched_on(|groups| groups.removed_names = names);
        self
    }

    /// Switches group discovery off.
    pub fn groups_off(mut self) -> Self {
        self.groups = Switch::Off;
        self
    }

    /// Sets when all groups are read.
    pub fn group_schedule(mut self, schedule: Schedule) -> Self {
        self.groups = self
            .groups
            .switched_on(|groups| groups.settings.full_schedule = FieldInput::Value(schedule));
        self
    }

    /// Sets how often changes of groups are read, in minutes.
    pub fn group_delta_minutes(mut self, minutes: u32) -> Self {
        self.groups = self.groups.switched_on(|groups| groups.settings.delta_minutes = Some(minutes));
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// With every violation at once.
    pub fn build(self) -> Result<DiscoverySpec, InvalidSpec> {
        let mut violations = Violations::default();
        let spec = self.check("", &mut violations);
        violations.into_result(spec)
    }

    pub(super) fn read(mut reader: Reader, violations: &mut Violations) -> Self {
        let users = read_switch(&mut reader, "users", violations).map(|mut users| {
            let settings = SettingsDraft::read(&mut users, violations);
            users.finish(&["fullSchedule", "deltaMinutes"], violations);
            settings
        });
        let groups = read_switch(&mut reader, "groups", violations).map(|mut groups| {
            let draft = GroupsDraft {
                names: groups.texts("names", violations).unwrap_or_default(),
                removed_names: groups.texts("removedNames", violations).unwrap_or_default(),
                settings: SettingsDraft::read(&mut groups, violations),
            };
            groups.finish(&["names", "removedNames", "fullSchedule", "deltaMinutes"], violations);
            draft
        });
        reader.finish(&["users", "groups"], violations);
        Self { users, groups }
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<DiscoverySpec> {
        if self.users.is_left() && self.groups.is_left() {
            violations.unshown(path, ViolationCode::DiscoveryEmpty);
        }
        let users = self.users.map(|draft| {
            let (full_schedule, delta_minutes) = draft.check(&below(path, "users"), violations);
            UserDiscovery {
                full_schedule,
                delta_minutes,
            }
        });
        let groups = self.groups.map(|draft| draft.check(&below(path, "groups"), violations));
        Some(DiscoverySpec { users, groups })
    }
}

/// Settings, or the word that switches a kind off.
fn read_switch(reader: &mut Reader, field: &str, violations: &mut Violations) -> Switch<Reader> {
    match reader.value(field) {
        None => Switch::Leave,
        Some(Value::String(text)) if text == OFF => Switch::Off,
        Some(value) => Reader::new(&reader.path(field), value, violations).map_or(Switch::Off, Switch::On),
    }
}

impl GroupsDraft {
    fn check(self, path: &str, violations: &mut Violations) -> GroupDiscovery {
        let Self {
            names,
            removed_names,
            settings,
        } = self;
        if names.is_empty() && removed_names.is_empty() {
            violations.unshown(&below(path, "names"), ViolationCode::GroupNamesMissing);
        }
        for (field, list) in [("names", &names), ("removedNames", &removed_names)] {
            for (index, name) in list.iter().enumerate() {
                check_name(Some(name.clone()), None, &format!("{path}.{field}[{index}]"), violations);
            }
        }
        let added = GroupNames::of(&names);
        for (index, name) in removed_names.iter().enumerate().filter(|(_, name)| added.has(name)) {
            violations.wrong(&format!("{path}.removedNames[{index}]"), name, ViolationCode::GroupNamedTwice);
        }
        let (full_schedule, delta_minutes) = settings.check(path, violations);
        GroupDiscovery {
            names,
            removed_names,
            full_schedule,
            delta_minutes,
        }
    }
}

impl SettingsDraft {
    fn read(reader: &mut Reader, violations: &mut Violations) -> Self {
        Self {
            full_schedule: reader.text("fullSchedule", violations).into(),
            delta_minutes: reader.count("deltaMinutes", violations),
        }
    }

    fn check(self, path: &str, violations: &mut Violations) -> (Option<Schedule>, Option<u32>) {
        let schedule = check_schedule(self.full_schedule, &below(path, "fullSchedule"), violations);
        if self.delta_minutes == Some(0) {
            violations.wrong(&below(path, "deltaMinutes"), "0", ViolationCode::DeltaMinutesZero);
        }
        (schedule, self.delta_minutes)
    }
}

fn check_schedule(given: FieldInput<Schedule>, path: &str, violations: &mut Violations) -> Option<Schedule> {
    given.read_by(path, Rule::from, violations)
}

impl From<DiscoverySpec> for DiscoverySpecBuilder {
    fn from(spec: DiscoverySpec) -> Self {
        let draft = |full_schedule: Option<Schedule>, delta_minutes| SettingsDraft {
            full_schedule: full_schedule.map_or(FieldInput::Nothing, FieldInput::Value),
            delta_minutes,
        };
        Self {
            users: spec.users.map(|users| draft(users.full_schedule, users.delta_minutes)),
            groups: spec.groups.map(|groups| GroupsDraft {
                names: groups.names,
                removed_names: groups.removed_names,
                settings: draft(groups.full_schedule, groups.delta_minutes),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<DiscoverySpec, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn off_is_said_and_what_is_absent_is_left_as_it_is() {
        let spec = read(json!({"users": "off"})).unwrap();
        assert!(spec.users_are_off() && !spec.groups_are_off() && !spec.is_on());
        assert_eq!((spec.users(), spec.groups()), (None, None));
        assert_eq!(serde_json::to_value(&spec).unwrap(), json!({"users": "off"}));
        assert_eq!(DiscoverySpecBuilder::from(spec.clone()).build().unwrap(), spec);
        assert_eq!(DiscoverySpec::builder().users().users_off().build().unwrap(), spec);
        assert!(read(json!({})).is_err() && read(json!({"users": "on"})).is_err());
    }

    #[test]
    fn groups_are_taken_out_by_name_and_none_is_both_kept_and_taken_out() {
        let spec = read(json!({"groups": {"removedNames": ["Old"]}})).unwrap();
        assert_eq!(spec.groups().unwrap().removed_names, ["Old"]);
        assert_eq!(serde_json::to_value(&spec).unwrap(), json!({"groups": {"removedNames": ["Old"]}}));
        let error = DiscoverySpec::builder()
            .groups(["A", "B"])
            .remove_groups(["C", "B"])
            .build()
            .unwrap_err();
        let [violation] = error.violations() else { panic!("{error}") };
        assert_eq!(
            (violation.path(), violation.code()),
            ("groups.removedNames[1]", ViolationCode::GroupNamedTwice)
        );
        assert!(read(json!({"groups": {}})).is_err());
    }
}
