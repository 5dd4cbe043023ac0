//! The wizard's Discovery page: Microsoft Entra user and group discovery.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{
    names::check_name,
    reader::Reader,
    schedule::Schedule,
    violations::{FieldInput, InvalidSpec, Rule, ViolationCode, Violations, below},
};

/// What the Discovery page asks for. At least one of the two is switched on.
///
/// No default is invented: a schedule or an interval that is not given is left to the product, whose defaults
/// Microsoft does not document.
///
/// ```
/// use cmg_onboarding::DiscoverySpec;
///
/// let discovery = DiscoverySpec::builder().users().groups(["CMG users"]).build()?;
/// assert!(discovery.users().is_some() && discovery.groups().is_some());
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoverySpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<UserDiscovery>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<GroupDiscovery>,
}

impl DiscoverySpec {
    /// Begins with nothing switched on.
    pub fn builder() -> DiscoverySpecBuilder {
        DiscoverySpecBuilder::default()
    }

    /// *Enable Microsoft Entra user Discovery*.
    #[must_use]
    pub const fn users(&self) -> Option<&UserDiscovery> {
        self.users.as_ref()
    }

    /// *Enable Microsoft Entra group Discovery*.
    #[must_use]
    pub const fn groups(&self) -> Option<&GroupDiscovery> {
        self.groups.as_ref()
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroupDiscovery {
    /// The groups to discover, by name.
    pub names: Vec<String>,
    /// When everything is read. `None` leaves it to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_schedule: Option<Schedule>,
    /// How often changes are read, in minutes. `None` leaves delta discovery to the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_minutes: Option<u32>,
}

/// Puts a [`DiscoverySpec`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct DiscoverySpecBuilder {
    users: Option<SettingsDraft>,
    groups: Option<(Vec<String>, SettingsDraft)>,
}

#[derive(Debug, Clone, Default)]
struct SettingsDraft {
    full_schedule: FieldInput<Schedule>,
    delta_minutes: Option<u32>,
}

impl DiscoverySpecBuilder {
    /// Switches user discovery on, with the product's own schedule.
    pub fn users(mut self) -> Self {
        self.users.get_or_insert_default();
        self
    }

    /// Switches user discovery on and sets when everything is read.
    pub fn user_schedule(mut self, schedule: Schedule) -> Self {
        self.users.get_or_insert_default().full_schedule = FieldInput::Value(schedule);
        self
    }

    /// Switches user discovery on and sets how often changes are read, in minutes.
    pub fn user_delta_minutes(mut self, minutes: u32) -> Self {
        self.users.get_or_insert_default().delta_minutes = Some(minutes);
        self
    }

    /// Switches group discovery on for these groups.
    pub fn groups<I: IntoIterator<Item = S>, S: Into<String>>(mut self, names: I) -> Self {
        self.groups.get_or_insert_default().0 = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets when all groups are read.
    pub fn group_schedule(mut self, schedule: Schedule) -> Self {
        self.groups.get_or_insert_default().1.full_schedule = FieldInput::Value(schedule);
        self
    }

    /// Sets how often changes of groups are read, in minutes.
    pub fn group_delta_minutes(mut self, minutes: u32) -> Self {
        self.groups.get_or_insert_default().1.delta_minutes = Some(minutes);
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
        let users = reader.object("users", violations).map(|mut users| {
            let settings = SettingsDraft::read(&mut users, violations);
            users.finish(&["fullSchedule", "deltaMinutes"], violations);
            settings
        });
        let groups = reader.object("groups", violations).map(|mut groups| {
            let names = groups.texts("names", violations).unwrap_or_default();
            let settings = SettingsDraft::read(&mut groups, violations);
            groups.finish(&["names", "fullSchedule", "deltaMinutes"], violations);
            (names, settings)
        });
        reader.finish(&["users", "groups"], violations);
        Self { users, groups }
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<DiscoverySpec> {
        if self.users.is_none() && self.groups.is_none() {
            violations.unshown(path, ViolationCode::DiscoveryEmpty);
        }
        let users = self.users.map(|draft| {
            let (full_schedule, delta_minutes) = draft.check(&below(path, "users"), violations);
            UserDiscovery {
                full_schedule,
                delta_minutes,
            }
        });
        let groups = self.groups.map(|(names, draft)| {
            let path = below(path, "groups");
            if names.is_empty() {
                violations.unshown(&below(&path, "names"), ViolationCode::GroupNamesMissing);
            }
            for (index, name) in names.iter().enumerate() {
                check_name(Some(name.clone()), None, &format!("{path}.names[{index}]"), violations);
            }
            let (full_schedule, delta_minutes) = draft.check(&path, violations);
            GroupDiscovery {
                names,
                full_schedule,
                delta_minutes,
            }
        });
        Some(DiscoverySpec { users, groups })
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
            groups: spec
                .groups
                .map(|groups| (groups.names, draft(groups.full_schedule, groups.delta_minutes))),
        }
    }
}
