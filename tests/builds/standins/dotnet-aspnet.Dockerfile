# The .NET runtime with ASP.NET, as the official image has it, out of the stand-in for the SDK.
ARG SDK
ARG BASE
FROM ${SDK} AS sdk

FROM ${BASE}
COPY --from=sdk /usr/share/dotnet/shared/Microsoft.AspNetCore.App /usr/share/dotnet/shared/Microsoft.AspNetCore.App
