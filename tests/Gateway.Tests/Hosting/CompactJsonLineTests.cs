using System.Text.Json;
using Gateway.Hosting;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Gateway.Tests.Hosting;

public sealed class CompactJsonLineTests
{
    private sealed class Lines : ILogEventSink
    {
        public List<string> All { get; } = [];

        public void Emit(LogEvent logEvent)
        {
            using var text = new StringWriter();
            new CompactJsonLine().Format(logEvent, text);
            All.Add(text.ToString());
        }
    }

    [Fact]
    public void AnEventIsOneLineOfJsonWithAMessageThatAPersonCanRead()
    {
        var lines = new Lines();
        using var logger = new LoggerConfiguration().WriteTo.Sink(lines).CreateLogger();

        logger.Warning(new IOException("disk\nfull"), "The service {Service} said {Status} to \"{Path}\"", "voice", 502, "/a\nb");

        var line = Assert.Single(lines.All);
        Assert.Equal(line.Length - Environment.NewLine.Length, line.IndexOf('\n', StringComparison.Ordinal));
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal("The service voice said 502 to \"/a\nb\"", root.GetProperty("@m").GetString());
        Assert.Equal("Warning", root.GetProperty("@l").GetString());
        Assert.Contains("disk\nfull", root.GetProperty("@x").GetString(), StringComparison.Ordinal);
        Assert.Equal("voice", root.GetProperty("Service").GetString());
        Assert.Equal(502, root.GetProperty("Status").GetInt32());
        Assert.Equal(TimeSpan.Zero, root.GetProperty("@t").GetDateTimeOffset().Offset);
    }
}
