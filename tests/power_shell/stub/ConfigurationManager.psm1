# Stands in for the ConfigurationManager module in tests: the cmdlets that the script uses, over rows in a file, with the
# parameters, parameter sets, mandatory parameters and types of Microsoft's reference. New-PSDrive, Get-PSDrive,
# Remove-PSDrive and Set-Location are here too, because the provider of the site's drive is the product's own.

$path = $env:CMG_STUB_STATE
$calls = $env:CMG_STUB_CALLS
# What the reference leaves open: 'null' and 'error' answer it so. The other values are those of the table in real.rs, each
# a way in which a site or a console is not as in a laboratory. Without one everything is answered as a site would that knows.
$open = $env:CMG_STUB_OPEN
$drives = @{}
# Rows that were made and do not show while this process runs, by their ids.
$late = @{}

if ($open -eq 'otherDrive') {
    # The console's last hierarchy, whose site has the same code.
    $drives['P01'] = [pscustomobject]@{ Name = 'P01'; Root = 'other.fabrikam.com' }
}
if ($open -eq 'driveError') {
    Write-Error -Message "Attempting to perform the InitializeDefaultDrives operation on the 'CMSite' provider failed."
}

function Write-Call($Name) { if ($calls) { Add-Content -LiteralPath $calls -Value $Name } }

function Read-State {
    if (Test-Path -LiteralPath $path) { return Import-Clixml -LiteralPath $path }
    @{ tenants = @(); apps = @(); services = @(); settings = @(); next = 16777217 }
}

function Save-State($State) { Export-Clixml -LiteralPath $path -InputObject $State -Depth 6 }

function Add-Late($Row, $Name) { if ($open -eq $Name) { $script:late[[string]$Row.ID] = $true } }

function Select-Shown($Rows) {
    foreach ($row in $Rows) { if (-not $script:late.ContainsKey([string]$row.ID)) { $row } }
}

function New-Row($State) { $id = $State.next; $State.next = $id + 1; $id }

function New-PSDrive {
    param([string] $Name, [string] $PSProvider, [string] $Root, [string] $Scope)
    $script:drives[$Name] = [pscustomobject]@{ Name = $Name; Root = $Root }
    $script:drives[$Name]
}

function Get-PSDrive {
    [CmdletBinding()]
    param([string] $Name, [string] $PSProvider)
    if ($Name) { return $script:drives[$Name] }
    $script:drives.Values
}

function Remove-PSDrive {
    param([string] $Name, [string] $Scope, [switch] $Force)
    $script:drives.Remove($Name)
}

function Set-Location {
    param([string] $Path)
    $name = $Path -replace ':$', ''
    if (-not $script:drives.ContainsKey($name)) { throw "a drive with the name '$name' does not exist" }
}

function Get-CMSite {
    [CmdletBinding()]
    param([string] $SiteCode, [string] $Name, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling)
    Write-Call 'Get-CMSite'
    $above = if ($open -eq 'child') { 'CAS' } else { '' }
    [pscustomobject]@{ SiteCode = $SiteCode; Version = '5.00.9128.1000'; ReportingSiteCode = $above }
}

function Get-CMServiceConnectionPoint {
    [CmdletBinding()]
    param(
        [switch] $AllSite, [string] $SiteCode, [string] $SiteSystemServerName, $InputObject,
        [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Get-CMServiceConnectionPoint'
    $mode = [pscustomobject]@{ PropertyName = 'OfflineMode'; Value = 0 }
    [pscustomobject]@{ RoleName = 'SMS Dmp Connector'; Props = @($mode) }
}

function Get-CMAADApplication {
    [CmdletBinding()]
    param(
        [string] $AppName, [ValidateSet('ServerApplication', 'ClientApplication')] [string] $AppType, [string] $ClientId,
        [string] $TenantId, [string] $TenantName, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Get-CMAADApplication'
    foreach ($row in (Select-Shown -Rows (Read-State).apps)) {
        if (-not $ClientId -or $row.ClientID -eq $ClientId) { [pscustomobject]$row }
    }
    # A row without the id of its app, its tenant or its kind.
    $other = @{ ID = 4243; ClientID = 'c7f6d1c6-5b52-4a3c-9d55-1c1f9b0f4a77'; Name = 'Other'; TenantID = 16777217; IsClientApp = $false }
    if ($open -eq 'appWithoutId') { $other.ClientID = ''; [pscustomobject]$other }
    if ($open -eq 'appWithoutTenant') { $other.TenantID = $null; [pscustomobject]$other }
    if ($open -eq 'appWithoutKind') { $other.IsClientApp = $null; [pscustomobject]$other }
}

function Get-CMAADTenant {
    [CmdletBinding()]
    param([string] $Id, [string] $Name, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling)
    Write-Call 'Get-CMAADTenant'
    foreach ($row in (Read-State).tenants) { [pscustomobject]$row }
}

function Get-CMAzureService {
    [CmdletBinding()]
    param([int] $Id, [string] $Name, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling)
    Write-Call 'Get-CMAzureService'
    $state = Read-State
    foreach ($row in (Select-Shown -Rows $state.services)) {
        $shown = [pscustomobject]$row
        if ($open -eq 'otherCase') { $shown.Name = $shown.Name.ToUpperInvariant() }
        if ($open -eq 'webAppsNull') { $shown.AssociatedAADWebApplications = $null }
        if (-not $Id -or $row.ID -eq $Id) { $shown }
    }
    if ($open -eq 'otherService' -and (-not $Id -or $Id -eq 4242)) {
        # As Administration Service Management: of another type, with the same web app.
        $apps = @($state.apps | Where-Object { -not $_.IsClientApp } | ForEach-Object { $_.ID })
        [pscustomobject]@{ ID = 4242; Name = 'Administration Service'; Description = ''; ServiceType = 3; AssociatedAADWebApplications = $apps }
    }
}

function Invoke-CMWmiQuery {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [string] $Query, [hashtable] $Context, [string] $Option, [string] $ClassName, [string] $Search,
        [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Invoke-CMWmiQuery'
    $isOpen = $Query -notlike '*SMS_AAD_Tenant_Ex*'
    if ($isOpen -and $open -eq 'error') { throw 'the provider does not know this class' }
    if ($isOpen -and $open -eq 'null') { return $null }
    $state = Read-State
    if ($Query -like '*SMS_AzureEnvironments*') {
        [pscustomobject]@{ ID = 1; EnvironmentName = 'AzurePublicCloud' }
        [pscustomobject]@{ ID = 2; EnvironmentName = 'AzureUSGovernmentCloud' }
    }
    if ($Query -like '*SMS_AzureService') {
        # A gateway: of the first connection, of another one, without the property that says which, or with a number that was never set.
        $id = if ($state.services.Count -gt 0) { $state.services[0].ID } else { 0 }
        if ($open -eq 'gatewayError') { throw 'the gateways cannot be read' }
        if ($open -eq 'gatewayUses') { [pscustomobject]@{ Name = 'GraniteFalls'; AzureCloudServiceId = $id } }
        if ($open -eq 'gatewayElsewhere') { [pscustomobject]@{ Name = 'GraniteFalls'; AzureCloudServiceId = $id + 1000 } }
        if ($open -eq 'gatewayUntold') { [pscustomobject]@{ Name = 'GraniteFalls' } }
        if ($open -eq 'gatewayZero') { [pscustomobject]@{ Name = 'GraniteFalls'; AzureCloudServiceId = 0 } }
    }
    if ($Query -like '*SMS_AAD_Tenant_Ex*') { foreach ($row in $state.tenants) { [pscustomobject]$row } }
    if ($Query -like '*SMS_AAD_Discovery_Settings*') {
        foreach ($row in $state.settings) { [pscustomobject]$row }
        # A row of the first connection: of changes alone, without its flags, its connection, or the names of its groups.
        $id = if ($state.services.Count -gt 0) { $state.services[0].ID } else { 0 }
        $other = @{
            CloudServiceId = $id; AgentType = 0; FullSyncEnabled = $false; FullSyncSchedule = '0001170000100038'
            DeltaSyncEnabled = $true; DeltaSyncInterval = 30; DiscoveryScopeIds = $null; DiscoveryScopeNames = $null
        }
        if ($open -eq 'changesAlone') { [pscustomobject]$other }
        if ($open -eq 'flagNull') { $other.DeltaSyncEnabled = $null; [pscustomobject]$other }
        if ($open -eq 'ofAnyConnection') { $other.CloudServiceId = $null; [pscustomobject]$other }
        if ($open -eq 'groupsUnnamed') { $other.DiscoveryScopeIds = @('5a7f0d1c-2f57-4a0e-8d7e-0a4f5b7a1e21'); [pscustomobject]$other }
    }
}

function Import-CMAADServerApplication {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, Position = 0)] [string] $TenantName,
        [Parameter(Mandatory = $true, Position = 1)] [string] $TenantId,
        [Parameter(Mandatory = $true, Position = 2)] [string] $AppName,
        [Parameter(Mandatory = $true, Position = 3)] [string] $ClientId,
        [Parameter(Mandatory = $true, Position = 4)] [securestring] $SecretKey,
        [Parameter(Mandatory = $true, Position = 5)] [datetime] $SecretKeyExpiry,
        [uri] $AppIdUri, [ValidateSet('AzurePublicCloud', 'AzureUSGovernmentCloud')] [string] $AzureEnvironmentOption,
        [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Import-CMAADServerApplication'
    $plain = (New-Object -TypeName System.Net.NetworkCredential -ArgumentList '', $SecretKey).Password
    if ($plain -cne ('canary-7Q~' + [char]0xfc)) { throw 'the secret did not arrive as it was' }
    if ($open -eq 'innerError') {
        $inner = New-Object -TypeName System.Exception -ArgumentList 'the SMS Provider says: access denied'
        throw (New-Object -TypeName System.InvalidOperationException -ArgumentList 'the operation has failed', $inner)
    }
    $state = Read-State
    $held = @($state.tenants | Where-Object { $_.TenantID -eq $TenantId })
    if ($held.Count -gt 0) {
        $tenant = $held[0].ID
    } else {
        $tenant = New-Row $state
        $number = if ($AzureEnvironmentOption -eq 'AzureUSGovernmentCloud') { 2 } else { 1 }
        $state.tenants += @{ ID = $tenant; TenantID = $TenantId; Name = $TenantName; Environment = $number }
    }
    $row = @{
        ID = (New-Row $state); ClientID = $ClientId; Name = $AppName; TenantID = $tenant; IsClientApp = $false
        IdentifierUri = $AppIdUri.OriginalString; SecretKeyExpiry = $SecretKeyExpiry
    }
    if ($open -eq 'differently') {
        # As if a site stored the URI in its normal form, and the end of the secret as a day of its own time zone.
        $row.IdentifierUri = $AppIdUri.OriginalString + '/'
        $row.SecretKeyExpiry = $SecretKeyExpiry.AddDays(-2)
    }
    $state.apps += $row
    Save-State $state
    Add-Late -Row $row -Name 'lateServer'
    [pscustomobject]$row
}

function Import-CMAADClientApplication {
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'ByServerApp')]
    param(
        [Parameter(Mandatory = $true)] [string] $AppName, [Parameter(Mandatory = $true)] [string] $ClientId,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByServerApp')] $ServerApp,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')] [string] $TenantId,
        [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Import-CMAADClientApplication'
    $state = Read-State
    $row = @{ ID = (New-Row $state); ClientID = $ClientId; Name = $AppName; TenantID = $ServerApp.TenantID; IsClientApp = $true }
    $state.apps += $row
    Save-State $state
    Add-Late -Row $row -Name 'lateClient'
    [pscustomobject]$row
}

function New-CMCloudManagementAzureService {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true)] [string] $Name, [Parameter(Mandatory = $true)] $ServerApp, [Parameter(Mandatory = $true)] $ClientApp,
        [string] $Description, [ValidateSet('AzurePublicCloud', 'AzureUSGovernmentCloud')] [string] $AzureEnvironmentOption,
        [bool] $EnableUserDiscovery, $UserDiscoverySchedule, [bool] $EnableUserDeltaDiscovery, [int] $UserDeltaDiscoveryMins,
        [bool] $EnableGroupDiscovery, [string[]] $AddGroupName, $GroupDiscoverySchedule, [bool] $EnableGroupDeltaDiscovery,
        [int] $GroupDeltaDiscoveryMins, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'New-CMCloudManagementAzureService'
    $state = Read-State
    $row = @{ ID = (New-Row $state); Name = $Name; Description = $Description; ServiceType = 1; AssociatedAADWebApplications = @($ServerApp.ID) }
    $state.services += $row
    Save-State $state
    Add-Late -Row $row -Name 'lateConnection'
    [pscustomobject]$row
}

function Set-CMCloudManagementAzureService {
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'ById')]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'ByInputObject')] $InputObject,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')] [int] $Id,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')] [string] $Name,
        [string] $NewName, [string] $Description,
        [bool] $EnableUserDiscovery, $UserDiscoverySchedule, [bool] $EnableUserDeltaDiscovery, [int] $UserDeltaDiscoveryMins,
        [bool] $EnableGroupDiscovery, [string[]] $AddGroupName, [string[]] $DeleteGroupName, $GroupDiscoverySchedule,
        [bool] $EnableGroupDeltaDiscovery, [int] $GroupDeltaDiscoveryMins, [bool] $EnableAADGroupSync,
        [switch] $PassThru, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Set-CMCloudManagementAzureService'
    $state = Read-State
    $service = $state.services[0]
    if ($NewName) { $service.Name = $NewName }
    if ($PSBoundParameters.ContainsKey('Description')) { $service.Description = $Description }
    if ($PSBoundParameters.ContainsKey('EnableUserDiscovery') -and -not $EnableUserDiscovery) {
        foreach ($row in $state.settings) { $row.FullSyncEnabled = $false; $row.DeltaSyncEnabled = $false }
    }
    if ($EnableUserDiscovery) {
        $state.settings = @(@{
            CloudServiceId = $Id; FullSyncEnabled = $true; FullSyncSchedule = $UserDiscoverySchedule
            DeltaSyncEnabled = $EnableUserDeltaDiscovery; DeltaSyncInterval = $UserDeltaDiscoveryMins; DiscoveryScopeNames = $null
        })
    }
    Save-State $state
}

function Set-UpdateServerApplication {
    [CmdletBinding()]
    param([string] $TenantId)
    Write-Call 'Set-UpdateServerApplication'
    $state = Read-State
    foreach ($row in $state.apps) { if (-not $row.IsClientApp) { $row.ReplyUrl = 'http://localhost' } }
    Save-State $state
}

function Convert-CMSchedule {
    [CmdletBinding()]
    param(
        [Parameter(ParameterSetName = 'ByInputObject')] $InputObject, [Parameter(ParameterSetName = 'ByString')] [string] $ScheduleString,
        [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Convert-CMSchedule'
    $ScheduleString
}

function Remove-CMAzureService {
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'ById')]
    param(
        [Parameter(Mandatory = $true, ParameterSetName = 'ByInputObject')] $InputObject,
        [Parameter(Mandatory = $true, ParameterSetName = 'ById')] [int] $Id,
        [Parameter(Mandatory = $true, ParameterSetName = 'ByName')] [string] $Name,
        [switch] $Force, [switch] $DisableWildcardHandling, [switch] $ForceWildcardHandling
    )
    Write-Call 'Remove-CMAzureService'
    $state = Read-State
    $state.services = @($state.services | Where-Object { $_.ID -ne $Id })
    Save-State $state
}

Export-ModuleMember -Function '*-CM*', 'Set-UpdateServerApplication', 'New-PSDrive', 'Get-PSDrive', 'Remove-PSDrive', 'Set-Location'
