//! `show`: what is there.

use clap::Args;
use cmg_onboarding::{
    DirectoryHandle,
    connection::{ViewOptions, connections, registrations},
};

use crate::{
    bad_input::BadInput,
    ending::Ending,
    output::Output,
    place::{Access, PlaceArguments},
    specification::SpecificationArguments,
};

/// Shows connections as they are, in the site and in Microsoft Entra side by side.
///
/// With a specification it shows that connection; without one, every connection that the site has. What cannot be read is shown
/// as unknown. Writes nothing, and needs no right to write.
#[derive(Debug, Args)]
pub(crate) struct ShowCommand {
    #[command(flatten)]
    specification: SpecificationArguments,
    /// List the app registrations in the tenant that this program has made, those of a forgotten specification included.
    #[arg(long, conflicts_with_all = ["spec", "site"])]
    registrations: bool,
    #[command(flatten)]
    place: PlaceArguments,
}

impl ShowCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let is_emulated = self.place.is_emulated();
        if self.specification.spec.is_some() || (is_emulated && !self.registrations) {
            let spec = self.specification.read(is_emulated)?;
            let place = self.place.open_set_up(&spec, Access::Read).await?;
            let view = place.connection(spec)?.view(|_| ()).await?;
            output.page("Azure Services", "view", &view, &view.to_string());
            return Ok(());
        }
        let place = match is_emulated {
            true => self.place.open_set_up(&self.specification.read(true)?, Access::Read).await?,
            false => self.place.open(None, Access::Read).await?,
        };
        let directory = place.directory.clone().map(DirectoryHandle::from);
        if self.registrations {
            let directory = directory.ok_or_else(|| BadInput("--registrations lists those of a tenant: sign in.".to_owned()))?;
            let inventory = registrations(&directory, |_| ()).await?;
            output.page("App registrations", "registrations", &inventory, &inventory.to_string());
            return Ok(());
        }
        let Some(site) = &place.site else {
            return Err(BadInput("Say what to show: --spec, --site, or --registrations.".to_owned()).into());
        };
        let view = connections(site, directory.as_ref(), &ViewOptions::default(), |_| ()).await?;
        output.page("Azure Services", "connections", &view, &view.to_string());
        Ok(())
    }
}
