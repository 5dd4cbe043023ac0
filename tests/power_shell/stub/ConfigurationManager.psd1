@{
    RootModule = 'ConfigurationManager.psm1'
    ModuleVersion = '5.2403.0.0'
    GUID = '5b0f6f1e-3d52-4a6e-9a8e-6c9d3e2f7a10'
    FunctionsToExport = @('*')
}
