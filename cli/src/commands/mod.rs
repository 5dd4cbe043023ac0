//! The subcommands, one module each.

pub(crate) mod apply;
pub(crate) mod by_hand;
pub(crate) mod check;
pub(crate) mod demonstration;
pub(crate) mod discovery;
pub(crate) mod expiring;
pub(crate) mod hand_over;
pub(crate) mod import_handover;
pub(crate) mod plan;
pub(crate) mod remove;
pub(crate) mod renew_secret;
pub(crate) mod review;
pub(crate) mod show;
pub(crate) mod update_settings;
