using System.Text.Json.Serialization;

namespace Gateway.Acme;

/// <summary>The JSON of every ACME object. Unknown members are ignored, as RFC 8555 section 7.1 asks of clients.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AcmeDirectory))]
[JsonSerializable(typeof(AcmeProblem))]
[JsonSerializable(typeof(AccountStatus))]
[JsonSerializable(typeof(AccountRequest))]
[JsonSerializable(typeof(KeyChangeRequest))]
[JsonSerializable(typeof(AcmeOrder))]
[JsonSerializable(typeof(OrderRequest))]
[JsonSerializable(typeof(FinalizeRequest))]
[JsonSerializable(typeof(AcmeAuthorization))]
[JsonSerializable(typeof(RevocationRequest))]
[JsonSerializable(typeof(RenewalInfoDocument))]
[JsonSerializable(typeof(Jws))]
[JsonSerializable(typeof(JwsHeader))]
[JsonSerializable(typeof(JsonWebKey))]
internal sealed partial class AcmeJson : JsonSerializerContext;
