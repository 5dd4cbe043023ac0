//! What is wrong or may go wrong: functions of the snapshot and the specification that write nothing.

pub(crate) mod apps;
pub(crate) mod directory;
pub(crate) mod sign_in;
pub(crate) mod site;
pub(crate) mod verify;
