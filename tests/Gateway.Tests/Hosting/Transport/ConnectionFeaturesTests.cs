using Gateway.Hosting.Transport;

namespace Gateway.Tests.Hosting.Transport;

public sealed class ConnectionFeaturesTests
{
    // More than any connection has; their places in the table coincide.
    private static readonly Type[] Types = [.. typeof(object).Assembly.GetTypes().Where(t => t is { IsGenericTypeDefinition: false, IsByRefLike: false }).Take(63)];

    private readonly ConnectionFeatures _features = new();

    [Fact]
    public void EachIsFoundByItsType()
    {
        Fill();

        Assert.All(Types, type => Assert.Equal(type.FullName, _features[type]));
        Assert.Null(_features[typeof(ConnectionFeaturesTests)]);
    }

    [Fact]
    public void WhatIsTakenAwayIsGoneAndTheOthersAreNot()
    {
        Fill();

        for (var i = 0; i < Types.Length; i += 3)
        {
            _features[Types[i]] = null;
        }

        Assert.Equal(Types.Select((type, i) => i % 3 == 0 ? null : type.FullName), Types.Select(type => _features[type]));
        Assert.Equal(Types.Length - 21, _features.Count());
    }

    [Fact]
    public void WhatIsSetAgainTakesThePlaceOfTheFirst()
    {
        _features.Set("first");
        _features.Set("second");

        Assert.Equal("second", _features.Get<string>());
        Assert.Equal("second", Assert.Single(_features).Value);
        Assert.Equal(2, _features.Revision);
    }

    [Fact]
    public void OneTooManyIsSaidAtOnce()
    {
        Fill();

        Assert.Throws<InvalidOperationException>(() => _features.Set(this));
    }

    private void Fill()
    {
        foreach (var type in Types)
        {
            _features[type] = type.FullName;
        }
    }
}
