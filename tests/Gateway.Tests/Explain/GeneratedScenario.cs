using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Gateway.Configuration;

namespace Gateway.Tests.Explain;

/// <summary>What the scenarios of one run share.</summary>
/// <param name="Services">Addresses; two clusters have one each, and a third has both.</param>
/// <param name="Folder">With <c>leaf.pem</c>, <c>leaf.key</c>, <c>site/index.html</c>, <c>site/app.js</c> and a file <c>maintenance</c>.</param>
internal sealed record Surroundings(IReadOnlyList<string> Services, string Folder, int HttpsPort, int HttpPort);

/// <summary>A configuration, and a request that may or may not get through it.</summary>
/// <param name="File">gateway.json.</param>
/// <param name="RequestUrl">With the port of one of its endpoints.</param>
internal sealed record GeneratedScenario(JsonObject File, string RequestUrl, string Method, IReadOnlyList<string> Headers, int BodySize)
{
    private const string Key = "correct-horse-battery-staple";

    private static readonly string Password = PasswordHash.Of("secret").ToString();

    private static readonly string[] Hosts = ["a.example", "b.example", "x.c.example", "y.x.c.example", "A.Example"];

    private static readonly string[] Templates =
    [
        "/{**rest}", "/{**rest}", "/{**rest}", "/{**rest}", "/{**rest}", "/api/{**rest}", "/api/{**rest}", "/api/{id}", "/api/{id:int}", "/api/v1/{**rest}", "/files/{name}.{ext}", "/exact", "/exact/", "/a/b/c", "/{first}/x", "/{first}/{second?}",
    ];

    private static readonly string[] Paths =
    [
        "/", "/", "/api/1", "/api/one", "/api", "/API/one", "/api/v1/deep/er", "/exact", "/exact/", "/a/b/c", "/a/x", "/files/a.txt", "/app.js", "/index.html", "/nothing.png",
        "/api/one?mode=a&x=1", "/api/one?x=%2f&x=2", "/?mode=b", "/api?key=" + Key, "/api/one?", "/api/%E4%B8%AD", "/api/中", "/api/a+b", "/api/a%20b", "/api/one;v=1", "/a//b", "//a/b/c", "/%61pi/one",
        "/api/../exact", "/api/./one", "/api/%2e%2e/exact", "/..", "/api/a%2fb",
    ];

    private static readonly string[] MalformedPaths =
        ["/api/a%2fb", "/api/a%2Fb%2F..%2Fc", "/api/..;/x", "/api/..%3b/x", "/api/%00", "/api/%zz", "/api/%", "/api/back\\slash", "/api/%5c", "/api/%C0%AF"];

    private static readonly string[][] HeaderSets =
    [
        [], [], [], [], [], ["X-Mode: a"], ["X-Mode: b"], ["X-Forwarded-For: 198.51.100.7, 10.1.1.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: b.example"], ["X-API-Key: " + Key], ["X-API-Key: wrong"],
        ["Authorization: Bearer " + Key], ["Authorization: Bearer other"], ["Authorization: Basic " + Convert.ToBase64String("alice:secret"u8)], ["X-Real-IP: 1.2.3.4", "X_Forwarded_For: 9.9.9.9", "Forwarded: for=1.1.1.1"],
        ["Connection: X-Secret, close", "X-Secret: 1"], ["Accept: text/html", "Cookie: a=1; b=2", "User-Agent: test/1 (x)"], ["Upgrade: h2c", "Connection: Upgrade"], ["TE: trailers", "Accept-Encoding: gzip"],
        ["Host: b.example"], ["Host: a b"], ["X-Long: " + new string('x', 1500)], ["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"], ["Origin: https://evil.example", "Access-Control-Request-Method: PUT"],
    ];

    private static readonly string[] Origins = ["", "", "", "", "", "", "https://a.example", "https://evil.example", "https://app.friend.example"];

    /// <summary>Valid by their form; a few have two routes that take the same, which the gateway refuses to load.</summary>
    public static IReadOnlyList<GeneratedScenario> Some(Surroundings surroundings, ulong seed, int count) =>
        [.. Gen.Sample(Any(surroundings), count, new Rnd(seed, 1), 10)];

    public override string ToString() =>
        $"{Method} {RequestUrl} {string.Join(" | ", Headers)} body {BodySize}\n{File.ToJsonString(new JsonSerializerOptions { WriteIndented = true })}";

    private static Gen<GeneratedScenario> Any(Surroundings surroundings) =>
        from routes in Route(surroundings).NonEmptyListOf().Resize(6)
        from gateway in Settings(surroundings)
        from allowed in Often(14, JsonValue.Create("*"), new JsonArray("a.example", "*.c.example"), JsonValue.Create("b.example;a.example"))
        from kind in Gen.Elements("https", "https", "https", "https", "http", "wss", "wss", "ws")
        from host in Gen.Elements(Hosts)
        from path in Gen.Frequency((6, Gen.Elements(Paths)), (1, Gen.Elements(MalformedPaths)))
        from method in Gen.Frequency((6, Gen.Constant("GET")), (4, Gen.Elements("POST", "POST", "PUT", "PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "PATCH", "PURGE")))
        from headers in Gen.Elements(HeaderSets)
        from origin in Gen.Elements(Origins)
        from body in Gen.Elements(0, 0, 20)
        select Assemble(surroundings, routes, gateway, allowed, kind, host, path, method, headers, origin, body);

    private static GeneratedScenario Assemble(
        Surroundings surroundings, List<JsonObject> routes, JsonObject gateway, JsonNode? allowed, string kind, string host, string path, string method, string[] headers, string origin, int body)
    {
        var isSocket = kind is "ws" or "wss";
        var (port, bodySize) = (kind is "https" or "wss" ? surroundings.HttpsPort : surroundings.HttpPort, isSocket || method is "GET" or "HEAD" or "TRACE" ? 0 : body);
        var root = new JsonObject
        {
            ["Kestrel"] = new JsonObject
            {
                ["Endpoints"] = new JsonObject
                {
                    ["https"] = new JsonObject { ["Url"] = $"https://127.0.0.1:{surroundings.HttpsPort}" },
                    ["http"] = new JsonObject { ["Url"] = $"http://127.0.0.1:{surroundings.HttpPort}" },
                },
            },
            ["ReverseProxy"] = new JsonObject
            {
                ["Routes"] = new JsonObject(routes.Select((route, index) => KeyValuePair.Create($"r{index}", (JsonNode?)route.DeepClone()))),
                ["Clusters"] = Clusters(surroundings),
            },
            ["Gateway"] = gateway.DeepClone(),
        };
        if (allowed is not null)
        {
            root["AllowedHosts"] = allowed.DeepClone();
        }

        string[] all = [.. headers.Where(header => !isSocket || !header.StartsWith("Connection:", StringComparison.Ordinal)), .. origin.Length > 0 ? [$"Origin: {origin}"] : Array.Empty<string>(), .. bodySize > 0 ? [$"Content-Length: {bodySize}"] : Array.Empty<string>()];
        return new GeneratedScenario(root, $"{kind}://{host}:{port}{path}", isSocket ? "GET" : method, all, bodySize);
    }

    private static JsonObject Clusters(Surroundings surroundings) => new()
    {
        ["one"] = new JsonObject { ["Destinations"] = new JsonObject { ["d"] = new JsonObject { ["Address"] = surroundings.Services[0] } } },
        ["two"] = new JsonObject { ["Destinations"] = new JsonObject { ["d"] = new JsonObject { ["Address"] = surroundings.Services[1] + "/base/", ["Host"] = "inner.example" } } },
        ["both"] = new JsonObject
        {
            ["LoadBalancingPolicy"] = "FirstAlphabetical",
            ["SessionAffinity"] = new JsonObject { ["Enabled"] = true, ["AffinityKeyName"] = "stay" },
            ["Destinations"] = new JsonObject
            {
                ["z"] = new JsonObject { ["Address"] = surroundings.Services[0] },
                ["a"] = new JsonObject { ["Address"] = surroundings.Services[1] },
            },
        },
    };

    private static Gen<JsonObject> Route(Surroundings surroundings) =>
        from template in Gen.Elements(Templates)
        from hosts in Often(9, new JsonArray("a.example"), new JsonArray("*.c.example", "b.example"), new JsonArray($"a.example:{surroundings.HttpsPort}"))
        from methods in Often(9, new JsonArray("GET"), new JsonArray("POST", "PUT"), new JsonArray("OPTIONS", "GET", "HEAD"))
        from headers in Often(24, Json("""[{ "Name": "X-Mode", "Values": ["a"] }]"""), Json("""[{ "Name": "X-Mode", "Mode": "NotExists" }]"""), Json("""[{ "Name": "X-Mode", "Values": ["A"], "Mode": "HeaderPrefix", "IsCaseSensitive": true }]"""))
        from query in Often(24, Json("""[{ "Name": "mode", "Values": ["a"] }]"""), Json("""[{ "Name": "mode", "Mode": "Exists" }]"""))
        from order in Often(4, JsonValue.Create(-1), JsonValue.Create(7))
        from policy in Often(8, JsonValue.Create("office"), JsonValue.Create("here"), JsonValue.Create("keys"), JsonValue.Create("keys"))
        from people in Gen.Frequency((30, Gen.Constant(false)), (1, Gen.Constant(true)))
        from size in Often(6, JsonValue.Create(10), JsonValue.Create(1000), JsonValue.Create(-1))
        from timeout in Often(6, JsonValue.Create("00:00:30"))
        from cluster in Gen.Elements("one", "one", "two", "both")
        from sockets in Gen.Elements(true, true, false)
        from slashes in Gen.Elements(true, false, false)
        from answer in Often(24, Json("""{ "Status": 404 }"""), Json("""{ "Status": 200, "Text": "hello" }"""), Json("""{ "Redirect": "https://new.example{uri}" }"""), Json("""{ "Redirect": "/moved{query}", "Status": 302 }"""))
        from transforms in Gen.Elements(Transforms(template)).ListOf().Resize(4)
        select Route(template, hosts, methods, headers, query, order, people ? JsonValue.Create("people") : policy, size, timeout, cluster, sockets, slashes, answer, transforms);

    private static JsonObject Route(
        string template, JsonNode? hosts, JsonNode? methods, JsonNode? headers, JsonNode? query, JsonNode? order, JsonNode? policy, JsonNode? size, JsonNode? timeout,
        string cluster, bool sockets, bool slashes, JsonNode? answer, List<string> transforms)
    {
        var metadata = (answer?.DeepClone() as JsonObject) ?? new JsonObject();
        metadata["WebSockets"] = sockets;
        metadata["EncodedSlashes"] = slashes;
        var match = new JsonObject { ["Path"] = template };
        Put(match, ("Hosts", hosts), ("Methods", methods), ("Headers", headers), ("QueryParameters", query));
        var route = new JsonObject { ["Match"] = match, ["Metadata"] = metadata, ["Transforms"] = new JsonArray([.. transforms.Select(Json)]) };
        if (answer is null)
        {
            route["ClusterId"] = cluster;
        }

        Put(route, ("Order", order), ("AuthorizationPolicy", policy), ("MaxRequestBodySize", size), ("Timeout", timeout));
        return route;
    }

    private static string[] Transforms(string template) =>
    [
        """{ "PathRemovePrefix": "/api" }""", """{ "PathPrefix": "/before" }""", """{ "PathSet": "/set" }""", template.Contains("rest", StringComparison.Ordinal) ? """{ "PathPattern": "/my/{**rest}" }""" : """{ "PathPattern": "/fixed" }""",
        """{ "QueryValueParameter": "added", "Append": "1" }""", """{ "QueryRemoveParameter": "x" }""", """{ "RequestHeader": "X-Mode", "Append": "more" }""", """{ "RequestHeader": "X-New", "Set": "new" }""",
        """{ "RequestHeaderRemove": "Cookie" }""", """{ "RequestHeadersAllowed": "Host;Accept" }""", """{ "RequestHeaderOriginalHost": "false" }""", """{ "X-Forwarded": "Append" }""", """{ "X-Forwarded": "Remove", "For": "Set" }""",
        """{ "Forwarded": "for,host,proto", "ForFormat": "Ip" }""", """{ "ResponseHeader": "X-Answer", "Set": "yes", "When": "Always" }""", """{ "ResponseHeaderRemove": "Server" }""", """{ "HttpMethodChange": "PUT", "Set": "POST" }""",
        """{ "RequestHeadersCopy": "false" }""", """{ "ResponseHeadersAllowed": "Content-Length" }""",
    ];

    private static Gen<JsonObject> Settings(Surroundings surroundings) =>
        from redirect in Gen.Elements(true, false, false, false, false, false)
        from proxies in Often(3, new JsonArray("127.0.0.0/8"), new JsonArray("127.0.0.1", "10.0.0.0/8"))
        from origins in Often(2, new JsonArray("https://*.friend.example"), new JsonArray("*"))
        from files in Often(5, new JsonObject { ["Root"] = Path.Combine(surroundings.Folder, "site") }, new JsonObject { ["Root"] = Path.Combine(surroundings.Folder, "site"), ["Fallback"] = "index.html", ["AuthorizationPolicy"] = "here" })
        from maintenance in Gen.Frequency((40, Gen.Constant("off")), (1, Gen.Constant("maintenance")))
        from body in Often(8, JsonValue.Create(15), JsonValue.Create(5000))
        from headers in Often(4, JsonValue.Create(1024))
        from security in Often(2, JsonValue.Create("off"), JsonValue.Create("max-age=5"))
        from compression in Gen.Elements(true, false)
        from strict in Gen.Frequency((20, Gen.Constant(false)), (1, Gen.Constant(true)))
        select Settings(surroundings, redirect, proxies, origins, files, maintenance, body, headers, security, compression, strict);

    private static JsonObject Settings(
        Surroundings surroundings, bool redirect, JsonNode? proxies, JsonNode? origins, JsonNode? files, string maintenance, JsonNode? body, JsonNode? headers, JsonNode? security, bool compression, bool strict)
    {
        var limits = new JsonObject();
        Put(limits, ("MaxRequestBodySize", body), ("MaxRequestHeadersSize", headers));
        var sockets = new JsonObject();
        Put(sockets, ("AllowedOrigins", origins));
        var gateway = new JsonObject
        {
            ["Certificates"] = new JsonArray(new JsonObject { ["Path"] = Path.Combine(surroundings.Folder, "leaf.pem"), ["KeyPath"] = Path.Combine(surroundings.Folder, "leaf.key") }),
            ["StateDirectory"] = Path.Combine(surroundings.Folder, "state"),
            ["HttpsRedirect"] = redirect,
            ["Maintenance"] = Path.Combine(surroundings.Folder, maintenance),
            ["Compression"] = compression,
            ["StrictSni"] = strict,
            ["Limits"] = limits,
            ["WebSockets"] = sockets,
            ["Access"] = new JsonObject
            {
                ["office"] = new JsonObject { ["Allow"] = new JsonArray("198.51.100.0/24", "10.0.0.0/8") },
                ["here"] = new JsonObject { ["Allow"] = new JsonArray("127.0.0.1"), ["Deny"] = new JsonArray("127.0.0.2") },
                ["keys"] = new JsonObject
                {
                    ["ApiKeys"] = new JsonArray(new JsonObject { ["Name"] = "phone", ["Hash"] = ApiKeyHash.Of(Key).ToString() }),
                    ["Query"] = "key",
                    ["AllowPreflight"] = true,
                },
                ["people"] = new JsonObject { ["Basic"] = new JsonObject { ["alice"] = Password } },
            },
        };
        Put(gateway, ("TrustedProxies", proxies), ("StaticFiles", files), ("StrictTransportSecurity", security));
        return gateway;
    }

    private static void Put(JsonObject target, params ReadOnlySpan<(string Key, JsonNode? Value)> members)
    {
        foreach (var (key, value) in members)
        {
            if (value is not null)
            {
                target[key] = value.DeepClone();
            }
        }
    }

    // Nothing, this many times as often as each of the others.
    private static Gen<JsonNode?> Often(int nothing, params JsonNode?[] others) =>
        Gen.Frequency([(nothing, Gen.Constant<JsonNode?>(null)), .. others.Select(other => (1, Gen.Constant(other)))]);

    private static JsonNode Json(string text) => JsonNode.Parse(text)!;
}
