using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Gateway.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Gateway.Tests.Configuration;

public sealed class SchemaTests
{
    public static TheoryData<Type, string> YarpTypes => new()
    {
        { typeof(RouteConfig), "ReverseProxy:Routes:x" },
        { typeof(RouteMatch), "ReverseProxy:Routes:x:Match" },
        { typeof(RouteHeader), "ReverseProxy:Routes:x:Match:Headers:0" },
        { typeof(RouteQueryParameter), "ReverseProxy:Routes:x:Match:QueryParameters:0" },
        { typeof(ClusterConfig), "ReverseProxy:Clusters:x" },
        { typeof(DestinationConfig), "ReverseProxy:Clusters:x:Destinations:x" },
        { typeof(SessionAffinityConfig), "ReverseProxy:Clusters:x:SessionAffinity" },
        { typeof(SessionAffinityCookieConfig), "ReverseProxy:Clusters:x:SessionAffinity:Cookie" },
        { typeof(HealthCheckConfig), "ReverseProxy:Clusters:x:HealthCheck" },
        { typeof(ActiveHealthCheckConfig), "ReverseProxy:Clusters:x:HealthCheck:Active" },
        { typeof(PassiveHealthCheckConfig), "ReverseProxy:Clusters:x:HealthCheck:Passive" },
        { typeof(HttpClientConfig), "ReverseProxy:Clusters:x:HttpClient" },
        { typeof(WebProxyConfig), "ReverseProxy:Clusters:x:HttpClient:WebProxy" },
        { typeof(Yarp.ReverseProxy.Forwarder.ForwarderRequestConfig), "ReverseProxy:Clusters:x:HttpRequest" },
    };

    private static Schema At(string path) => path.Split(':').Aggregate(Schema.Root, (schema, key) => schema.For(key)!);

    private static string Text([CallerFilePath] string thisFile = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../gateway.schema.json"));

    [Theory]
    [MemberData(nameof(YarpTypes))]
    public void KnowsExactlyYarpsProperties(Type type, string path)
    {
        // The names of routes and clusters are keys, not members.
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Except(
            type == typeof(RouteConfig) ? ["RouteId"] : type == typeof(ClusterConfig) ? ["ClusterId"] : []);
        Assert.Equal(properties.Order(), At(path).Properties.Keys.Order());
    }

    [Theory]
    [InlineData("EndpointConfig", "Kestrel:Endpoints:x", "Name")]
    [InlineData("EndpointDefaults", "Kestrel:EndpointDefaults", "")]
    [InlineData("SniConfig", "Kestrel:Endpoints:x:Sni:x", "")]
    [InlineData("CertificateConfig", "Kestrel:Endpoints:x:Certificate", "IsFileCert,IsStoreCert,FileHasChanged")]
    public void KnowsExactlyWhatKestrelReads(string type, string path, string derived)
    {
        var kestrel = typeof(KestrelServerOptions).Assembly.GetTypes().Single(t => t.Name == type);
        var read = kestrel.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Select(p => p.Name)
            .Except([.. derived.Split(','), "ConfigSection", "EqualityContract"]);
        Assert.Equal(read.Order(), At(path).Properties.Keys.Order());
    }

    [Fact]
    public void KnowsEveryKeyOfYarpsTransforms()
    {
        // YARP names them in constants of its factories.
        var constants = typeof(ITransformFactory).Assembly.GetTypes()
            .Where(t => typeof(ITransformFactory).IsAssignableFrom(t) && t.IsClass)
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
            .Where(f => f.IsLiteral && f.Name.EndsWith("Key", StringComparison.Ordinal))
            .Select(f => (string)f.GetRawConstantValue()!)
            .Except(["By"]); // a word within the value of Forwarded
        var known = At("ReverseProxy:Routes:x:Transforms:0").AnyOf.SelectMany(kind => kind.Properties.Keys).Distinct();
        Assert.Equal(constants.Distinct().Order(), known.Order());
    }

    [Theory]
    [InlineData("ReverseProxy:Routes:x:Match:Headers:0:Mode", typeof(HeaderMatchMode))]
    [InlineData("ReverseProxy:Routes:x:Match:QueryParameters:0:Mode", typeof(QueryParameterMatchMode))]
    [InlineData("ReverseProxy:Clusters:x:HttpRequest:VersionPolicy", typeof(HttpVersionPolicy))]
    [InlineData("ReverseProxy:Clusters:x:SessionAffinity:Cookie:SameSite", typeof(Microsoft.AspNetCore.Http.SameSiteMode))]
    [InlineData("ReverseProxy:Clusters:x:SessionAffinity:Cookie:SecurePolicy", typeof(Microsoft.AspNetCore.Http.CookieSecurePolicy))]
    [InlineData("Kestrel:Endpoints:x:ClientCertificateMode", typeof(Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode))]
    public void KnowsEveryValueOfTheirEnumerations(string path, Type type) => Assert.Equal(System.Enum.GetNames(type).Order(), At(path).Enum.Order());

    [Fact]
    public void DescribesEveryKeyWithItsDefaultWhereItHasOne()
    {
        using var schema = JsonDocument.Parse(Text());
        var undescribed = Members(schema.RootElement).Where(m => !m.Schema.TryGetProperty("description", out var text) || text.GetString()!.Length < 5)
            .Where(m => !(m.Schema.TryGetProperty("$ref", out var r) && r.GetString() is { } name && Defined(schema, name).TryGetProperty("description", out _)))
            .Select(m => m.Name);
        Assert.Empty(undescribed);
        Assert.All(Members(schema.RootElement).Where(m => m.Schema.TryGetProperty("default", out _)), m =>
            Assert.Contains("Default: ", m.Schema.GetProperty("description").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public void UsesOnlyKeywordsThatTheWalkerUnderstands()
    {
        string[] understood =
        [
            "type", "properties", "additionalProperties", "items", "anyOf", "required", "enum", "pattern", "minimum", "maximum", "minLength", "minProperties", "maxProperties",
            "not", "writeOnly", "errorMessage", "patternErrorMessage", "examples", "$ref", "definitions", // read
            "$schema", "title", "description", "default", "doNotSuggest", // for people and editors
        ];
        using var schema = JsonDocument.Parse(Text());
        Assert.Empty(Keywords(schema.RootElement).Distinct().Except(understood));
    }

    private static JsonElement Defined(JsonDocument schema, string reference) =>
        schema.RootElement.GetProperty("definitions").GetProperty(reference["#/definitions/".Length..]);

    private static IEnumerable<(string Name, JsonElement Schema)> Members(JsonElement element) =>
        Schemas(element).Where(s => s.TryGetProperty("properties", out _)).SelectMany(s => s.GetProperty("properties").EnumerateObject()).Select(p => (p.Name, p.Value));

    private static IEnumerable<string> Keywords(JsonElement element) => Schemas(element).SelectMany(s => s.EnumerateObject().Select(p => p.Name));

    private static IEnumerable<JsonElement> Schemas(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        yield return schema;
        foreach (var keyword in schema.EnumerateObject())
        {
            IEnumerable<JsonElement> inner = keyword.Name switch
            {
                "properties" or "definitions" => keyword.Value.EnumerateObject().Select(p => p.Value),
                "additionalProperties" or "items" or "not" => [keyword.Value],
                "anyOf" => keyword.Value.EnumerateArray(),
                _ => [],
            };
            foreach (var found in inner.SelectMany(Schemas))
            {
                yield return found;
            }
        }
    }
}
