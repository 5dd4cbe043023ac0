# Stands in for the ConfigurationManager module in tests: the cmdlets that the script uses, over rows in a file.
# New-PSDrive and Set-Location are here too, because the site drive's provider is the product's own.

$path = $env:CMG_STUB_STATE

function Read-State {
    if (Test-Path -LiteralPath $path) { return Import-Clixml -LiteralPath $path }
    @{ tenants = @(); apps = @(); services = @(); settings = @(); next = 16777217 }
}

function Save-State($State) { Export-Clixml -LiteralPath $path -InputObject $State -Depth 6 }

function New-Row($State) { $id = $State.next; $State.next = $id + 1; $id }

function New-PSDrive {
    param($Name, $PSProvider, $Root, $Scope)
    [pscustomobject]@{ Name = $Name; Root = $Root }
}

function Get-PSDrive { param($Name, $PSProvider) }

function Remove-PSDrive { param($Name, $Scope, [switch] $Force) }

function Set-Location { param($Path) }

function Get-CMSite {
    param([string] $SiteCode)
    [pscustomobject]@{ SiteCode = $SiteCode; Version = '5.00.9128.1000'; ReportingSiteCode = '' }
}

function Get-CMServiceConnectionPoint {
    $mode = [pscustomobject]@{ PropertyName = 'OfflineMode'; Value = 0 }
    [pscustomobject]@{ RoleName = 'SMS Dmp Connector'; Props = @($mode) }
}

function Get-CMAADApplication {
    param([string] $ClientId, [string] $TenantId)
    foreach ($row in (Read-State).apps) {
        if (-not $ClientId -or $row.ClientID -eq $ClientId) { [pscustomobject]$row }
    }
}

function Get-CMAzureService {
    param([int] $Id)
    foreach ($row in (Read-State).services) {
        if (-not $Id -or $row.ID -eq $Id) { [pscustomobject]$row }
    }
}

function Invoke-CMWmiQuery {
    param([string] $Query, [string] $Option)
    $state = Read-State
    if ($Query -like '*SMS_AzureEnvironments*') { [pscustomobject]@{ ID = 1; EnvironmentName = 'AzurePublicCloud' } }
    if ($Query -like '*SMS_AAD_Tenant_Ex*') { foreach ($row in $state.tenants) { [pscustomobject]$row } }
    if ($Query -like '*SMS_AAD_Discovery_Settings*') { foreach ($row in $state.settings) { [pscustomobject]$row } }
}

function Import-CMAADServerApplication {
    param(
        [string] $TenantName, [string] $TenantId, [string] $AppName, [string] $ClientId, [securestring] $SecretKey,
        [datetime] $SecretKeyExpiry, [uri] $AppIdUri, [string] $AzureEnvironmentOption, [switch] $DisableWildcardHandling
    )
    $plain = [System.Net.NetworkCredential]::new('', $SecretKey).Password
    if ($plain -cne ('canary-7Q~' + [char]0xfc)) { throw 'the secret did not arrive as it was' }
    $state = Read-State
    $tenant = New-Row $state
    $state.tenants += @{ ID = $tenant; TenantID = $TenantId; Name = $TenantName; Environment = 1 }
    $state.apps += @{
        ID = (New-Row $state); ClientID = $ClientId; Name = $AppName; TenantID = $tenant; IsClientApp = $false
        IdentifierUri = $AppIdUri.OriginalString; SecretKeyExpiry = $SecretKeyExpiry
    }
    Save-State $state
}

function Import-CMAADClientApplication {
    param($ServerApp, [string] $AppName, [string] $ClientId, [switch] $DisableWildcardHandling)
    $state = Read-State
    $state.apps += @{ ID = (New-Row $state); ClientID = $ClientId; Name = $AppName; TenantID = $ServerApp.TenantID; IsClientApp = $true }
    Save-State $state
}

function New-CMCloudManagementAzureService {
    param([string] $Name, [string] $Description, $ServerApp, $ClientApp, [string] $AzureEnvironmentOption, [switch] $DisableWildcardHandling)
    $state = Read-State
    $state.services += @{ ID = (New-Row $state); Name = $Name; Description = $Description; ServiceType = 1; AssociatedAADWebApplications = @($ServerApp.ID) }
    Save-State $state
}

function Set-CMCloudManagementAzureService {
    param(
        [int] $Id, [string] $NewName, [string] $Description, [bool] $EnableUserDiscovery, $UserDiscoverySchedule,
        [bool] $EnableUserDeltaDiscovery, [int] $UserDeltaDiscoveryMins, [switch] $DisableWildcardHandling
    )
    $state = Read-State
    $service = $state.services[0]
    if ($NewName) { $service.Name = $NewName }
    if ($Description) { $service.Description = $Description }
    if ($PSBoundParameters.ContainsKey('EnableUserDiscovery') -and -not $EnableUserDiscovery) {
        foreach ($row in $state.settings) { $row.FullSyncEnabled = $false }
    }
    if ($EnableUserDiscovery) {
        $state.settings = @(@{
            CloudServiceId = $Id; FullSyncEnabled = $true; FullSyncSchedule = $UserDiscoverySchedule; DeltaSyncEnabled = $EnableUserDeltaDiscovery
            DeltaSyncInterval = $UserDeltaDiscoveryMins; DiscoveryScopeNames = $null
        })
    }
    Save-State $state
}

function Convert-CMSchedule {
    param([string] $ScheduleString)
    $ScheduleString
}

function Remove-CMAzureService {
    param([int] $Id, [switch] $Force)
    $state = Read-State
    $state.services = @($state.services | Where-Object { $_.ID -ne $Id })
    Save-State $state
}

Export-ModuleMember -Function '*-CM*', 'New-PSDrive', 'Get-PSDrive', 'Remove-PSDrive', 'Set-Location'
