# Connects a Configuration Manager site to a Microsoft Entra tenant with the cmdlets of the ConfigurationManager module.
#
# This text is fixed: nothing is ever written into it, so it can be read once, signed and compared. What is wanted comes
# as one JSON document, on standard input or in a file without the secret:
#
#     powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File .\cmg-onboard.ps1 -RequestFile .\cmg-onboard-request.json
#
# or in a sealed hand-over with the secret inside, which this opens with the private key in the certificate store:
#
#     powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File .\cmg-onboard.ps1 -HandOverFile .\contoso.cms -SiteCode P01 -Provider cm01.corp.contoso.com
#
# Answers are JSON lines, ASCII only, each beginning with {"cmg":2 and the number of the run: on standard output, or with
# a file in another file beside it, and a summary on the screen. Windows PowerShell 5.1 and PowerShell 7.
#
# Every step is an ensure. What is there is compared and told; what differs is changed where the module has a cmdlet for
# it; what is missing is made. Nothing is transactional: each line says what is done, and running it again goes on.
# Nothing is read twice without a write between.
param([string] $RequestFile, [string] $HandOverFile, [string] $SiteCode, [string] $Provider)

# In a scope of its own: the file of a signed copy runs in the global scope, where the module's own code would see these
# preferences.
$code = & {
param([string] $RequestFile, [string[]] $Lines, [string] $HandOverFile, [string] $SiteCode, [string] $Provider)

# The SHA-256 of this text without the next line, with line ends of one character and without a signature.
$revision = 'd4631878acd44d5aed58fc810dd3dc6e0f4f0915322d858748e46db5bb27cf4f'

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ConfirmPreference = 'None'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
# What the error line says, if there is one: what was under way, and what to do about it. The file for the answers has a
# name in the console form only, where a person sits.
$state = @{ code = 'unreachable'; operation = 'read the request'; help = ''; run = ''; resultFile = ''; isBegun = $false }
# What was read of the site, until a write changes it.
$known = @{}
# Web apps that a list leaves out, by the row of their connection.
$webApps = @{}

# In the console form, for the person who sits there.
function Show-Line {
    param($Line)
    switch ($Line.event) {
        'site' { Write-Host -Object "Site $($Line.siteCode), version $($Line.version)" }
        'progress' {
            Write-Host -Object "  $($Line.item): $($Line.action)"
            foreach ($difference in $Line.differences) { Write-Host -Object "    $difference" }
        }
        'connection' { Write-Host -Object "The connection $($Line.name) is row $($Line.id)." }
        'error' {
            Write-Host -Object "Could not $($Line.operation): $($Line.message)"
            Write-Host -Object $Line.help
            Write-Host -Object "Hand this file back: $($state.resultFile)"
        }
        'end' { Write-Host -Object "Done. Hand this file back: $($state.resultFile)" }
    }
}

# The console code page of Windows PowerShell 5.1 cannot be trusted with more than ASCII.
function Send-Line {
    param($Line)
    $json = ConvertTo-Json -InputObject $Line -Compress -Depth 6
    $ascii = [regex]::Replace($json, '[^\x20-\x7e]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    $text = '{"cmg":2,"run":"' + $state.run + '",' + $ascii.Substring(1)
    if (-not $state.resultFile) {
        [Console]::Out.WriteLine($text)
        [Console]::Out.Flush()
        return
    }
    if ($state.isBegun) {
        Add-Content -LiteralPath $state.resultFile -Value $text
    } else {
        Set-Content -LiteralPath $state.resultFile -Value $text
        $state.isBegun = $true
    }
    Show-Line -Line $Line
}

# How an item ended: what was there, with differences that no cmdlet can change, is told as differing. What was made in
# this run stays made, with the differences beside it. Secret: which one the site holds for the app, where that is known.
function Send-Progress {
    param($Item, $Action, $Row, $Differences, $Secret)
    $differs = @($Differences | Where-Object { $_ })
    if ($differs.Count -gt 0 -and $Action -eq 'unchanged') { $Action = 'differs' }
    Send-Line -Line @{ event = 'progress'; item = $Item; action = $Action; row = $Row; differences = [string[]]$differs; secret = $Secret }
}

# The outer message is often general, and the reason inside.
function Get-Reason {
    param($Problem)
    $texts = @()
    while ($Problem) {
        if ($texts -notcontains $Problem.Message) { $texts += $Problem.Message }
        $Problem = $Problem.InnerException
    }
    $texts -join ': '
}

function Deny-Request {
    param($Message, $Help)
    $state.help = $Help
    throw $Message
}

# Older sites have fewer properties; what is not there is not known.
function Read-Value {
    param($Object, $Name)
    try { $Object.$Name } catch { $null }
}

function Read-List {
    param($Object, $Name)
    Read-Value -Object $Object -Name $Name | Where-Object { $null -ne $_ }
}

# Null stays null: a cast would make 0 of it.
function Read-Number {
    param($Object, $Name)
    $value = Read-Value -Object $Object -Name $Name
    if ($null -eq $value) { return $null }
    [long]$value
}

# Null stays null: a cast would make no of it.
function Read-Flag {
    param($Object, $Name)
    $value = Read-Value -Object $Object -Name $Name
    if ($null -eq $value) { return $null }
    [bool]$value
}

# Dates that are not set come as a year long past.
function Read-Second {
    param($Object, $Name)
    $date = Read-Value -Object $Object -Name $Name
    if ($date -isnot [datetime] -or $date.Year -le 1990) { return $null }
    ([datetimeoffset]$date).ToUnixTimeSeconds()
}

# The web apps of a connection: null if they could not be read, an empty list if there are none.
function Read-WebApp {
    param($Row)
    $value = Read-Value -Object $Row -Name 'AssociatedAADWebApplications'
    if ($null -eq $value) { return $null }
    , [long[]]@($value | Where-Object { $null -ne $_ })
}

# The names of the clouds, by the site's numbers for them. Good to know and no reason to stop.
function Read-Environment {
    if (-not $known.ContainsKey('environment')) {
        $known.environment = @{}
        try {
            foreach ($row in @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AzureEnvironments' -Option Lazy | Where-Object { $null -ne $_ })) {
                $known.environment[[string]$row.ID] = [string]$row.EnvironmentName
            }
        } catch {
            Write-Debug -Message $_.Exception.Message
        }
    }
    $known.environment
}

function Read-Tenant {
    if (-not $known.ContainsKey('tenant')) {
        $names = Read-Environment
        $rows = @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Tenant_Ex' -Option Lazy | Where-Object { $null -ne $_ })
        $known.tenant = @(foreach ($row in $rows) {
            $number = Read-Value -Object $row -Name 'Environment'
            @{
                event = 'tenant'; id = Read-Number -Object $row -Name 'ID'; tenantId = [string]$row.TenantID; name = [string]$row.Name
                environment = $names[[string]$number]; environmentNumber = $number
            }
        })
    }
    $known.tenant
}

# The property SecretKey is never read.
function Read-Application {
    if (-not $known.ContainsKey('application')) {
        $known.applicationRow = @{}
        $rows = @(Get-CMAADApplication | Where-Object { $null -ne $_ })
        $known.application = @(foreach ($row in $rows) {
            $id = Read-Number -Object $row -Name 'ID'
            if ($null -ne $id) { $known.applicationRow[$id] = $row }
            @{
                event = 'application'; id = $id; clientId = [string]$row.ClientID; name = [string]$row.Name
                tenant = Read-Number -Object $row -Name 'TenantID'; isClientApp = Read-Flag -Object $row -Name 'IsClientApp'
                identifierUri = [string](Read-Value -Object $row -Name 'IdentifierUri')
                replyUrl = Read-Value -Object $row -Name 'ReplyUrl'; source = Read-Value -Object $row -Name 'Source'
                secretExpiry = Read-Second -Object $row -Name 'SecretKeyExpiry'
                secretCreated = Read-Second -Object $row -Name 'SecretKeyCreationTime'
                created = Read-Second -Object $row -Name 'ApplicationCreationTime'
                updated = Read-Second -Object $row -Name 'LastUpdateTime'
            }
        })
    }
    $known.application
}

# Service type 5 is tenant attach; the other numbers are not documented. A list leaves out what the provider calls lazy;
# a row by its id has it.
function Read-Service {
    if (-not $known.ContainsKey('service')) {
        $rows = @(Get-CMAzureService | Where-Object { $null -ne $_ -and (Read-Value -Object $_ -Name 'ServiceType') -ne 5 })
        $known.service = @(foreach ($row in $rows) {
            $id = Read-Number -Object $row -Name 'ID'
            $apps = Read-WebApp -Row $row
            if ($null -ne $id -and ($null -eq $apps -or $apps.Count -eq 0)) {
                if (-not $webApps.ContainsKey($id)) { $webApps[$id] = Read-WebApp -Row (Get-CMAzureService -Id $row.ID) }
                $apps = $webApps[$id]
            }
            @{
                id = $id; name = [string]$row.Name; description = [string](Read-Value -Object $row -Name 'Description')
                serviceType = Read-Value -Object $row -Name 'ServiceType'; webApplications = $apps
            }
        })
    }
    $known.service
}

# Null if the flags of a row do not tell whether it is switched on. Changes alone can be read, too.
function Test-SwitchedOn {
    param($Row)
    $full = Read-Flag -Object $Row -Name 'FullSyncEnabled'
    $delta = Read-Flag -Object $Row -Name 'DeltaSyncEnabled'
    if ($full -or $delta) { return $true }
    if ($null -eq $full -or $null -eq $delta) { return $null }
    $false
}

# The rows that are switched on, and those that do not tell. Null if they could not be read.
function Read-Discovery {
    if (-not $known.ContainsKey('discovery')) {
        try {
            $rows = @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AAD_Discovery_Settings' -Option Lazy)
            $known.discovery = @($rows | Where-Object { $null -ne $_ -and (Test-SwitchedOn -Row $_) -ne $false })
        } catch {
            Write-Debug -Message $_.Exception.Message
            $known.discovery = $null
        }
    }
    if ($null -eq $known.discovery) { return $null }
    , $known.discovery
}

# The gateways, each with the row of its connection, null if the site does not say which. Null if the query fails.
function Read-Gateway {
    if (-not $known.ContainsKey('gateway')) {
        try {
            $rows = @(Invoke-CMWmiQuery -Query 'SELECT * FROM SMS_AzureService' -Option Lazy | Where-Object { $null -ne $_ })
            $known.gateway = @(foreach ($row in $rows) {
                $connection = Read-Number -Object $row -Name 'AzureCloudServiceId'
                # A number that was never set is 0, which is the row of no connection.
                if ($connection -eq 0) { $connection = $null }
                @{ event = 'gateway'; name = [string](Read-Value -Object $row -Name 'Name'); connection = $connection }
            })
        } catch {
            $known.gatewayProblem = Get-Reason -Problem $_.Exception
            $known.gateway = $null
        }
    }
    if ($null -eq $known.gateway) { return $null }
    , $known.gateway
}

# Null if it could not be read. By this name tools in the field read the mode of the service connection point; it is not
# documented.
function Read-ServiceConnectionPoint {
    try {
        $rows = @(Get-CMServiceConnectionPoint | Where-Object { $null -ne $_ })
        $modes = @(foreach ($row in $rows) { foreach ($property in $row.Props) { if ($property.PropertyName -eq 'OfflineMode') { $property.Value } } })
    } catch {
        Write-Debug -Message $_.Exception.Message
        return $null
    }
    if ($modes.Count -ne 1) { return $null }
    if ($modes[0] -eq 0) { return $true }
    if ($modes[0] -eq 1) { return $false }
    $null
}

function ConvertTo-Discovery {
    param($Row)
    $minutes = $null
    if (Read-Flag -Object $Row -Name 'DeltaSyncEnabled') { $minutes = Read-Number -Object $Row -Name 'DeltaSyncInterval' }
    # A number that was never set is 0.
    if ($minutes -le 0) { $minutes = $null }
    $schedule = $null
    if (Read-Flag -Object $Row -Name 'FullSyncEnabled') { $schedule = [string](Read-Value -Object $Row -Name 'FullSyncSchedule') }
    @{
        fullSchedule = $schedule; deltaMinutes = $minutes; groupNames = [string[]]@(Read-List -Object $Row -Name 'DiscoveryScopeNames')
        agentType = Read-Value -Object $Row -Name 'AgentType'
        lastFull = Read-Second -Object $Row -Name 'LastFullSyncTime'; lastDelta = Read-Second -Object $Row -Name 'LastDeltaSyncTime'
    }
}

# Whether a row has groups, by their ids or their names.
function Test-Scope {
    param($Row)
    @(Read-List -Object $Row -Name 'DiscoveryScopeIds').Count -gt 0 -or @(Read-List -Object $Row -Name 'DiscoveryScopeNames').Count -gt 0
}

# Whether a row is one of group discovery, which is what a row with groups is, and each other row with its number.
function Test-GroupRow {
    param($Row, $Numbers)
    (Test-Scope -Row $Row) -or $Numbers -contains (Read-Value -Object $Row -Name 'AgentType')
}

# The numbers for the kinds of discovery are not documented. Only group discovery has groups, and one row
# that is left is user discovery. That a row has no groups is believed: the query asks for what the provider calls lazy, too.
function ConvertTo-Connection {
    param($Service)
    $settings = Read-Discovery
    $line = @{
        event = 'connection'; id = $Service.id; name = $Service.name; description = $Service.description
        serviceType = $Service.serviceType; webApplications = $Service.webApplications
        userDiscovery = $null; groupDiscovery = $null; isDiscoveryKnown = $null -ne $settings
    }
    if ($null -eq $settings) { return $line }
    $own = @($settings | Where-Object { (Read-Value -Object $_ -Name 'CloudServiceId') -eq $Service.id })
    $on = @($own | Where-Object { Test-SwitchedOn -Row $_ })
    $numbers = @($settings | Where-Object { Test-Scope -Row $_ } | ForEach-Object { Read-Value -Object $_ -Name 'AgentType' } | Where-Object { $null -ne $_ })
    $groups = @($on | Where-Object { Test-GroupRow -Row $_ -Numbers $numbers } | ForEach-Object { ConvertTo-Discovery -Row $_ })
    $users = @($on | Where-Object { -not (Test-GroupRow -Row $_ -Numbers $numbers) } | ForEach-Object { ConvertTo-Discovery -Row $_ })
    if ($users.Count -eq 1) { $line.userDiscovery = $users[0] }
    if ($groups.Count -eq 1) { $line.groupDiscovery = $groups[0] }
    # Two of one kind: which is which cannot be told.
    if ($users.Count -gt 1 -or $groups.Count -gt 1) { $line.isDiscoveryKnown = $false }
    # Nor can a row that may be switched on or off, one that may be of any connection, and groups without their names.
    $ofAny = @($settings | Where-Object { $null -eq (Read-Value -Object $_ -Name 'CloudServiceId') })
    $unnamed = @($groups | Where-Object { $_.groupNames.Count -eq 0 })
    if ($on.Count -lt $own.Count -or $ofAny.Count -gt 0 -or $unnamed.Count -gt 0) { $line.isDiscoveryKnown = $false }
    $line
}

# The row of an app, or nothing. An app of another kind or tenant is another app.
function Find-Application {
    param($App, $Tenant, $IsClientApp)
    $found = @(Read-Application | Where-Object { $_.clientId -eq $App.clientId })
    if ($found.Count -eq 0) { return }
    if ($null -eq $found[0].id -or $null -eq $found[0].isClientApp -or $null -eq $found[0].tenant) {
        Deny-Request -Message "the row of the app $($App.clientId) cannot be read" -Help 'Look in the console under Cloud Services > Microsoft Entra tenants, and run the same again.'
    }
    if ($found[0].isClientApp -ne $IsClientApp -or $found[0].tenant -ne $Tenant.id) {
        Deny-Request -Message "the site knows $($App.clientId) as another kind of app or in another tenant" -Help 'Choose another app registration.'
    }
    $found[0]
}

function Assert-Import {
    param($App)
    if ($App.import) { return }
    Deny-Request -Message "the site does not know the app $($App.clientId)" -Help 'Import it, or choose an app that the console lists under Cloud Services > Microsoft Entra tenants.'
}

# Times of day are not compared: how a site keeps the time zone of this date is not documented.
function Compare-Application {
    param($App, $Found)
    if (-not $App.import) { return }
    if ($Found.name -cne $App.name) { "its name is $($Found.name), and no way in the console changes it" }
    if ($Found.isClientApp) { return }
    if ($Found.identifierUri -cne $App.appIdUri) { "its App ID URI is $($Found.identifierUri); register another server app, or give that URI to this one in Microsoft Entra" }
    if ($null -eq $Found.secretExpiry) { return 'when its secret key expires cannot be read' }
    if ([math]::Abs($Found.secretExpiry - $App.secretKeyExpiry) -gt 86400) {
        'its secret key expiry is another one; to renew the secret: Cloud Services > Microsoft Entra tenants > the server app > Renew Secret Key'
    }
}

function Find-Tenant {
    param($Wanted)
    $found = @(Read-Tenant | Where-Object { $_.tenantId -eq $Wanted.tenantId })
    if ($found.Count -gt 0) { $found[0] }
}

function Find-Service {
    param($Wanted)
    $found = @(Read-Service | Where-Object { $_.name -ceq $Wanted.name })
    if ($found.Count -gt 0) { $found[0] }
}

# A name that differs in case alone is that of another connection to the plan, and the same one to databases of a site.
function Assert-Name {
    param($Wanted)
    foreach ($service in Read-Service) {
        $isRenamed = $Wanted.rename -and $service.id -eq $Wanted.rename.row
        if ($service.name -ceq $Wanted.name -or $service.name -ine $Wanted.name -or $isRenamed) { continue }
        Deny-Request -Message "the site has the connection $($service.name), whose name differs in upper and lower case alone" -Help 'Write the name as the site has it, or choose another one.'
    }
}

# The connection that gets the wanted name.
function Find-Former {
    param($Rename)
    $found = @(Read-Service | Where-Object { $_.id -eq $Rename.row })
    if ($found.Count -eq 0) {
        Deny-Request -Message "the connection $($Rename.name) is not there any more" -Help 'Read the site again.'
    }
    if ($found[0].name -cne $Rename.name) {
        Deny-Request -Message "row $($Rename.row) is the connection $($found[0].name)" -Help 'Read the site again, and name the connection meant.'
    }
    $found[0]
}

# The product allows one connection of type Cloud Management for each tenant, and any number of other kinds. The number
# of that type is not documented: it is the one of a connection that a gateway uses. If there is none, the product decides.
function Assert-OneConnection {
    param($Wanted, $Tenant)
    if (-not $Tenant) { return }
    $own = @(Read-Application | Where-Object { $_.tenant -eq $Tenant.id } | ForEach-Object { $_.id })
    $others = @(Read-Service | Where-Object { $_.name -cne $Wanted.name -and -not ($Wanted.rename -and $_.id -eq $Wanted.rename.row) -and @($_.webApplications | Where-Object { $own -contains $_ }).Count -gt 0 })
    if ($others.Count -eq 0) { return }
    $gateways = Read-Gateway
    $used = @(foreach ($gateway in $gateways) { $gateway.connection }) | Where-Object { $null -ne $_ }
    $types = @(Read-Service | Where-Object { @($used) -contains $_.id } | ForEach-Object { $_.serviceType } | Where-Object { $null -ne $_ })
    foreach ($other in $others) {
        if ($types -contains $other.serviceType) {
            Deny-Request -Message "the tenant has the connection $($other.name) of the same type ($($other.serviceType)) already" -Help 'Use that name, or look under Cloud Services > Azure Services.'
        }
    }
}

# A secret that was added by hand has an end of its own.
function Read-Expiry {
    # Without a day to fall back on: the one that is known is that of another secret.
    $typed = Read-Host -Prompt 'The day on which that secret expires, as the portal shows it, as year-month-day'
    if ($typed -notmatch '\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z') {
        Deny-Request -Message "$typed is not a day" -Help 'Type year, month and day, as 2027-11-23, and run the same again.'
    }
    ([datetimeoffset]($typed + 'T00:00:00Z')).ToUnixTimeSeconds()
}

# With the tenant, which only this import can make.
function Install-ServerApp {
    param($Wanted, $Secret)
    $app = $Wanted.serverApp
    $tenant = Find-Tenant -Wanted $Wanted
    $state.operation = 'create the connection'
    Assert-Name -Wanted $Wanted
    Assert-OneConnection -Wanted $Wanted -Tenant $tenant
    $state.operation = 'import the server app'
    $found = $null
    $differences = @()
    if ($tenant) {
        if ($tenant.name -cne $Wanted.tenantName) { $differences += "the site has the tenant as $($tenant.name), and no way in the console changes it" }
        if ($tenant.environment -and $tenant.environment -ne $Wanted.environment) { $differences += "the site has the tenant in $($tenant.environment), and no way in the console changes it" }
        Send-Progress -Item 'tenant' -Action 'unchanged' -Row $tenant.id -Differences $differences
        $found = Find-Application -App $app -Tenant $tenant -IsClientApp $false
    }
    if ($found) {
        # The site never shows a secret, and an earlier run may have stored this very one without hearing the answer.
        Send-Progress -Item 'serverApp' -Action 'unchanged' -Row $found.id -Differences @(Compare-Application -App $app -Found $found) -Secret 'notSaid'
        return
    }
    Assert-Import -App $app
    if ($request.promptForSecret) {
        $Secret = Read-Host -AsSecureString -Prompt "Secret key of $($app.name)"
        $app.secretKeyExpiry = Read-Expiry
    }
    if (-not $Secret -or $Secret.Length -eq 0) {
        Deny-Request -Message 'the secret key is empty' -Help 'Give the Value of the secret, not its Secret ID.'
    }
    # A tenant that is there keeps its name: whether an import would change it is not documented.
    $name = if ($tenant) { $tenant.name } else { $Wanted.tenantName }
    $expiry = [datetimeoffset]::FromUnixTimeSeconds($app.secretKeyExpiry).UtcDateTime
    $made = Import-CMAADServerApplication -TenantName $name -TenantId $Wanted.tenantId -AppName $app.name -ClientId $app.clientId -SecretKey $Secret -SecretKeyExpiry $expiry -AppIdUri $app.appIdUri -AzureEnvironmentOption $Wanted.environment -DisableWildcardHandling
    $known.Remove('tenant')
    $known.Remove('application')
    $isNew = -not $tenant
    $tenant = Find-Tenant -Wanted $Wanted
    if ($tenant -and $isNew) { Send-Progress -Item 'tenant' -Action 'created' -Row $tenant.id }
    if ($tenant) { $found = Find-Application -App $app -Tenant $tenant -IsClientApp $false }
    if ($found) {
        Send-Progress -Item 'serverApp' -Action 'created' -Row $found.id -Differences @(Compare-Application -App $app -Found $found) -Secret 'this'
        return
    }
    Send-Progress -Item 'serverApp' -Action 'created' -Row (Read-Value -Object $made -Name 'ID') -Differences 'it does not show in the site yet' -Secret 'this'
    Deny-Request -Message 'the server app is not there after the import' -Help 'Look in the console under Cloud Services > Microsoft Entra tenants, and run the same again.'
}

function Install-ClientApp {
    param($Wanted)
    $app = $Wanted.clientApp
    $tenant = Find-Tenant -Wanted $Wanted
    $found = Find-Application -App $app -Tenant $tenant -IsClientApp $true
    if ($found) {
        Send-Progress -Item 'clientApp' -Action 'unchanged' -Row $found.id -Differences @(Compare-Application -App $app -Found $found)
        return
    }
    Assert-Import -App $app
    # By its server app: two server apps of one tenant have client apps of their own.
    $server = Find-Application -App $Wanted.serverApp -Tenant $tenant -IsClientApp $false
    $made = Import-CMAADClientApplication -ServerApp $known.applicationRow[$server.id] -AppName $app.name -ClientId $app.clientId -DisableWildcardHandling
    $known.Remove('application')
    $found = Find-Application -App $app -Tenant $tenant -IsClientApp $true
    if ($found) {
        Send-Progress -Item 'clientApp' -Action 'created' -Row $found.id -Differences @(Compare-Application -App $app -Found $found)
        return
    }
    Send-Progress -Item 'clientApp' -Action 'created' -Row (Read-Value -Object $made -Name 'ID') -Differences 'it does not show in the site yet'
    Deny-Request -Message 'the client app is not there after the import' -Help 'Look in the console under Cloud Services > Microsoft Entra tenants, and run the same again.'
}

# Tells whether discovery may be set on what is there.
function Install-Connection {
    param($Wanted)
    $tenant = Find-Tenant -Wanted $Wanted
    $server = Find-Application -App $Wanted.serverApp -Tenant $tenant -IsClientApp $false
    $client = Find-Application -App $Wanted.clientApp -Tenant $tenant -IsClientApp $true
    $found = Find-Service -Wanted $Wanted
    if (-not $found -and $Wanted.rename) { $found = Find-Former -Rename $Wanted.rename }
    if (-not $found) {
        $settings = @{ Name = $Wanted.name; AzureEnvironmentOption = $Wanted.environment }
        $settings.ServerApp = $known.applicationRow[$server.id]
        $settings.ClientApp = $known.applicationRow[$client.id]
        if ($Wanted.description) { $settings.Description = $Wanted.description }
        $made = New-CMCloudManagementAzureService @settings -DisableWildcardHandling
        $known.Remove('service')
        $known.Remove('discovery')
        $found = Find-Service -Wanted $Wanted
        if ($found) {
            Send-Progress -Item 'connection' -Action 'created' -Row $found.id
            return $true
        }
        Send-Progress -Item 'connection' -Action 'created' -Row (Read-Value -Object $made -Name 'ID') -Differences 'it does not show in the site yet'
        Deny-Request -Message 'the connection is not there after it was created' -Help 'Look in the console under Cloud Services > Azure Services, and run the same again.'
    }
    if ($null -eq $found.webApplications) {
        Deny-Request -Message 'which web app the connection has cannot be read' -Help 'Look under Cloud Services > Azure Services, and run the same again.'
    }
    if ($found.webApplications -notcontains $server.id) {
        Send-Progress -Item 'connection' -Action 'unchanged' -Row $found.id -Differences "it has another web app (service type $($found.serviceType)): Cloud Services > Azure Services"
        return $false
    }
    $changes = @{}
    if ($Wanted.rename -and $found.name -cne $Wanted.name) { $changes.NewName = $Wanted.name }
    if ($null -ne $Wanted.description -and $found.description -cne $Wanted.description) { $changes.Description = $Wanted.description }
    $action = 'unchanged'
    if ($changes.Count -gt 0) {
        $null = Set-CMCloudManagementAzureService -Id $found.id @changes -DisableWildcardHandling
        $known.Remove('service')
        $action = 'changed'
    }
    Send-Progress -Item 'connection' -Action $action -Row $found.id
    $true
}

# What is not given is left as it is, or to the product.
function Test-Discovery {
    param($Wanted, $Held)
    if (-not $Held) { return $false }
    if ($Wanted.fullSchedule -and $Wanted.fullSchedule -ne $Held.fullSchedule) { return $false }
    $null -eq $Wanted.deltaMinutes -or $Wanted.deltaMinutes -eq $Held.deltaMinutes
}

# What is not given is left as it is; what is off is switched off. To add a group, the cmdlet finds it by its name in
# Microsoft Entra and may ask for a sign-in: only where a person sits. To take one out, its name in the site suffices.
function Install-Discovery {
    param($Wanted)
    $found = ConvertTo-Connection -Service (Find-Service -Wanted $Wanted)
    if (-not $found.isDiscoveryKnown) {
        Deny-Request -Message 'which discovery is set cannot be read' -Help 'Look under Cloud Services > Azure Services > Properties > Discovery, and run the same again.'
    }
    $settings = @{}
    $open = @()
    $users = $Wanted.users
    if ($users -and $users.off) {
        if ($found.userDiscovery) { $settings.EnableUserDiscovery = $false }
    } elseif ($users -and -not (Test-Discovery -Wanted $users -Held $found.userDiscovery)) {
        $settings.EnableUserDiscovery = $true
        if ($users.fullSchedule) { $settings.UserDiscoverySchedule = Convert-CMSchedule -ScheduleString $users.fullSchedule }
        if ($users.deltaMinutes) { $settings.EnableUserDeltaDiscovery = $true; $settings.UserDeltaDiscoveryMins = $users.deltaMinutes }
    }
    $groups = $Wanted.groups
    if ($groups -and $groups.off) {
        if ($found.groupDiscovery) { $settings.EnableGroupDiscovery = $false }
    } elseif ($groups) {
        $held = @(if ($found.groupDiscovery) { $found.groupDiscovery.groupNames })
        $new = [string[]]@($groups.names | Where-Object { $held -notcontains $_ })
        if ($new.Count -gt 0 -and -not $state.resultFile) {
            $open += "these groups are not set, since finding them may ask for a sign-in: $($new -join ', '); choose them in the console (Cloud Services > Azure Services > Properties > Discovery), or run the script in its console form"
            $new = @()
        }
        $isChanged = $found.groupDiscovery -and -not (Test-Discovery -Wanted $groups -Held $found.groupDiscovery)
        if ($new.Count -gt 0 -or $isChanged) {
            $settings.EnableGroupDiscovery = $true
            if ($new.Count -gt 0) { $settings.AddGroupName = $new }
            if ($groups.fullSchedule) { $settings.GroupDiscoverySchedule = Convert-CMSchedule -ScheduleString $groups.fullSchedule }
            if ($groups.deltaMinutes) { $settings.EnableGroupDeltaDiscovery = $true; $settings.GroupDeltaDiscoveryMins = $groups.deltaMinutes }
        }
        $removed = [string[]]@($groups.removedNames | Where-Object { $held -contains $_ })
        if ($removed.Count -gt 0) { $settings.DeleteGroupName = $removed }
    }
    $action = 'unchanged'
    if ($settings.Count -gt 0) {
        $null = Set-CMCloudManagementAzureService -Id $found.id @settings -DisableWildcardHandling
        $known.Remove('discovery')
        $isOff = -not $found.userDiscovery -and -not $found.groupDiscovery
        $action = if ($isOff) { 'created' } else { 'changed' }
    }
    Send-Progress -Item 'discovery' -Action $action -Differences $open
}

# Since version 2309 a gateway needs http://localhost among the reply URLs of the server app, in the site and in Microsoft
# Entra. The cmdlet asks for a sign-in, so that it is called only where a person sits and the request wants it. How a site
# writes several of them into one text is not documented.
function Install-ReplyUrl {
    param($Wanted)
    $pattern = '(?i)(\A|[\s,;|])http://localhost/?(\Z|[\s,;|])'
    $help = 'Cloud Services > Microsoft Entra tenants > the server app > Update Application Settings'
    $found = Find-Application -App $Wanted.serverApp -Tenant (Find-Tenant -Wanted $Wanted) -IsClientApp $false
    if (-not $found -or $found.replyUrl -match $pattern) { return }
    if (-not (Get-Command -Name 'Set-UpdateServerApplication' -ErrorAction SilentlyContinue)) {
        Send-Progress -Item 'serverApp' -Action 'unchanged' -Row $found.id -Differences "its reply URLs were not updated: this module has no cmdlet for it, which came with version 2309; $help"
        return
    }
    $state.help = "Sign in with an account that may change the server app, or use the console: $help."
    $null = Set-UpdateServerApplication -TenantId $Wanted.tenantId
    $known.Remove('application')
    $found = Find-Application -App $Wanted.serverApp -Tenant (Find-Tenant -Wanted $Wanted) -IsClientApp $false
    $left = if (-not $found -or $found.replyUrl -notmatch $pattern) { "the site does not show http://localhost as its reply URL; $help" }
    Send-Progress -Item 'serverApp' -Action 'changed' -Row (Read-Value -Object $found -Name 'id') -Differences $left
}

function Invoke-Onboarding {
    param($Wanted, $Secret)
    $state.operation = 'import the server app'
    Install-ServerApp -Wanted $Wanted -Secret $Secret
    $state.operation = 'import the client app'
    Install-ClientApp -Wanted $Wanted
    $state.operation = 'create the connection'
    $isOwn = Install-Connection -Wanted $Wanted
    if ($Wanted.users -or $Wanted.groups) {
        $state.operation = 'set discovery'
        if ($isOwn) {
            Install-Discovery -Wanted $Wanted
        } else {
            Send-Progress -Item 'discovery' -Action 'unchanged' -Differences 'the connection has another web app, so that its discovery was left as it is'
        }
    }
    $state.operation = 'read the connection back'
    $state.help = ''
    $service = Find-Service -Wanted $Wanted
    if (-not $service) { Deny-Request -Message 'it is not there any more' -Help 'Run the same again.' }
    Send-Line -Line (ConvertTo-Connection -Service $service)
    if ((Read-Value -Object $request -Name 'updateServerApp') -and $state.resultFile) {
        $state.operation = 'update the server app'
        Install-ReplyUrl -Wanted $Wanted
    }
}

# No gateways: free. Those that say which connection they use decide. What cannot be told blocks, until the caller states
# that no gateway uses it.
function Assert-NoGateway {
    param($Service, $IsStated)
    $help = 'Look under Cloud Services > Cloud Management Gateway. If no gateway uses the connection, state so (state_no_gateway, or --no-gateway-uses-it), and run the same again.'
    $gateways = Read-Gateway
    if ($null -eq $gateways) {
        if ($IsStated) { return }
        Deny-Request -Message "whether a gateway uses it cannot be told: $($known.gatewayProblem)" -Help $help
    }
    foreach ($gateway in $gateways) {
        if ($gateway.connection -eq $Service.id) {
            Deny-Request -Message "the cloud management gateway $($gateway.name) uses it" -Help 'A connection that a gateway uses is not removed: Cloud Services > Cloud Management Gateway.'
        }
        if ($null -eq $gateway.connection -and -not $IsStated) {
            Deny-Request -Message "whether the cloud management gateway $($gateway.name) uses it cannot be told" -Help $help
        }
    }
}

# The product has no cmdlet that removes applications or tenants.
function Invoke-Removal {
    param($Removal)
    $state.operation = 'remove the connection'
    $found = @(Read-Service | Where-Object { $_.id -eq $Removal.connection })
    $left = @()
    if ($found.Count -gt 0) {
        if ($found[0].name -cne $Removal.name) {
            Deny-Request -Message "row $($Removal.connection) is the connection $($found[0].name)" -Help 'Read the site again, and name the connection meant.'
        }
        Assert-NoGateway -Service $found[0] -IsStated $Removal.noGatewayStated
        if ($null -eq $found[0].webApplications) { $left += 'Its applications and its tenant stay in the site; which ones they are cannot be told.' }
        $apps = @(Read-Application)
        $tenants = @($apps | Where-Object { $found[0].webApplications -contains $_.id } | ForEach-Object { $_.tenant })
        $left += $apps | Where-Object { $tenants -contains $_.tenant } | ForEach-Object { "The application $($_.name) stays in the site." }
        $left += Read-Tenant | Where-Object { $tenants -contains $_.id } | ForEach-Object { "The tenant $($_.name) stays in the site." }
        $null = Remove-CMAzureService -Id $found[0].id -Force
    }
    Send-Line -Line @{ event = 'removed'; connection = $found.Count -gt 0; leftBehind = [string[]]@($left | Where-Object { $_ }) }
}

# Every row that this job wants to know of.
function Send-Snapshot {
    foreach ($line in Read-Tenant) { Send-Line -Line $line }
    foreach ($line in Read-Application) { Send-Line -Line $line }
    foreach ($service in Read-Service) { Send-Line -Line (ConvertTo-Connection -Service $service) }
    $gateways = Read-Gateway
    foreach ($line in $gateways) { Send-Line -Line $line }
    Send-Line -Line @{ event = 'facts'; areGatewaysKnown = $null -ne $gateways; isServiceConnectionPointOnline = Read-ServiceConnectionPoint }
}

# The site of the request, by the drive that the module makes for it. An error of the module's automatic drive, for the
# provider that this user's console was last connected to, is passed over, and a drive of this name that leads elsewhere
# is not taken.
function Connect-Site {
    param($Request)
    $state.operation = 'load the module ConfigurationManager'
    $state.help = 'Run this where the Configuration Manager console is installed, with an execution policy that lets its signed module load.'
    $module = 'ConfigurationManager'
    if ($env:SMS_ADMIN_UI_PATH) {
        $beside = Join-Path -Path (Split-Path -Path $env:SMS_ADMIN_UI_PATH) -ChildPath 'ConfigurationManager.psd1'
        if (Test-Path -LiteralPath $beside) { $module = $beside }
    }
    if ($module -eq 'ConfigurationManager' -and -not (Get-Module -ListAvailable -Name $module)) { throw 'the console is not installed here' }
    Import-Module -Name $module -ErrorAction SilentlyContinue -ErrorVariable trouble
    $loaded = @(Get-Module -Name 'ConfigurationManager')
    if ($loaded.Count -eq 0) { throw $trouble[0] }
    $state.operation = "connect to site $($Request.siteCode) on $($Request.provider)"
    $state.help = 'Check the site code and the full name of the SMS Provider, and that this account is an administrative user of the site.'
    $drive = Get-PSDrive -Name $Request.siteCode -PSProvider CMSite -ErrorAction SilentlyContinue
    if ($drive -and $drive.Root -ne $Request.provider) {
        Remove-PSDrive -Name $Request.siteCode -Scope Global -Force
        $drive = $null
    }
    if (-not $drive) {
        $drive = New-PSDrive -Name $Request.siteCode -PSProvider CMSite -Root $Request.provider -Scope Global
    }
    Set-Location -Path "$($Request.siteCode):"
    $found = @(Get-CMSite -SiteCode $Request.siteCode | Where-Object { $null -ne $_ })
    if ($found.Count -eq 0) { throw 'the provider does not know the site' }
    $site = @{
        event = 'site'; revision = $revision; siteCode = [string]$found[0].SiteCode; version = [string]$found[0].Version
        provider = Read-Value -Object $drive -Name 'Root'; reportsTo = Read-Value -Object $found[0] -Name 'ReportingSiteCode'
        moduleVersion = [string](Read-Value -Object $loaded[0] -Name 'Version')
    }
    Send-Line -Line $site
    $site
}

# Apps belong to the top-tier site: their secrets are kept with its key, and discovery runs there.
function Assert-Writable {
    param($Site)
    if ($Site.reportsTo) {
        Deny-Request -Message "the site reports to $($Site.reportsTo), and apps belong to the site at the top" -Help "Connect to site $($Site.reportsTo)."
    }
    if ([int]($Site.version -split '\.')[2] -lt 9040) {
        Deny-Request -Message 'the cmdlets for this came with version 2010 (5.00.9040)' -Help 'Update the site.'
    }
}

# Cmdlets can be logged with what they are given, and so can the arguments of methods, so the secret meets neither before
# it is a SecureString: it comes as the numbers of its UTF-16 code units, which operators cut out of the text before the
# rest is read as JSON.
function Read-Secret {
    param($Text)
    if ($Text -notmatch '"secretKey":\[([0-9,]+)\]') { return }
    $secret = New-Object -TypeName System.Security.SecureString
    foreach ($unit in $Matches[1] -split ',') { $secret.AppendChar([char][int]$unit) }
    $secret
}

# A cast makes the stream, so that no method and no cmdlet is given the bytes.
function Get-Digest {
    param([byte[]] $Bytes)
    (Get-FileHash -InputStream ([System.IO.MemoryStream]$Bytes) -Algorithm SHA256).Hash
}

# The sealed message in a text. The beginning of its digest is its fingerprint, and the number of the run.
function Read-Seal {
    param($Text)
    if ($Text -notmatch '-----BEGIN CMS-----([A-Za-z0-9+/=\s]+)-----END CMS-----') {
        Deny-Request -Message 'the file is not a whole sealed hand-over' -Help 'Copy the file again, whole, from the line BEGIN CMS to the line END CMS.'
    }
    $seal = @{ message = $Matches[0]; digest = '' }
    $seal.digest = (Get-Digest -Bytes ([System.Convert]::FromBase64String($Matches[1]))).Substring(0, 32)
    $seal
}

# What is sealed, as the text of JSON. The message itself does not notice a change, so the content has a digest.
function Open-Seal {
    param($Seal)
    $content = (Unprotect-CmsMessage -Content $Seal.message) -replace '\s+\z', "`n"
    if ($content -match '(?s)\Acmg-onboarding hand-over sha256 ([0-9A-Fa-f]{64})\r?\n(.*)\z') {
        $told = $Matches[1]
        $inside = $Matches[2]
        if ($inside -notmatch '[^\x00-\x7f]' -and (Get-Digest -Bytes ([byte[]][char[]]$inside)) -eq $told) { return $inside }
    }
    Deny-Request -Message 'the content is not that of a hand-over, or was changed' -Help 'Have it sealed anew.'
}

function Show-Value {
    param($Label, $Value)
    Write-Host -Object ($Label.PadRight(20) + ([string]$Value -replace '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]', ' '))
}

# What becomes of one kind of discovery, in the words of the crate's page.
function Get-DiscoveryText {
    param($Wanted, $IsOfGroup)
    if (-not $Wanted) { return 'left as it is' }
    if ($Wanted.off) { return 'switched off' }
    $names = @($Wanted.names) -join ', '
    $removed = @($Wanted.removedNames) -join ', '
    $parts = @(
        if (-not $IsOfGroup) { 'enabled' } elseif ($names) { "enabled: $names" } else { 'left as it is' }
        if ($removed) { "taken out: $removed" }
        if ($Wanted.fullSchedule) { "full schedule $($Wanted.fullSchedule)" }
        if ($Wanted.deltaMinutes) { "changes every $($Wanted.deltaMinutes) minutes" }
    )
    $parts -join '; '
}

# The request that a hand-over makes, once a person has said yes: sealing says who can read it, not who wrote it.
function Confirm-HandOver {
    param($HandOver, $Seal)
    if ($HandOver.handOver -ne 1) {
        Deny-Request -Message 'the hand-over is of another version than this script' -Help 'Use the script of the version that the sender has.'
    }
    $until = [datetimeoffset]::FromUnixTimeSeconds($HandOver.expiresOn).UtcDateTime
    $last = $until.ToString('u')
    if ($until -lt [datetime]::UtcNow) { Deny-Request -Message "the hand-over could be used until $last" -Help 'Have it sealed anew.' }
    $wanted = $HandOver.wanted
    Show-Value -Label 'Sealed to:' -Value $HandOver.recipient.subject
    Show-Value -Label 'Can be used until:' -Value $last
    Show-Value -Label 'Fingerprint:' -Value ($Seal.digest -replace '(.{4})(?=.)', '$1 ')
    Show-Value -Label 'Tenant:' -Value "$($wanted.tenantName) ($($wanted.tenantId))"
    Show-Value -Label 'Azure environment:' -Value $wanted.environment
    Show-Value -Label 'Web app:' -Value "$($wanted.serverApp.name) ($($wanted.serverApp.clientId))"
    Show-Value -Label 'App ID URI:' -Value $wanted.serverApp.appIdUri
    $expiry = [datetimeoffset]::FromUnixTimeSeconds($wanted.serverApp.secretKeyExpiry).UtcDateTime
    Show-Value -Label 'Secret key:' -Value "not shown, expires on $($expiry.ToString('u'))"
    Show-Value -Label 'Native Client app:' -Value "$($wanted.clientApp.name) ($($wanted.clientApp.clientId))"
    Show-Value -Label 'Connection:' -Value $wanted.name
    if ($HandOver.key) { Show-Value -Label 'Key:' -Value "$($HandOver.key) (this script renames no connection; cmg-onboard import-handover does)" }
    if ($wanted.description) { Show-Value -Label 'Description:' -Value $wanted.description }
    Show-Value -Label 'User discovery:' -Value (Get-DiscoveryText -Wanted $wanted.users -IsOfGroup $false)
    Show-Value -Label 'Group discovery:' -Value (Get-DiscoveryText -Wanted $wanted.groups -IsOfGroup $true)
    Show-Value -Label 'Site:' -Value "$SiteCode through $Provider"
    $answer = Read-Host -Prompt 'Does the sender read out the same fingerprint, and are tenant and apps the right ones? Type yes to import'
    if ($answer -ne 'yes') {
        Deny-Request -Message 'it was not confirmed' -Help 'Compare the fingerprint with the sender by telephone. Nothing was imported.'
    }
    [pscustomobject]@{
        request = 2; operation = 'onboard'; siteCode = $SiteCode; provider = $Provider
        promptForSecret = $false; updateServerApp = $false; wanted = $wanted; removal = $null
    }
}

$exit = 1
try {
    Push-Location
    $file = if ($HandOverFile) { $HandOverFile } else { $RequestFile }
    $text = if ($file) { Get-Content -LiteralPath $file -Raw } else { -join $Lines }
    if (-not $text -and [Console]::IsInputRedirected) { $text = [Console]::In.ReadToEnd() }
    if ($text -match '"run":"([0-9a-f]{32})"') { $state.run = $Matches[1] }
    if ($file) {
        # With its provider in front: on the drive of the site, the path of a share would be one of the site.
        $state.resultFile = 'Microsoft.PowerShell.Core\FileSystem::' + ((Resolve-Path -LiteralPath $file).ProviderPath -replace '\.json$', '') + '-result.jsonl'
    }
    $seal = $null
    if ($HandOverFile) {
        $state.code = 'refused'
        $state.operation = 'open the hand-over'
        if ($SiteCode -notmatch '\A[A-Za-z0-9]{3}\z' -or $Provider -notmatch '\A[A-Za-z0-9._-]{1,253}\z') {
            Deny-Request -Message 'the site is not named' -Help 'Give -SiteCode with its three characters, and -Provider with the full name of a server with the SMS Provider role.'
        }
        $seal = Read-Seal -Text $text
        $state.run = $seal.digest.ToLowerInvariant()
        $state.help = 'Open it with the account and on the machine whose certificate store has the private key, or have it sealed anew.'
        $text = Open-Seal -Seal $seal
    }
    $secret = Read-Secret -Text $text
    $text = $text -replace '"secretKey":\[[0-9,]+\]', '"secretKey":null'
    $request = ConvertFrom-Json -InputObject $text
    if ($seal) {
        $request = Confirm-HandOver -HandOver $request -Seal $seal
        $state.code = 'unreachable'
        $state.help = ''
    }
    if ($request.request -ne 2) { throw 'the request is of another version than this script' }
    $site = Connect-Site -Request $request
    $state.code = 'refused'
    $state.operation = 'read the site'
    $state.help = 'Use an account with the security role Infrastructure Administrator or Full Administrator and all scopes.'
    if ($request.operation -eq 'snapshot') {
        if ([int]($site.version -split '\.')[2] -ge 9040) { Send-Snapshot }
    } elseif ($request.operation -eq 'onboard') {
        Assert-Writable -Site $site
        Invoke-Onboarding -Wanted $request.wanted -Secret $secret
    } elseif ($request.operation -eq 'remove') {
        Assert-Writable -Site $site
        Invoke-Removal -Removal $request.removal
    } else {
        Deny-Request -Message "there is no operation $($request.operation)" -Help 'Use the script of this version.'
    }
    Send-Line -Line @{ event = 'end' }
    $exit = 0
} catch {
    Send-Line -Line @{
        event = 'error'; revision = $revision; code = $state.code; operation = $state.operation
        message = Get-Reason -Problem $_.Exception; help = $state.help
        errorId = [string]$_.FullyQualifiedErrorId; line = Read-Value -Object $_.InvocationInfo -Name 'ScriptLineNumber'
    }
} finally {
    Pop-Location
}
$exit
} $RequestFile @($input) $HandOverFile $SiteCode $Provider
exit @($code)[-1]
