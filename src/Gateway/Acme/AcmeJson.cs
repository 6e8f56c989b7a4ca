using System.Text.Json.Serialization;

namespace Gateway.Acme;

/// <summary>
/// The JSON of every ACME object. Unknown members are ignored (RFC 8555 section 7.1); a null where RFC 8555 requires a value
/// is an error. An optional member that is missing reaches its init accessor as null, whatever its initializer says.
/// </summary>
[JsonSourceGenerationOptions(
    RespectNullableAnnotations = true,
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
