//! Which connection a command looks after: the one of a specification, or one that the site has, by its name.

use clap::Args;
use cmg_onboarding::{
    Call, ConnectionSpec,
    connection::{ReadError, reusing},
};

use crate::{
    bad_input::BadInput,
    ending::Ending,
    place::{Access, Place, PlaceArguments},
    specification::{SpecificationArguments, example},
};

/// The flags for the connection.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct SubjectArguments {
    #[command(flatten)]
    pub(crate) specification: SpecificationArguments,
    /// A connection that the site has, by its name in the console, if its specification is lost.
    #[arg(long, value_name = "NAME", conflicts_with = "spec", requires = "site")]
    pub(crate) connection: Option<String>,
}

impl SubjectArguments {
    /// The specification, and the place. Of a connection that is named, a specification is made that reuses its apps.
    pub(crate) async fn find(&self, place: &PlaceArguments, access: Access) -> Result<(ConnectionSpec, Place), Ending> {
        let Some(name) = &self.connection else {
            let spec = self.specification.read(place.is_emulated())?;
            let place = place.open_set_up(&spec, access).await?;
            return Ok((spec, place));
        };
        let place = place.open(None, access).await?;
        let spec = existing(&place, name).await?;
        Ok((spec, place))
    }

    /// The same, always by what the site has: nothing but what a command changes is changed.
    pub(crate) async fn find_as_it_is(&self, place: &PlaceArguments, access: Access) -> Result<(ConnectionSpec, Place), Ending> {
        let (name, set_up) = match &self.connection {
            Some(name) => (name.clone(), example()?),
            None => {
                let spec = self.specification.read(place.is_emulated())?;
                (spec.name().to_owned(), spec)
            }
        };
        let place = match place.is_emulated() {
            true => place.open_set_up(&set_up, access).await?,
            false => place.open(None, access).await?,
        };
        let spec = existing(&place, &name).await?;
        Ok((spec, place))
    }
}

async fn existing(place: &Place, name: &str) -> Result<ConnectionSpec, Ending> {
    let Some(site) = &place.site else {
        return Err(BadInput("Name the site that has the connection, with --site.".to_owned()).into());
    };
    let snapshot = site.as_site().snapshot(Call::quiet()).await.map_err(ReadError::Site)?;
    Ok(reusing(&snapshot, name)?)
}
