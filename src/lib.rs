//! x
pub mod clock;
pub mod cloud;
pub mod ids;
pub mod secret;
pub mod spec;
pub use spec::*;
