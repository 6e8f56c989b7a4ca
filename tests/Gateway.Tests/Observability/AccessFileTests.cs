using System.Buffers;
using System.Text;
using System.Text.Json;
using Gateway.Configuration;
using Gateway.Observability;
using Gateway.Tests.Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Observability;

public sealed class AccessFileTests : IDisposable
{
    private static readonly AccessRecord Record = new(
        new DateTimeOffset(2026, 11, 24, 9, 5, 3, 7, TimeSpan.FromHours(8)), "192.0.2.7", "alice", "GET", "chat.example.com", "/a%20b", "HTTP/1.1", 200, 1234,
        TimeSpan.FromMilliseconds(12.5), "https://app.example.com/page", "Mozilla/5.0 (X11)", "web", "http://127.0.0.1:3000", "id:1");

    private readonly TestFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private readonly ListLogger<AccessFile> _log = new();
    private readonly AccessFile _file;
    private readonly AccessLogOptions _options;

    public AccessFileTests()
    {
        _file = new AccessFile(_time, _log);
        _options = new AccessLogOptions(_folder["access.log"]);
    }

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void CombinedIsWhatApacheAndNginxWrite() => Assert.Equal(
        "192.0.2.7 - alice [24/Nov/2026:09:05:03 +0800] \"GET /a%20b HTTP/1.1\" 200 1234 \"https://app.example.com/page\" \"Mozilla/5.0 (X11)\"\n",
        Line(Record, AccessLogFormat.Combined));

    [Fact]
    public void WhatIsNotThereIsADash() => Assert.Equal(
        "- - - [24/Nov/2026:09:05:03 -0330] \"GET /a%20b HTTP/1.1\" 200 1234 \"-\" \"-\"\n",
        Line(Record with { Client = null, User = null, Referrer = null, UserAgent = "", Time = new DateTimeOffset(2026, 11, 24, 9, 5, 3, -new TimeSpan(3, 30, 0)) }, AccessLogFormat.Combined));

    [Theory]
    [InlineData("\" 200 1 \"-\" \"-\"\n203.0.113.1 - - [", @"\x22 200 1 \x22-\x22 \x22-\x22\x0A203.0.113.1 - - [")]
    [InlineData("a\\b\tc\u007f", @"a\x5Cb\x09c\x7F")]
    [InlineData("caf\u00e9", @"caf\xE9")]
    [InlineData("\u4e2d", @"\xE4\xB8\xAD")]
    public void NobodyForgesALine(string agent, string written)
    {
        var line = Line(Record with { UserAgent = agent }, AccessLogFormat.Combined);

        Assert.EndsWith($"\"{written}\"\n", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(c => c == '\n'));
    }

    [Fact]
    public void AUsersNameIsOneWord() =>
        Assert.StartsWith(@"192.0.2.7 - phone\x20app\x5B1\x5D [24", Line(Record with { User = "phone app[1]" }, AccessLogFormat.Combined), StringComparison.Ordinal);

    [Fact]
    public void JsonHasAllOfIt()
    {
        var line = Line(Record with { UserAgent = "a\"\n语" }, AccessLogFormat.Json);

        using var json = JsonDocument.Parse(line);
        Assert.Equal(1, line.Count(c => c == '\n'));
        Assert.Equal("2026-11-24T09:05:03.007+08:00", json.RootElement.GetProperty("time").GetString());
        Assert.Equal("a\"\n语", json.RootElement.GetProperty("user_agent").GetString());
        Assert.Equal(0.0125, json.RootElement.GetProperty("seconds").GetDouble());
        Assert.Equal(["time", "client", "user", "method", "host", "path", "protocol", "status", "bytes", "seconds", "referrer", "user_agent", "route", "destination", "request_id"],
            json.RootElement.EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("https://app.example.com/page?token=secret", "https://app.example.com/page")]
    [InlineData("https://app.example.com/page#token=secret", "https://app.example.com/page")]
    [InlineData("https://app.example.com/page;jsessionid=secret", "https://app.example.com/page")]
    [InlineData("https://alice:secret@app.example.com/page", "https://app.example.com/page")]
    [InlineData("https://alice:secret@app.example.com", "https://app.example.com")]
    [InlineData("https://app.example.com/@alice", "https://app.example.com/@alice")]
    [InlineData("about:client", "about:client")]
    [InlineData("@", "")]
    [InlineData("", null)]
    public void AReferrerHoldsNoSecrets(string referrer, string? written) => Assert.Equal(written, AccessRecord.WithoutSecrets(referrer));

    [Fact]
    public void LinesComeTogetherAfterAMoment()
    {
        Add(_options);
        Add(_options);
        Assert.False(File.Exists(_options.Path));

        Pass();

        Assert.Equal(2, Lines(_options.Path));
    }

    [Fact]
    public void TheEndWritesWhatWaits()
    {
        Add(_options);

        _file.Dispose();

        Assert.Equal(1, Lines(_options.Path));
    }

    [Fact]
    public void ANewFileBeginsAtTheSizeAndTheOldestGoes()
    {
        var size = Line(Record, AccessLogFormat.Combined).Length;
        var options = _options with { MaxSize = 3 * size, Keep = 2 };

        for (var i = 0; i < 10; i++)
        {
            Add(options);
            Pass();
        }

        Assert.Equal([1, 3, 3, 0], new[] { "", ".1", ".2", ".3" }.Select(end => Lines(options.Path + end)));
    }

    [Fact]
    public void ANewFileBeginsAtTheAge()
    {
        Add(_options);
        Pass();
        _time.Advance(TimeSpan.FromHours(23));
        Add(_options);
        Pass();
        _time.Advance(TimeSpan.FromHours(1));
        Add(_options);
        Pass();

        Assert.Equal((1, 2), (Lines(_options.Path), Lines(_options.Path + ".1")));
    }

    [Fact]
    public void KeepsNoneWhereNoneIsWanted()
    {
        Add(_options with { MaxSize = 1, Keep = 0 });
        Pass();
        Add(_options with { MaxSize = 1, Keep = 0 });
        Pass();

        Assert.Equal([_options.Path], Directory.GetFiles(_folder.Path));
        Assert.Equal(1, Lines(_options.Path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GoesOnInANewFileWhenLogrotateHasRenamedIt(bool create)
    {
        Add(_options);
        Pass();
        File.Move(_options.Path, _folder["access.log-20261124"]);
        if (create)
        {
            File.WriteAllText(_options.Path, "");
        }

        Add(_options);
        Pass();

        Assert.Equal((1, 1), (Lines(_options.Path), Lines(_folder["access.log-20261124"])));
    }

    [Fact]
    public void GoesOnAtTheBeginningWhenItWasEmptied()
    {
        Add(_options);
        Pass();
        using (var emptied = new FileStream(_options.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            emptied.SetLength(0);
        }

        Add(_options);
        Pass();

        Assert.StartsWith("192.0.2.7", File.ReadAllText(_options.Path), StringComparison.Ordinal);
        Assert.Equal(1, Lines(_options.Path));
    }

    [Fact]
    public void SaysOnceThatItCannotWriteCountsAndRecovers()
    {
        var options = _options with { Path = _folder["later/access.log"] };
        for (var i = 0; i < 3; i++)
        {
            Add(options);
            Pass();
        }

        Assert.Equal(3, _file.Dropped);
        Assert.Contains("cannot be written", Assert.Single(_log.Errors), StringComparison.Ordinal);

        // What fits into the rest of a full disk is no recovery.
        Directory.CreateDirectory(_folder["later"]);
        Add(options);
        Pass();
        Assert.DoesNotContain(_log.Entries, entry => entry.Level == LogLevel.Warning);

        _time.Advance(TimeSpan.FromSeconds(5));
        Add(options);
        Pass();

        Assert.Equal(2, Lines(options.Path));
        Assert.Contains("is written again; 3 lines were lost", Assert.Single(_log.Entries, entry => entry.Level == LogLevel.Warning).Text, StringComparison.Ordinal);
        Assert.Equal(3, _file.Dropped);
    }

    [Fact]
    public void GoesOnInTheOldFileWhenNoNewOneCanBeBegun()
    {
        // In the way of the name that the old file would get.
        Directory.CreateDirectory(_options.Path + ".1");
        File.WriteAllText(Path.Combine(_options.Path + ".1", "file"), "");
        for (var i = 0; i < 3; i++)
        {
            Add(_options with { MaxSize = 1, Keep = 1 });
            Pass();
        }

        Assert.Equal(3, Lines(_options.Path));
        Assert.Equal(0, _file.Dropped);
        Assert.Contains("No new file can be begun", Assert.Single(_log.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void TheFolderMustBeThere()
    {
        var wrong = new GatewayConfiguration { Gateway = new GatewayOptions { AccessLog = _options with { Path = _folder["nowhere/access.log"] } } };
        var right = new GatewayConfiguration { Gateway = new GatewayOptions { AccessLog = _options } };

        Assert.Contains("there is no such folder", Assert.Single(AccessLogValidator.Validate(wrong)).ToString(), StringComparison.Ordinal);
        Assert.Empty(AccessLogValidator.Validate(right));
    }

    [Fact]
    public void ChangedOptionsAreForTheLinesBehindThem()
    {
        Add(_options);
        Add(_options with { Format = AccessLogFormat.Json });
        Add(_options with { Path = _folder["other.log"] });
        Pass();

        var lines = File.ReadAllLines(_options.Path);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("192.0.2.7", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("{", lines[1], StringComparison.Ordinal);
        Assert.Equal(1, Lines(_folder["other.log"]));
    }

    private static string Line(AccessRecord record, AccessLogFormat format)
    {
        var line = new ArrayBufferWriter<byte>();
        AccessLine.Write(record, format, line);
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }

    private static int Lines(string path) => File.Exists(path) ? File.ReadAllLines(path).Length : 0;

    private void Add(AccessLogOptions options) => _file.Add(Record, options);

    private void Pass() => _time.Advance(TimeSpan.FromMilliseconds(100));
}
