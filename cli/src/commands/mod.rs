//! The subcommands, one module each.

pub(crate) mod apply;
pub(crate) mod by_hand;
pub(crate) mod demonstration;
pub(crate) mod hand_over;
pub(crate) mod import_handover;
pub(crate) mod plan;
pub(crate) mod remove;
pub(crate) mod review;
