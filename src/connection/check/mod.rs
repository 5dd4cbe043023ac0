//! What is wrong or may go wrong: functions of the snapshot and the specification that write nothing.

pub(crate) mod apps;
pub(crate) mod directory;
pub(crate) mod rights;
pub(crate) mod rules;
pub(crate) mod secrets;
pub(crate) mod sign_in;
pub(crate) mod site;
pub(crate) mod verify;
