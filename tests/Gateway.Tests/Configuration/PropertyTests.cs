using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Gateway.Configuration;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Configuration;

public sealed class PropertyTests
{
    private static readonly (string Key, string Path)[] KeysOfEverything = [.. KnownKeys()];

    [Property(MaxTest = 200)]
    public Property ReadsWhatAspNetCoreReads() => Prop.ForAll(Arb.From(Json(4)), json =>
    {
        var text = new JsonObject { ["root"] = json() }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        var bytes = Encoding.UTF8.GetBytes(text);
        var theirs = new ConfigurationBuilder().AddJsonStream(new MemoryStream(bytes)).Build();
        var errors = new ConfigurationErrors();
        var ours = new ConfigurationBuilder().AddInMemoryCollection(JsonTree.Read(bytes, "gateway.json", errors)!.Flatten()).Build();

        Assert.Empty(errors.InOrder());
        Assert.Equal(theirs.AsEnumerable().OrderBy(p => p.Key, StringComparer.Ordinal), ours.AsEnumerable().OrderBy(p => p.Key, StringComparer.Ordinal));
    });

    [Property(MaxTest = 200)]
    public void EveryNodeStandsWhereItsLocationSays(byte seed, NonNegativeInt blanks)
    {
        var text = $"{{\n{new string(' ', blanks.Get % 40)}\"语 {seed}\": [ \"文\", {{ \"k\": 1 }} ] }}";
        var lines = text.Split('\n');
        var pending = new Stack<ConfigurationNode>([JsonTree.Read(Encoding.UTF8.GetBytes(text), "f", new ConfigurationErrors())!]);
        while (pending.TryPop(out var node))
        {
            foreach (var child in node.Children)
            {
                var there = lines[child.Location.Line - 1][(child.Location.Column - 1)..];
                Assert.StartsWith(node.Kind == NodeKind.Array ? child.Kind == NodeKind.String ? "\"" : "{" : $"\"{child.Key}\"", there, StringComparison.Ordinal);
                pending.Push(child);
            }
        }
    }

    [Property(MaxTest = 150)]
    public void NoBytesMakeItThrow(byte[] bytes, string name, string value) =>
        Assert.NotNull(ConfigurationText.Read(bytes, ("GATEWAY_" + name, value), ("ENABLE_SSL", value)));

    [Property(MaxTest = 150)]
    public void NoDamageToAValidFileMakesItThrow(PositiveInt position, byte replacement, bool cut)
    {
        var bytes = Encoding.UTF8.GetBytes(EverythingTests.Text());
        var at = position.Get * 7919 % bytes.Length;
        bytes[at] = replacement;
        var result = ConfigurationText.Read(cut ? bytes[..at] : bytes);
        Assert.All(result.Errors, error => Assert.DoesNotContain("YARP cannot read", error.Rule, StringComparison.Ordinal));
    }

    [Property(MaxTest = 150)]
    public void NoValueInAKnownPlaceMakesItThrow(PositiveInt key, int kind, string? text, int number)
    {
        var document = JsonNode.Parse(EverythingTests.Text())!;
        var (name, path) = KeysOfEverything[key.Get % KeysOfEverything.Length];
        Parent(document, path)[name] = (kind & 7) switch
        {
            0 => null,
            1 => text,
            2 => number,
            3 => (number & 1) == 0,
            4 => new JsonArray(text, number),
            5 => new JsonObject { [text ?? ""] = number },
            6 => "http://" + text,
            _ => new JsonArray(),
        };
        var result = ConfigurationText.Read(document.ToJsonString());
        Assert.All(result.Errors, error => Assert.DoesNotContain("YARP cannot read", error.Rule, StringComparison.Ordinal));
    }

    [Property(MaxTest = 300)]
    public void ASingleTypoIsExactlyOneErrorThatSuggestsTheRightKey(PositiveInt key, PositiveInt place, int edit, char letter)
    {
        var document = JsonNode.Parse(EverythingTests.Text())!;
        var (name, path) = KeysOfEverything[key.Get % KeysOfEverything.Length];
        var parent = Parent(document, path);
        var typo = Typo(name, place.Get, edit, (char)('a' + (letter % 26)));
        if (parent.ContainsKey(typo) || IsKnown(typo))
        {
            return;
        }

        var value = parent[name]!.DeepClone();
        parent.Remove(name);
        parent[typo] = value;

        var error = Assert.Single(ConfigurationText.Errors(document.ToJsonString()));
        Assert.Contains($":{typo}: unknown key; did you mean '{name}'?", ":" + error[(error.IndexOf(": ", StringComparison.Ordinal) + 2)..], StringComparison.Ordinal);
    }

    // Keys that differ even without case: ASP.NET Core would join two that do not, and ours reports them.
    private static Gen<Func<JsonNode?>> Json(int depth)
    {
        var key = Gen.Elements("a", "b", "Key", "key 2", "语", "0", "7", "", "$schema", "Microsoft.AspNetCore", "e\u0301");
        Gen<Func<JsonNode?>> leaf = Gen.OneOf(
            ArbMap.Default.GeneratorFor<string>().Select<string, Func<JsonNode?>>(text => () => text is null ? null : JsonValue.Create(Valid(text))),
            ArbMap.Default.GeneratorFor<double>().Where(double.IsFinite).Select<double, Func<JsonNode?>>(number => () => JsonValue.Create(number)),
            ArbMap.Default.GeneratorFor<bool>().Select<bool, Func<JsonNode?>>(truth => () => JsonValue.Create(truth)),
            Gen.Constant<Func<JsonNode?>>(() => null));
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Json(depth - 1);
        return Gen.OneOf(
            leaf,
            inner.ListOf().Select<List<Func<JsonNode?>>, Func<JsonNode?>>(items => () => new JsonArray([.. items.Take(5).Select(item => item())])),
            key.Zip(inner).ListOf().Select<List<(string, Func<JsonNode?>)>, Func<JsonNode?>>(members => () =>
                new JsonObject(members.Take(5).DistinctBy(m => m.Item1.ToUpperInvariant()).Select(m => KeyValuePair.Create(m.Item1, m.Item2())))));
    }

    // FsCheck makes halves of surrogate pairs too; those are no text.
    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string Typo(string name, int place, int edit, char letter)
    {
        var at = place % name.Length;
        return (edit & 3) switch
        {
            0 => name.Remove(at, 1),
            1 => name.Insert(at, letter.ToString()),
            2 => name.Remove(at, 1).Insert(at, letter.ToString()),
            _ => at + 1 < name.Length ? name[..at] + name[at + 1] + name[at] + name[(at + 2)..] : name + letter,
        };
    }

    private static bool IsKnown(string typo) => typo.Length == 0 || KeysOfEverything.Any(k => k.Key.Equals(typo, StringComparison.OrdinalIgnoreCase));

    private static JsonObject Parent(JsonNode document, string path)
    {
        foreach (var key in path.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            document = document is JsonArray list ? list[int.Parse(key, null)]! : document[key]!;
        }

        return document.AsObject();
    }

    /// <summary>Each key in Everything.json that the schema knows, with the way to its object.</summary>
    private static IEnumerable<(string Key, string Path)> KnownKeys()
    {
        return Walk(JsonNode.Parse(EverythingTests.Text())!, Schema.Root, "");

        static IEnumerable<(string, string)> Walk(JsonNode? node, Schema? schema, string path)
        {
            var members = node switch
            {
                JsonObject o => o.Select(member => (member.Key, member.Value)),
                JsonArray list => list.Select((item, i) => (Key: i.ToString(System.Globalization.CultureInfo.InvariantCulture), Value: item)),
                _ => [],
            };
            foreach (var (key, value) in members)
            {
                if (schema is null)
                {
                    yield break;
                }

                if (node is JsonObject && IsNamed(schema, key))
                {
                    yield return (key, path);
                }

                foreach (var below in Walk(value, schema.For(key), path + "\n" + key))
                {
                    yield return below;
                }
            }
        }

        static bool IsNamed(Schema schema, string key) => schema.Properties.ContainsKey(key) || schema.AnyOf.Any(kind => IsNamed(kind, key));
    }
}
