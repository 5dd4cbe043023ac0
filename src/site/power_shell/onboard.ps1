# Connects a Configuration Manager site to a Microsoft Entra tenant with the cmdlets of the ConfigurationManager module.
#
# This text is fixed: nothing is ever written into it, so it can be read once, signed and compared. What is wanted comes
# as one JSON document, on standard input or in a file without the secret:
#
#     powershell.exe -NoProfile -File .\cmg-onboard.ps1 -RequestFile .\cmg-onboard-request.json
#
# Answers are JSON lines on standard output, ASCII only, each beginning with {"cmg":1. Windows PowerShell 5.1 and
# PowerShell 7.
#
# Every step is an ensure. What is there is compared and told; what differs is changed where the module has a cmdlet for
# it; what is missing is made. Nothing is transactional: each line says what is done, and running it again goes on.
param([string] $RequestFile)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ConfirmPreference = 'None'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
# What the error line says, if there is one: what was under way, and what to do about it.
$state = @{ code = 'unreachable'; operation = 'read the request'; help = '' }

# The console code page of Windows PowerShell 5.1 cannot be trusted with more than ASCII.
function Send-Line($Line) {
    $json = ConvertTo-Json -InputObject $Line -Compress -Depth 6
    $ascii = [regex]::Replace($json, '[^\x20-\x7e]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    [Console]::Out.WriteLine('{"cmg":1,' + $ascii.Substring(1))
    [Console]::Out.Flush()
}

# How an item ended: with differences that no cmdlet can change it is told as differing.
function Send-Progress($Item, $Action, $Row, $Differences) {
    $differs = @($Differences | Where-Object { $_ })
    if ($differs.Count -gt 0) { $Action = 'differs' }
    Send-Line @{ event = 'progress'; item = $Item; action = $Action; row = $Row; differences = [string[]]$differs }
}

function Stop-Request($Message, $Help) {
    $state.help = $Help
    throw $Message
}

# Older sites have fewer properties; what is not there is not known.
function Read-Value($Object, $Name) {
    try { $Object.$Name } catch { $null }
}

function Read-List($Object, $Name) {
    Read-Value $Object $Name | Where-Object { $null -ne $_ }
}

# For what is good to know and no reason to stop.
function Read-Rows($Query) {
    try { Invoke-CMWmiQuery -Query $Query -Option Lazy } catch { Write-Debug $_.Exception.Message }
}

# Get-CMAADTenant came with version 2203.
function Read-Tenants {
    $names = @{}
    foreach ($row in Read-Rows 'SELECT * FROM SMS_AzureEnvironments') { $names[[string]$row.ID] = [string]$row.EnvironmentName }
    if (Get-Command -Name 'Get-CMAADTenant' -ErrorAction SilentlyContinue) {
        $rows = Get-CMAADTenant
    } else {
        $rows = Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Tenant_Ex' -Option Lazy
    }
    foreach ($row in $rows) {
        $environment = $names[[string](Read-Value $row 'Environment')]
        @{ event = 'tenant'; id = [long]$row.ID; tenantId = [string]$row.TenantID; name = [string]$row.Name; environment = $environment }
    }
}

# The property SecretKey is never read. Dates that are not set come as a year long past.
function Read-Applications {
    foreach ($row in Get-CMAADApplication) {
        $expiry = Read-Value $row 'SecretKeyExpiry'
        if ($expiry -is [datetime] -and $expiry.Year -gt 1990) {
            $expiry = ([datetimeoffset]$expiry).ToUnixTimeSeconds()
        } else {
            $expiry = $null
        }
        @{
            event = 'application'; id = [long]$row.ID; clientId = [string]$row.ClientID; name = [string]$row.Name
            tenant = [long]$row.TenantID; isClientApp = [bool]$row.IsClientApp
            identifierUri = [string](Read-Value $row 'IdentifierUri'); secretExpiry = $expiry
        }
    }
}

function ConvertTo-Discovery($Row) {
    $minutes = $null
    if ([bool](Read-Value $Row 'DeltaSyncEnabled')) { $minutes = [int]$Row.DeltaSyncInterval }
    $groups = [string[]]@(Read-List $Row 'DiscoveryScopeNames')
    @{ fullSchedule = [string](Read-Value $Row 'FullSyncSchedule'); deltaMinutes = $minutes; groupNames = $groups }
}

# Service type 5 is tenant attach; the other numbers are not documented. Neither are those for the kinds of discovery:
# only group discovery has groups, and one row without any is user discovery.
function Read-Connections {
    $settings = @(Read-Rows 'SELECT * FROM SMS_AAD_Discovery_Settings' | Where-Object { [bool](Read-Value $_ 'FullSyncEnabled') })
    foreach ($row in Get-CMAzureService) {
        if ((Read-Value $row 'ServiceType') -eq 5) { continue }
        $apps = @(Read-List $row 'AssociatedAADWebApplications')
        if ($apps.Count -eq 0) { $apps = @(Read-List (Get-CMAzureService -Id $row.ID) 'AssociatedAADWebApplications') }
        $own = @($settings | Where-Object { $_.CloudServiceId -eq $row.ID } | ForEach-Object { ConvertTo-Discovery $_ })
        $groups = @($own | Where-Object { $_.groupNames.Count -gt 0 })
        $users = @($own | Where-Object { $_.groupNames.Count -eq 0 })
        $line = @{
            event = 'connection'; id = [long]$row.ID; name = [string]$row.Name; description = [string](Read-Value $row 'Description')
            webApplications = [long[]]$apps; userDiscovery = $null; groupDiscovery = $null
        }
        if ($users.Count -eq 1) { $line.userDiscovery = $users[0] }
        if ($groups.Count -eq 1) { $line.groupDiscovery = $groups[0] }
        $line
    }
}

# The row of an app, or nothing. An app of another kind or tenant is another app.
function Find-Application($App, $Tenant, $IsClientApp) {
    $found = @(Read-Applications | Where-Object { $_.clientId -eq $App.clientId })
    if ($found.Count -eq 0) { return }
    if ($found[0].isClientApp -ne $IsClientApp -or $found[0].tenant -ne $Tenant.id) {
        Stop-Request "the site knows $($App.clientId) as another kind of app or in another tenant" 'Choose another app registration.'
    }
    $found[0]
}

function Assert-Import($App) {
    if ($App.import) { return }
    Stop-Request "the site does not know the app $($App.clientId)" 'Import it, or choose an app that the console lists under Cloud Services > Microsoft Entra tenants.'
}

# Times of day are not compared: how a site keeps the time zone of this date is not documented.
function Compare-Application($App, $Found) {
    if (-not $App.import) { return }
    if ($Found.name -cne $App.name) { "its name is $($Found.name), and no way in the console changes it" }
    if ($Found.isClientApp) { return }
    if ($Found.identifierUri -cne $App.appIdUri) { "its App ID URI is $($Found.identifierUri); register another server app, or give that URI to this one in Microsoft Entra" }
    if ($null -eq $Found.secretExpiry -or [math]::Abs($Found.secretExpiry - $App.secretKeyExpiry) -gt 86400) {
        'its secret key expiry is another one; to renew the secret: Cloud Services > Microsoft Entra tenants > the server app > Renew Secret Key'
    }
}

function Find-Tenant($Wanted) {
    Read-Tenants | Where-Object { $_.tenantId -eq $Wanted.tenantId } | Select-Object -First 1
}

# The product allows one connection of type Cloud Management for each tenant.
function Find-Connection($Wanted, $Tenant) {
    $connections = @(Read-Connections)
    $named = $connections | Where-Object { $_.name -eq $Wanted.name } | Select-Object -First 1
    if ($Tenant) {
        $own = @(Read-Applications | Where-Object { $_.tenant -eq $Tenant.id } | ForEach-Object { $_.id })
        $other = $connections | Where-Object { $_.name -ne $Wanted.name -and @($_.webApplications | Where-Object { $own -contains $_ }).Count -gt 0 } | Select-Object -First 1
        if ($other) { Stop-Request "the tenant has the connection $($other.name) already" 'Use that name, or delete it first: Cloud Services > Azure Services.' }
    }
    $named
}

# With the tenant, which only this import can make.
function Install-ServerApp($Wanted, $Secret) {
    $app = $Wanted.serverApp
    $tenant = Find-Tenant $Wanted
    $state.operation = 'create the connection'
    $null = Find-Connection $Wanted $tenant
    $state.operation = 'import the server app'
    $found = $null
    $differences = @()
    if ($tenant) {
        if ($tenant.name -cne $Wanted.tenantName) { $differences += "the site has the tenant as $($tenant.name), and no way in the console changes it" }
        if ($tenant.environment -and $tenant.environment -ne $Wanted.environment) { $differences += "the site has the tenant in $($tenant.environment), and no way in the console changes it" }
        Send-Progress 'tenant' 'unchanged' $tenant.id $differences
        $found = Find-Application $app $tenant $false
    }
    if ($found) {
        Send-Progress 'serverApp' 'unchanged' $found.id @(Compare-Application $app $found)
        return
    }
    Assert-Import $app
    # A tenant that is there keeps its name: whether an import would change it is not documented.
    $name = if ($tenant) { $tenant.name } else { $Wanted.tenantName }
    $expiry = [datetimeoffset]::FromUnixTimeSeconds($app.secretKeyExpiry).UtcDateTime
    $null = Import-CMAADServerApplication -TenantName $name -TenantId $Wanted.tenantId -AppName $app.name -ClientId $app.clientId -SecretKey $Secret -SecretKeyExpiry $expiry -AppIdUri $app.appIdUri -AzureEnvironmentOption $Wanted.environment -DisableWildcardHandling
    $made = Find-Tenant $Wanted
    if (-not $made) { Stop-Request 'the tenant is not there after the import' 'Look in the console under Cloud Services > Microsoft Entra tenants, and run the same again.' }
    if (-not $tenant) { Send-Progress 'tenant' 'created' $made.id }
    $found = Find-Application $app $made $false
    if (-not $found) { Stop-Request 'the server app is not there after the import' 'Look in the console under Cloud Services > Microsoft Entra tenants, and run the same again.' }
    Send-Progress 'serverApp' 'created' $found.id @(Compare-Application $app $found)
}

function Install-ClientApp($Wanted) {
    $app = $Wanted.clientApp
    $tenant = Find-Tenant $Wanted
    $found = Find-Application $app $tenant $true
    $action = 'unchanged'
    if (-not $found) {
        Assert-Import $app
        $null = Import-CMAADClientApplication -TenantId $Wanted.tenantId -AppName $app.name -ClientId $app.clientId -DisableWildcardHandling
        $found = Find-Application $app $tenant $true
        $action = 'created'
    }
    Send-Progress 'clientApp' $action $found.id @(Compare-Application $app $found)
}

# Tells whether discovery may be set on what is there.
function Install-Connection($Wanted) {
    $tenant = Find-Tenant $Wanted
    $server = Find-Application $Wanted.serverApp $tenant $false
    $found = Find-Connection $Wanted $tenant
    if (-not $found) {
        $settings = @{ Name = $Wanted.name; AzureEnvironmentOption = $Wanted.environment }
        $settings.ServerApp = Get-CMAADApplication -ClientId $Wanted.serverApp.clientId -TenantId $Wanted.tenantId | Select-Object -First 1
        $settings.ClientApp = Get-CMAADApplication -ClientId $Wanted.clientApp.clientId -TenantId $Wanted.tenantId | Select-Object -First 1
        if ($Wanted.description) { $settings.Description = $Wanted.description }
        $null = New-CMCloudManagementAzureService @settings -DisableWildcardHandling
        Send-Progress 'connection' 'created' (Find-Connection $Wanted $tenant).id
        return $true
    }
    if ($found.webApplications -notcontains $server.id) {
        Send-Progress 'connection' 'differs' $found.id @('it has another web app; delete it (Cloud Services > Azure Services) and run the same again')
        return $false
    }
    $action = 'unchanged'
    if ($null -ne $Wanted.description -and $found.description -cne $Wanted.description) {
        $null = Set-CMCloudManagementAzureService -Id $found.id -Description $Wanted.description -DisableWildcardHandling
        $action = 'changed'
    }
    Send-Progress 'connection' $action $found.id
    $true
}

# What is not given is left as it is, or to the product.
function Test-Discovery($Wanted, $Held) {
    if (-not $Held) { return $false }
    if ($Wanted.fullSchedule -and $Wanted.fullSchedule -ne $Held.fullSchedule) { return $false }
    $null -eq $Wanted.deltaMinutes -or $Wanted.deltaMinutes -eq $Held.deltaMinutes
}

function Install-Discovery($Wanted) {
    $found = Find-Connection $Wanted
    $action = 'unchanged'
    $users = $Wanted.users
    if ($users -and -not (Test-Discovery $users $found.userDiscovery)) {
        $settings = @{ EnableUserDiscovery = $true }
        if ($users.fullSchedule) { $settings.UserDiscoverySchedule = Convert-CMSchedule -ScheduleString $users.fullSchedule }
        if ($users.deltaMinutes) { $settings.EnableUserDeltaDiscovery = $true; $settings.UserDeltaDiscoveryMins = $users.deltaMinutes }
        $null = Set-CMCloudManagementAzureService -Id $found.id @settings
        $action = 'changed'
    }
    $groups = $Wanted.groups
    if ($groups) {
        $state.help = 'The cmdlet may ask for a sign-in to find groups by name. Choose them in the console instead: Cloud Services > Azure Services > Properties > Discovery.'
        $held = @(if ($found.groupDiscovery) { $found.groupDiscovery.groupNames })
        $new = [string[]]@($groups.names | Where-Object { $held -notcontains $_ })
        if ($new.Count -gt 0 -or -not (Test-Discovery $groups $found.groupDiscovery)) {
            $settings = @{ EnableGroupDiscovery = $true }
            if ($new.Count -gt 0) { $settings.AddGroupName = $new }
            if ($groups.fullSchedule) { $settings.GroupDiscoverySchedule = Convert-CMSchedule -ScheduleString $groups.fullSchedule }
            if ($groups.deltaMinutes) { $settings.EnableGroupDeltaDiscovery = $true; $settings.GroupDeltaDiscoveryMins = $groups.deltaMinutes }
            $null = Set-CMCloudManagementAzureService -Id $found.id @settings -DisableWildcardHandling
            $action = 'changed'
        }
    }
    if ($action -eq 'changed' -and -not $found.userDiscovery -and -not $found.groupDiscovery) { $action = 'created' }
    Send-Progress 'discovery' $action $null
}

function Invoke-Onboarding($Wanted, $Secret) {
    $state.operation = 'import the server app'
    Install-ServerApp $Wanted $Secret
    $state.operation = 'import the client app'
    Install-ClientApp $Wanted
    $state.operation = 'create the connection'
    $isOwn = Install-Connection $Wanted
    if ($Wanted.users -or $Wanted.groups) {
        $state.operation = 'set discovery'
        if ($isOwn) {
            Install-Discovery $Wanted
        } else {
            Send-Progress 'discovery' 'differs' $null @('the connection has another web app, so that its discovery was left as it is')
        }
    }
    $state.operation = 'read the connection back'
    $state.help = ''
    $connection = Read-Connections | Where-Object { $_.name -eq $Wanted.name } | Select-Object -First 1
    if (-not $connection) { Stop-Request 'it is not there any more' 'Run the same again.' }
    Send-Line $connection
}

# The product has no cmdlet that removes applications or tenants.
function Invoke-Removal($Removal) {
    $state.operation = 'remove the connection'
    $found = Read-Connections | Where-Object { $_.id -eq $Removal.connection } | Select-Object -First 1
    $left = @()
    if ($found) {
        if ($found.name -cne $Removal.name) {
            Stop-Request "row $($Removal.connection) is the connection $($found.name)" 'Read the site again, and name the connection meant.'
        }
        $gateways = @(Read-Rows "SELECT * FROM SMS_AzureService WHERE AzureCloudServiceId = $($found.id)" | Where-Object { $null -ne $_ })
        if ($gateways.Count -gt 0) {
            Stop-Request 'a cloud management gateway uses it' 'Delete the gateway first: Cloud Services > Cloud Management Gateway.'
        }
        $apps = @(Read-Applications)
        $tenants = @($apps | Where-Object { $found.webApplications -contains $_.id } | ForEach-Object { $_.tenant })
        $left += $apps | Where-Object { $tenants -contains $_.tenant } | ForEach-Object { "The application $($_.name) stays in the site." }
        $left += Read-Tenants | Where-Object { $tenants -contains $_.id } | ForEach-Object { "The tenant $($_.name) stays in the site." }
        $null = Remove-CMAzureService -Id $found.id -Force
    }
    Send-Line @{ event = 'removed'; connection = [bool]$found; leftBehind = [string[]]@($left | Where-Object { $_ }) }
}

# The site of the request, by the drive that the module makes for it. Tells the version's build number.
function Connect-Site($Request) {
    $state.operation = 'load the module ConfigurationManager'
    $state.help = 'Run this where the Configuration Manager console is installed, with an execution policy that lets its signed module load.'
    if (Get-Module -ListAvailable -Name ConfigurationManager) {
        Import-Module -Name ConfigurationManager
    } elseif ($env:SMS_ADMIN_UI_PATH) {
        Import-Module -Name (Join-Path (Split-Path $env:SMS_ADMIN_UI_PATH) 'ConfigurationManager.psd1')
    } else {
        throw 'the console is not installed here'
    }
    $state.operation = "connect to site $($Request.siteCode) on $($Request.provider)"
    $state.help = 'Check the site code and the full name of the SMS Provider, and that this account is an administrative user of the site.'
    if (-not (Get-PSDrive -Name $Request.siteCode -PSProvider CMSite -ErrorAction SilentlyContinue)) {
        $null = New-PSDrive -Name $Request.siteCode -PSProvider CMSite -Root $Request.provider -Scope Global
    }
    Set-Location "$($Request.siteCode):"
    $site = Get-CMSite -SiteCode $Request.siteCode | Select-Object -First 1
    if (-not $site) { throw 'the provider does not know the site' }
    Send-Line @{ event = 'site'; siteCode = [string]$site.SiteCode; version = [string]$site.Version }
    [int]([string]$site.Version).Split('.')[2]
}

# Cmdlets can be logged with what they are given, so the secret meets none before it is a SecureString: it comes as the
# numbers of its UTF-16 code units, which are cut out of the text before the rest is read as JSON.
function Read-Secret($Text) {
    $found = [regex]::Match($Text, '"secretKey":\[([0-9,]+)\]')
    if (-not $found.Success) { return }
    $secret = [System.Security.SecureString]::new()
    foreach ($unit in $found.Groups[1].Value.Split(',')) { $secret.AppendChar([char][int]$unit) }
    $secret
}

$exit = 1
Push-Location
try {
    $text = if ($RequestFile) { Get-Content -LiteralPath $RequestFile -Raw } else { -join @($input) }
    if (-not $text -and [Console]::IsInputRedirected) { $text = [Console]::In.ReadToEnd() }
    $secret = Read-Secret $text
    $text = [regex]::Replace($text, '"secretKey":\[[0-9,]+\]', '"secretKey":null')
    $request = ConvertFrom-Json -InputObject $text
    if ($request.request -ne 1) { throw 'the request is of another version than this script' }
    $build = Connect-Site $request
    $state.code = 'refused'
    $state.operation = 'read the site'
    $state.help = 'Use an account with the security role Infrastructure Administrator or Full Administrator and all scopes.'
    $isOldEnough = $build -ge 9040
    if ($request.operation -eq 'snapshot') {
        if ($isOldEnough) {
            foreach ($line in Read-Tenants) { Send-Line $line }
            foreach ($line in Read-Applications) { Send-Line $line }
            foreach ($line in Read-Connections) { Send-Line $line }
        }
    } elseif (-not $isOldEnough) {
        Stop-Request 'the cmdlets for this came with version 2010 (5.00.9040)' 'Update the site.'
    } elseif ($request.operation -eq 'onboard') {
        if ($request.promptForSecret) { $secret = Read-Host -AsSecureString -Prompt "Secret key of $($request.wanted.serverApp.name)" }
        Invoke-Onboarding $request.wanted $secret
    } elseif ($request.operation -eq 'remove') {
        Invoke-Removal $request.removal
    } else {
        Stop-Request "there is no operation $($request.operation)" 'Use the script of this version.'
    }
    Send-Line @{ event = 'end' }
    $exit = 0
} catch {
    Send-Line @{ event = 'error'; code = $state.code; operation = $state.operation; message = $_.Exception.Message; help = $state.help }
} finally {
    Pop-Location
}
exit $exit
