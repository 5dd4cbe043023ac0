# Tries out on a THROW-AWAY site what the product does with odd imports, with discovery and with a removal. It writes.
#
#     powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File .\probe-throwaway-site.ps1 -SiteCode P01 -Provider cm01.lab.contoso.com
#
# Only for a site that is going to be thrown away: it imports apps that no cmdlet removes again. It asks for the site's
# code before it writes anything, and before each of its writes unless -WithoutQuestions is given. With -GroupName and a
# tenant that the site has (-TenantId, -TenantName) it also tries whether the cmdlet asks for a sign-in. With
# -TryRemovalInUse it removes a connection that a gateway uses, if the site has one.
# The file has no names, ids and messages. Windows PowerShell 5.1 and PowerShell 7.
param(
    [Parameter(Mandatory = $true)] [string] $SiteCode,
    [Parameter(Mandatory = $true)] [string] $Provider,
    [string] $TenantId = [string][guid]::NewGuid(),
    [string] $TenantName = 'probe.example',
    [string] $GroupName,
    [switch] $TryRemovalInUse,
    [switch] $WithoutQuestions,
    [string] $OutFile = '.\cmg-throwaway-site-probe.json'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if ($WithoutQuestions) { $ConfirmPreference = 'None' }

$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutFile)
$prefix = 'Probe ' + [string][guid]::NewGuid()
$schedule = '0001170000100038'
$minutes = 7
$tenant = @{ TenantId = $TenantId; TenantName = $TenantName }

function Show-Text {
    param($Text)
    Write-Host -Object $Text
}

function Read-Value {
    param($Object, $Name)
    try { $Object.$Name } catch { $null }
}

# What kind of error it is. Its message may hold names.
function Get-ErrorName {
    param($Problem)
    $id = ([string]$Problem.FullyQualifiedErrorId -split ',')[0]
    if ($id -notmatch '^[A-Za-z0-9_.]+$') { $id = 'other' }
    "$id, $($Problem.CategoryInfo.Category), $($Problem.Exception.GetType().FullName)"
}

# Tries one thing out: what came of it, or that it was not tried, because its question was answered with no.
function Test-Point {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param($What, $Body)
    if (-not $PSCmdlet.ShouldProcess("site $SiteCode", $What)) { return @{ outcome = 'notTried' } }
    try {
        @{ outcome = 'done'; values = & $Body }
    } catch {
        @{ outcome = 'refused'; error = Get-ErrorName -Problem $_ }
    }
}

# A secret that is of no use anywhere.
function Get-ProbeSecret {
    param($Text)
    $secret = New-Object -TypeName System.Security.SecureString
    foreach ($character in $Text.ToCharArray()) { $secret.AppendChar($character) }
    $secret
}

function Find-App {
    param($ClientId)
    @(Get-CMAADApplication -ClientId $ClientId | Where-Object { $null -ne $_ })
}

function Import-ServerApp {
    param($ClientId, $Secret, $Days)
    $expiry = [datetime]::UtcNow.Date.AddDays($Days).AddHours(13)
    Import-CMAADServerApplication -TenantName $tenant.TenantName -TenantId $tenant.TenantId -AppName "$prefix server" -ClientId $ClientId -SecretKey $Secret -SecretKeyExpiry $expiry -AppIdUri 'https://ConfigMgrService' -AzureEnvironmentOption 'AzurePublicCloud' -DisableWildcardHandling
}

function Read-Discovery {
    param($ServiceId)
    $rows = @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Discovery_Settings' -Option Lazy | Where-Object { $null -ne $_ -and $_.CloudServiceId -eq $ServiceId })
    [object[]]@(foreach ($row in $rows) {
        @{
            agentType = Read-Value -Object $row -Name 'AgentType'
            fullSyncEnabled = Read-Value -Object $row -Name 'FullSyncEnabled'
            deltaSyncEnabled = Read-Value -Object $row -Name 'DeltaSyncEnabled'
            fullSyncSchedule = Read-Value -Object $row -Name 'FullSyncSchedule'
            deltaSyncInterval = Read-Value -Object $row -Name 'DeltaSyncInterval'
        }
    })
}

# In a job, so that a question that no one answers ends after two minutes.
function Test-GroupByName {
    param($ServiceId, $Server, $Group)
    $work = {
        param($Module, $Code, $Server, $Id, $Group)
        $ErrorActionPreference = 'Stop'
        Import-Module -Name $Module -ErrorAction SilentlyContinue
        if (-not (Get-PSDrive -Name $Code -PSProvider CMSite -ErrorAction SilentlyContinue)) {
            $null = New-PSDrive -Name $Code -PSProvider CMSite -Root $Server
        }
        Set-Location -Path "${Code}:"
        Set-CMCloudManagementAzureService -Id $Id -EnableGroupDiscovery $true -AddGroupName $Group -DisableWildcardHandling
    }
    $module = @(Get-Module -Name 'ConfigurationManager')[0].Path
    $job = Start-Job -ScriptBlock $work -ArgumentList $module, $SiteCode, $Server, $ServiceId, $Group
    $ended = Wait-Job -Job $job -Timeout 120
    $result = @{ state = if ($ended) { [string]$job.State } else { 'hangs' }; error = $null }
    if ($ended) {
        try { $null = Receive-Job -Job $job } catch { $result.error = Get-ErrorName -Problem $_ }
    }
    Remove-Job -Job $job -Force
    $result
}

function Connect-Site {
    param($Server)
    $module = 'ConfigurationManager'
    if ($env:SMS_ADMIN_UI_PATH) {
        $beside = Join-Path -Path (Split-Path -Path $env:SMS_ADMIN_UI_PATH) -ChildPath 'ConfigurationManager.psd1'
        if (Test-Path -LiteralPath $beside) { $module = $beside }
    }
    Import-Module -Name $module -ErrorAction SilentlyContinue
    $drive = Get-PSDrive -Name $SiteCode -PSProvider CMSite -ErrorAction SilentlyContinue
    if ($drive -and $drive.Root -ne $Server) {
        throw "The drive ${SiteCode} leads to another provider: connect the console to $Server first."
    }
    if (-not $drive) { $null = New-PSDrive -Name $SiteCode -PSProvider CMSite -Root $Server -Scope Script }
    Set-Location -Path "${SiteCode}:"
    @(Get-CMSite -SiteCode $SiteCode | Where-Object { $null -ne $_ })[0]
}

$typed = Read-Host -Prompt "This writes into the site, and what it imports stays there. Type the code of a site that will be thrown away"
if ($typed -ne $SiteCode) { throw 'Nothing was done.' }

Push-Location
try {
    $site = Connect-Site -Server $Provider
    $clientId = [string][guid]::NewGuid()
    $nativeId = [string][guid]::NewGuid()
    $document = [ordered]@{
        kit = 'probe-throwaway-site'
        version = 1
        powerShell = @{ version = [string]$PSVersionTable.PSVersion; edition = [string]$PSVersionTable.PSEdition }
        siteVersion = [string]$site.Version
        reportsToAnother = [string](Read-Value -Object $site -Name 'ReportingSiteCode') -ne ''
        given = @{ schedule = $schedule; minutes = $minutes }
    }
    $document.import = Test-Point -What 'import a server app' -Body {
        $made = Import-ServerApp -ClientId $clientId -Secret (Get-ProbeSecret -Text 'probe-1') -Days 30
        $found = Find-App -ClientId $clientId
        if ($found.Count -eq 0) { return @{ returnsRow = $null -ne $made; rows = 0 } }
        $expiry = Read-Value -Object $found[0] -Name 'SecretKeyExpiry'
        @{
            returnsRow = $null -ne $made
            rows = $found.Count
            source = Read-Value -Object $found[0] -Name 'Source'
            identifierUri = [string](Read-Value -Object $found[0] -Name 'IdentifierUri')
            expiryType = if ($null -eq $expiry) { $null } else { $expiry.GetType().FullName }
            expiryKind = [string](Read-Value -Object $expiry -Name 'Kind')
            expiryHour = Read-Value -Object $expiry -Name 'Hour'
        }
    }
    $document.importAgain = Test-Point -What 'import the same client id with another secret' -Body {
        $before = (Find-App -ClientId $clientId)[0]
        $null = Import-ServerApp -ClientId $clientId -Secret (Get-ProbeSecret -Text 'probe-2') -Days 60
        $found = Find-App -ClientId $clientId
        @{ rows = $found.Count; isSameRow = $found[0].ID -eq $before.ID; isExpiryChanged = $found[0].SecretKeyExpiry -ne $before.SecretKeyExpiry }
    }
    $document.importEmptySecret = Test-Point -What 'import a server app with an empty secret' -Body {
        $id = [string][guid]::NewGuid()
        $null = Import-ServerApp -ClientId $id -Secret (Get-ProbeSecret -Text '') -Days 30
        @{ rows = @(Find-App -ClientId $id).Count }
    }
    $document.connection = Test-Point -What 'import a client app and create a connection' -Body {
        $server = (Find-App -ClientId $clientId)[0]
        $null = Import-CMAADClientApplication -ServerApp $server -AppName "$prefix client" -ClientId $nativeId -DisableWildcardHandling
        $client = (Find-App -ClientId $nativeId)[0]
        $null = New-CMCloudManagementAzureService -Name $prefix -ServerApp $server -ClientApp $client -AzureEnvironmentOption 'AzurePublicCloud' -DisableWildcardHandling
        $made = @(Get-CMAzureService -Name $prefix -DisableWildcardHandling)[0]
        $webApps = Read-Value -Object $made -Name 'AssociatedAADWebApplications'
        $associated = Read-Value -Object $server -Name 'AssociatedAADApplications'
        @{
            serviceType = Read-Value -Object $made -Name 'ServiceType'
            authenticationType = Read-Value -Object $made -Name 'AuthenticationType'
            hasServerAsWebApp = @($webApps) -contains $server.ID
            serverHasClientAssociated = @($associated) -contains $client.ID
        }
    }
    $service = @(Get-CMAzureService | Where-Object { $null -ne $_ -and $_.Name -eq $prefix })
    if ($service.Count -gt 0) {
        $id = $service[0].ID
        $document.discoveryWithoutSchedule = Test-Point -What 'enable user discovery without a schedule' -Body {
            Set-CMCloudManagementAzureService -Id $id -EnableUserDiscovery $true -DisableWildcardHandling
            @{ rows = Read-Discovery -ServiceId $id }
        }
        $document.discoveryWithSchedule = Test-Point -What 'enable user discovery with a schedule and minutes' -Body {
            $token = Convert-CMSchedule -ScheduleString $schedule
            Set-CMCloudManagementAzureService -Id $id -EnableUserDiscovery $true -UserDiscoverySchedule $token -EnableUserDeltaDiscovery $true -UserDeltaDiscoveryMins $minutes -DisableWildcardHandling
            @{ rows = Read-Discovery -ServiceId $id }
        }
        if ($GroupName) {
            $document.groupByName = Test-Point -What 'add a group by its name, in a job' -Body { Test-GroupByName -ServiceId $id -Server $Provider -Group $GroupName }
        }
        $document.remove = Test-Point -What 'remove the connection' -Body {
            Remove-CMAzureService -Id $id -Force
            @{ isGone = @(Get-CMAzureService | Where-Object { $null -ne $_ -and $_.ID -eq $id }).Count -eq 0; appsStay = @(Find-App -ClientId $clientId).Count }
        }
    }
    if ($TryRemovalInUse) {
        $document.removeInUse = Test-Point -What 'remove a connection that a gateway uses' -Body {
            $gateways = @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AzureService' -Option Lazy | Where-Object { $null -ne $_ })
            $used = @($gateways | ForEach-Object { Read-Value -Object $_ -Name 'AzureCloudServiceId' } | Where-Object { $null -ne $_ })
            if ($used.Count -eq 0) { throw 'other' }
            Remove-CMAzureService -Id $used[0] -Force
            @{ isGone = @(Get-CMAzureService | Where-Object { $null -ne $_ -and $_.ID -eq $used[0] }).Count -eq 0 }
        }
    }
} finally {
    Pop-Location
}

$json = ConvertTo-Json -InputObject $document -Depth 8
Show-Text -Text $json
$answer = Read-Host -Prompt "This is all. Write it to $path (y/n)"
if ($answer -eq 'y') {
    Set-Content -LiteralPath $path -Value $json -Encoding UTF8
    Show-Text -Text "Written: $path"
} else {
    Show-Text -Text 'Nothing was written.'
}
