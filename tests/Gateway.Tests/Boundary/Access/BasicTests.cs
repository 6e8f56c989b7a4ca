using System.Net;
using System.Text;
using Gateway.Boundary.Access;
using Gateway.Configuration;
using Gateway.Tests.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Boundary.Access;

public sealed class BasicTests
{
    private const string Password = "correct horse: 电池";

    private static readonly AccessPolicy Policy = new("staff")
    {
        Basic = new Dictionary<string, PasswordHash>(StringComparer.Ordinal) { ["alice"] = PasswordHash.Of(Password) },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Basic(string credentials) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials));

    [Fact]
    public async Task TheRightPasswordIsTakenAndStaysHere()
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync("/", ("Authorization", Basic("alice:" + Password)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var received = Assert.Single(service.Received);
        Assert.Equal(("alice", "Basic"), (received.Headers["X-Authenticated-User"], received.Headers["X-Authenticated-By"]));
        Assert.False(received.Headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData("alice:wrong")]
    [InlineData("alice:")]
    [InlineData("alice")]
    [InlineData("Alice:correct horse: 电池")]
    [InlineData("bob:correct horse: 电池")]
    [InlineData(":correct horse: 电池")]
    public async Task AnythingElseIs401WithAChallenge(string credentials)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync("/", ("Authorization", Basic(credentials)));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Basic realm=\"gateway\", charset=\"UTF-8\"", response.Headers.WwwAuthenticate.ToString());
        Assert.Empty(service.Received);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic ***")]
    [InlineData("Basic //79")]
    public async Task WhatCannotBeReadIs401(string authorization)
    {
        await using var service = await GuardedService.StartAsync(Policy);

        using var response = await service.SendAsync("/", ("Authorization", authorization));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task APolicyMayTakeKeysAndPasswords()
    {
        var key = ApiKeyHash.CreateKey();
        await using var service = await GuardedService.StartAsync(Policy with { ApiKeys = [new ApiKeyOptions("app", ApiKeyHash.Of(key))] });

        using var byKey = await service.SendAsync("/", ("X-API-Key", key));
        using var byPassword = await service.SendAsync("/", ("Authorization", Basic("alice:" + Password)));
        using var byNothing = await service.SendAsync("/");

        Assert.Equal(HttpStatusCode.OK, byKey.StatusCode);
        Assert.Equal(HttpStatusCode.OK, byPassword.StatusCode);
        Assert.Equal(["Bearer", "Basic"], byNothing.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
    }

    [Fact]
    public async Task AfterTenWrongPasswordsAMinuteMustPassButWhoIsKnownGoesOn()
    {
        var time = new FakeTimeProvider();
        using var passwords = new Passwords(new FailedAttempts(time, new ListLogger<FailedAttempts>()));
        var (guesser, neighbour, member) = (IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::2"), IPAddress.Parse("192.0.2.1"));
        Assert.Equal(PasswordCheck.Right, await passwords.CheckAsync(Policy, "alice", Password, guesser, Cancellation));
        for (var i = 0; i < FailedAttempts.MostPasswords; i++)
        {
            Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync(Policy, i % 2 == 0 ? "alice" : "nobody", $"guess {i}", guesser, Cancellation));
        }

        Assert.Equal(PasswordCheck.TooMany, await passwords.CheckAsync(Policy, "alice", "guess", guesser, Cancellation));
        // The next address of the same network is the same guesser.
        Assert.Equal(PasswordCheck.TooMany, await passwords.CheckAsync(Policy, "alice", "guess", neighbour, Cancellation));
        Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync(Policy, "alice", "guess", member, Cancellation));
        Assert.Equal(PasswordCheck.Right, await passwords.CheckAsync(Policy, "alice", Password, guesser, Cancellation));

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync(Policy, "alice", "guess", guesser, Cancellation));
    }

    [Fact]
    public async Task AChangedPasswordIsNotRemembered()
    {
        using var passwords = new Passwords(new FailedAttempts(TimeProvider.System, new ListLogger<FailedAttempts>()));
        Assert.Equal(PasswordCheck.Right, await passwords.CheckAsync(Policy, "alice", Password, null, Cancellation));

        var changed = Policy with { Basic = new Dictionary<string, PasswordHash> { ["alice"] = PasswordHash.Of("new") } };

        Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync(changed, "alice", Password, null, Cancellation));
    }

    [Fact]
    public async Task MoreGuessersThanCanWaitAreTurnedAway()
    {
        using var passwords = new Passwords(new FailedAttempts(TimeProvider.System, new ListLogger<FailedAttempts>()));
        var checks = await Task.WhenAll(Enumerable.Range(0, 64).Select(i =>
            passwords.CheckAsync(Policy, "alice", $"guess {i}", IPAddress.Parse($"192.0.2.{i}"), Cancellation)));

        Assert.Contains(PasswordCheck.Busy, checks);
        Assert.Contains(PasswordCheck.Wrong, checks);
        Assert.Equal(PasswordCheck.Right, await passwords.CheckAsync(Policy, "alice", Password, null, Cancellation));
    }
}
