# Tells what no document says about a Configuration Manager site with a cloud management gateway. It only reads.
#
#     powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File .\probe-site.ps1 -SiteCode P01 -Provider cm01.corp.contoso.com
#
# Run it where the Configuration Manager console is, in a new PowerShell, as an administrative user who may read the
# site; Read-only Analyst suffices for most of it. It takes a minute. It shows one JSON document, asks, and writes it to
# a file. Names, ids, addresses and messages are not in it: a name or id is replaced by a digest with a random key that is
# forgotten at the end, so that equal values stay equal and nothing leads back. Windows PowerShell 5.1 and PowerShell 7.
param(
    [Parameter(Mandatory = $true)] [string] $SiteCode,
    [Parameter(Mandatory = $true)] [string] $Provider,
    [string] $OutFile = '.\cmg-site-probe.json'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutFile)
$namespace = "root\SMS\site_$SiteCode"
$key = New-Object -TypeName 'byte[]' -ArgumentList 32
[System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($key)
$hmac = New-Object -TypeName System.Security.Cryptography.HMACSHA256 -ArgumentList (, $key)

function Show-Text {
    param($Text)
    Write-Host -Object $Text
}

# Equal values have equal placeholders within one file. Numbers of rows are told apart by what they number.
function Get-Placeholder {
    param($Kind, $Value)
    if ($null -eq $Value -or [string]$Value -eq '') { return $null }
    $bytes = [System.Text.Encoding]::UTF8.GetBytes("$Kind $Value".ToLowerInvariant())
    'x-' + ([System.BitConverter]::ToString($hmac.ComputeHash($bytes), 0, 6) -replace '-', '').ToLowerInvariant()
}

# A property that is not there is null.
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

# The rows of one point. What fails is told as not read, and never as empty.
function Read-Point {
    param($Body)
    try {
        @{ isRead = $true; rows = [object[]]@(& $Body) }
    } catch {
        @{ isRead = $false; error = Get-ErrorName -Problem $_ }
    }
}

function Get-DateShape {
    param($Value)
    if ($null -eq $Value) { return @{ isSet = $false; unsetAs = 'null' } }
    if ($Value -isnot [datetime]) { return @{ isSet = $null; type = $Value.GetType().FullName } }
    if ($Value.Year -le 1990) { return @{ isSet = $false; unsetAs = $Value.ToString('s'); kind = [string]$Value.Kind } }
    @{ isSet = $true; type = 'System.DateTime'; kind = [string]$Value.Kind; isMidnight = $Value.TimeOfDay.Ticks -eq 0 }
}

function Get-UriShape {
    param($Text)
    if ($null -eq $Text) { return $null }
    $uri = $null
    $isUri = [uri]::TryCreate([string]$Text, [System.UriKind]::Absolute, [ref]$uri)
    $shape = @{ isEmpty = [string]$Text -eq ''; isDefault = $Text -ceq 'https://ConfigMgrService'; hasTrailingSlash = [string]$Text -match '/$' }
    if ($isUri) {
        $shape.scheme = $uri.Scheme
        $shape.isLikeAbsoluteUri = $Text -ceq $uri.AbsoluteUri
        $shape.hasCapitalsInHost = $Text -cmatch '^[a-z-]+://[^/]*[A-Z]'
        $shape.isLowerCaseDefault = $Text -cmatch '^https://configmgrservice/?$'
    }
    $shape
}

function Get-ReplyShape {
    param($Text)
    if ($null -eq $Text) { return $null }
    if ([string]$Text -eq '') { return 'empty' }
    if ($Text -match '^http://localhost/?$') { return 'localhost' }
    if ($Text -match '^ms-appx-web:') { return 'broker' }
    'other'
}

# Null if the property could not be read.
function Get-RowList {
    param($Object, $Name)
    $value = Read-Value -Object $Object -Name $Name
    if ($null -eq $value) { return $null }
    , [object[]]@($value | Where-Object { $null -ne $_ } | ForEach-Object { Get-Placeholder -Kind 'application' -Value $_ })
}

# The properties of a class with their types, and which of them are keys or lazy.
function Read-Class {
    param($Session, $Name)
    $class = Get-CimClass -CimSession $Session -Namespace $namespace -ClassName $Name
    $properties = foreach ($property in $class.CimClassProperties) {
        @{ name = $property.Name; type = [string]$property.CimType; qualifiers = [object[]]@($property.Qualifiers | ForEach-Object { $_.Name }) }
    }
    @{ name = $Name; properties = [object[]]@($properties) }
}

# Reads with the preference that a script run by -File has, which the module's own code sees.
function Test-GlobalStop {
    $before = Get-Variable -Name ErrorActionPreference -Scope Global -ValueOnly
    Set-Variable -Name ErrorActionPreference -Scope Global -Value 'Stop'
    try {
        foreach ($reading in @(
            @{ name = 'Get-CMSite'; body = { Get-CMSite -SiteCode $SiteCode } }
            @{ name = 'Get-CMAADApplication'; body = { Get-CMAADApplication } }
            @{ name = 'Get-CMAzureService'; body = { Get-CMAzureService } }
            @{ name = 'Invoke-CMWmiQuery'; body = { Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Tenant_Ex' -Option Lazy } }
        )) {
            $told = Read-Point -Body $reading.body
            @{ cmdlet = $reading.name; error = Read-Value -Object $told -Name 'error' }
        }
    } finally {
        Set-Variable -Name ErrorActionPreference -Scope Global -Value $before
    }
}

# Loads the module and goes to the drive of the site.
function Connect-Site {
    $module = 'ConfigurationManager'
    if ($env:SMS_ADMIN_UI_PATH) {
        $beside = Join-Path -Path (Split-Path -Path $env:SMS_ADMIN_UI_PATH) -ChildPath 'ConfigurationManager.psd1'
        if (Test-Path -LiteralPath $beside) { $module = $beside }
    }
    Import-Module -Name $module -ErrorAction SilentlyContinue -ErrorVariable trouble
    $loaded = @(Get-Module -Name 'ConfigurationManager')
    if ($loaded.Count -eq 0) { throw 'The module ConfigurationManager cannot be loaded here: run this where the console is.' }
    $drive = Get-PSDrive -Name $SiteCode -PSProvider CMSite -ErrorAction SilentlyContinue
    $isAutomatic = $null -ne $drive
    if (-not $drive) { $drive = New-PSDrive -Name $SiteCode -PSProvider CMSite -Root $Provider -Scope Script }
    $root = [string]$drive.Root
    if ($isAutomatic -and $root -notlike "*$($Provider.Split('.')[0])*") {
        throw "The console of this user is connected to another provider of a site ${SiteCode}: name that provider, or connect the console to $Provider first."
    }
    Set-Location -Path "${SiteCode}:"
    @{
        moduleVersion = [string]$loaded[0].Version
        importErrors = [object[]]@($trouble | ForEach-Object { Get-ErrorName -Problem $_ })
        isAutomatic = $isAutomatic
        rootIsProvider = $root -eq $Provider
        rootIsShortName = $root -eq $Provider.Split('.')[0]
        rootHasBackslashes = $root -match '\\'
    }
}

Push-Location
$session = $null
try {
    $drive = Connect-Site
    $session = New-CimSession -ComputerName $Provider -SessionOption (New-CimSessionOption -Protocol Dcom) -ErrorAction SilentlyContinue

    $classNames = 'SMS_Site', 'SMS_AzureEnvironments', 'SMS_AAD_Tenant_Ex', 'SMS_AAD_Application_Ex', 'SMS_Azure_CloudService', 'SMS_AAD_Discovery_Settings', 'SMS_AzureService'
    $gateways = Read-Point -Body {
        foreach ($row in @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AzureService' -Option Lazy | Where-Object { $null -ne $_ })) {
            $connection = Read-Value -Object $row -Name 'AzureCloudServiceId'
            @{ hasConnection = $null -ne $connection; service = Get-Placeholder -Kind 'service' -Value $connection }
        }
    }
    $document = [ordered]@{
        kit = 'probe-site'
        version = 1
        powerShell = @{
            version = [string]$PSVersionTable.PSVersion
            edition = [string]$PSVersionTable.PSEdition
            languageMode = [string]$ExecutionContext.SessionState.LanguageMode
            executionPolicies = [object[]]@(Get-ExecutionPolicy -List | ForEach-Object { "$($_.Scope): $($_.ExecutionPolicy)" })
        }
        drive = $drive
        site = Read-Point -Body {
            foreach ($row in @(Get-CMSite -SiteCode $SiteCode | Where-Object { $null -ne $_ })) {
                @{ version = [string]$row.Version; reportsToAnother = [string](Read-Value -Object $row -Name 'ReportingSiteCode') -ne '' }
            }
        }
        siteId = Read-Point -Body {
            $answer = Invoke-CimMethod -CimSession $session -Namespace $namespace -ClassName 'SMS_Identification' -MethodName 'GetSiteID'
            foreach ($property in $answer.PSObject.Properties) {
                @{ name = $property.Name; isGuid = [string]$property.Value -match '^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$' }
            }
        }
        classes = Read-Point -Body { foreach ($name in $classNames) { Read-Class -Session $session -Name $name } }
        tenantCmdlet = Read-Point -Body {
            if (-not (Get-Command -Name 'Get-CMAADTenant' -ErrorAction SilentlyContinue)) { throw 'other' }
            $rows = @(Get-CMAADTenant | Where-Object { $null -ne $_ })
            if ($rows.Count -gt 0) {
                foreach ($member in @(Get-Member -InputObject $rows[0] -MemberType Properties)) {
                    @{ name = $member.Name; type = ($member.Definition -split ' ')[0] }
                }
            }
        }
        environments = Read-Point -Body {
            foreach ($row in @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AzureEnvironments' -Option Lazy | Where-Object { $null -ne $_ })) {
                @{ number = $row.ID; name = [string]$row.EnvironmentName }
            }
        }
        tenants = Read-Point -Body {
            foreach ($row in @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Tenant_Ex' -Option Lazy | Where-Object { $null -ne $_ })) {
                @{ row = Get-Placeholder -Kind 'tenant' -Value $row.ID; tenant = Get-Placeholder -Kind 'id' -Value $row.TenantID; environment = $row.Environment }
            }
        }
        applications = Read-Point -Body {
            foreach ($row in @(Get-CMAADApplication | Where-Object { $null -ne $_ })) {
                @{
                    row = Get-Placeholder -Kind 'application' -Value $row.ID
                    tenant = Get-Placeholder -Kind 'tenant' -Value $row.TenantID
                    isClientApp = Read-Value -Object $row -Name 'IsClientApp'
                    source = Read-Value -Object $row -Name 'Source'
                    identifierUri = Get-UriShape -Text (Read-Value -Object $row -Name 'IdentifierUri')
                    replyUrl = Get-ReplyShape -Text (Read-Value -Object $row -Name 'ReplyUrl')
                    secretExpiry = Get-DateShape -Value (Read-Value -Object $row -Name 'SecretKeyExpiry')
                    secretCreated = Get-DateShape -Value (Read-Value -Object $row -Name 'SecretKeyCreationTime')
                    created = Get-DateShape -Value (Read-Value -Object $row -Name 'ApplicationCreationTime')
                    associated = Get-RowList -Object $row -Name 'AssociatedAADApplications'
                }
            }
        }
        services = Read-Point -Body {
            foreach ($row in @(Get-CMAzureService | Where-Object { $null -ne $_ })) {
                $byId = Get-CMAzureService -Id $row.ID
                @{
                    row = Get-Placeholder -Kind 'service' -Value $row.ID
                    serviceType = Read-Value -Object $row -Name 'ServiceType'
                    authenticationType = Read-Value -Object $row -Name 'AuthenticationType'
                    webAppsInList = Get-RowList -Object $row -Name 'AssociatedAADWebApplications'
                    webAppsById = Get-RowList -Object $byId -Name 'AssociatedAADWebApplications'
                }
            }
        }
        discovery = Read-Point -Body {
            foreach ($row in @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Discovery_Settings' -Option Lazy | Where-Object { $null -ne $_ })) {
                $groups = Read-Value -Object $row -Name 'DiscoveryScopeIds'
                @{
                    service = Get-Placeholder -Kind 'service' -Value $row.CloudServiceId
                    agentType = Read-Value -Object $row -Name 'AgentType'
                    fullSyncEnabled = Read-Value -Object $row -Name 'FullSyncEnabled'
                    deltaSyncEnabled = Read-Value -Object $row -Name 'DeltaSyncEnabled'
                    fullSyncSchedule = Read-Value -Object $row -Name 'FullSyncSchedule'
                    deltaSyncInterval = Read-Value -Object $row -Name 'DeltaSyncInterval'
                    groups = if ($null -eq $groups) { $null } else { @($groups).Count }
                }
            }
        }
        gateways = $gateways
        serviceConnectionPoint = Read-Point -Body {
            foreach ($row in @(Get-CMServiceConnectionPoint | Where-Object { $null -ne $_ })) {
                $modes = Read-Value -Object $row -Name 'Props' | Where-Object { $null -ne $_ -and $_.PropertyName -eq 'OfflineMode' }
                @{ offlineModes = [object[]]@($modes | Where-Object { $null -ne $_ } | ForEach-Object { $_.Value }) }
            }
        }
        globalStop = Read-Point -Body { Test-GlobalStop }
    }
} finally {
    Pop-Location
    if ($session) { Remove-CimSession -CimSession $session }
    $hmac.Dispose()
    [System.Array]::Clear($key, 0, $key.Length)
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
