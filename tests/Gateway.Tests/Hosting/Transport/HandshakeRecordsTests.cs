using System.Buffers;
using System.IO.Pipelines;
using Gateway.Hosting.Transport;

namespace Gateway.Tests.Hosting.Transport;

public sealed class HandshakeRecordsTests
{
    private static readonly byte[] TwoRecords = [22, 3, 1, 0, 3, 1, 2, 3, 23, 3, 3, 0, 2, 4, 5];

    private readonly Pipe _client = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(15)]
    public async Task NoReadCrossesARecordHoweverTheBytesCome(int atOnce)
    {
        var records = new HandshakeRecords(_client.Reader);
        var first = new List<byte>();
        foreach (var part in TwoRecords.Chunk(atOnce))
        {
            await _client.Writer.WriteAsync(part, Token);
            while (first.Count < 8 && records.TryRead(out var read))
            {
                first.AddRange(read.Buffer.ToArray());
                records.AdvanceTo(read.Buffer.End);
            }
        }

        // What the handshake did not ask for is still there.
        Assert.Equal(TwoRecords[..8], first);
        Assert.Equal(TwoRecords[8..], (await _client.Reader.ReadAsync(Token)).Buffer.ToArray());
    }

    [Fact]
    public async Task ARecordWithoutContentIsFollowedByTheNextHeader()
    {
        var records = new HandshakeRecords(_client.Reader);
        await _client.Writer.WriteAsync(new byte[] { 22, 3, 1, 0, 0, 23, 3, 3, 0, 1, 9 }, Token);

        foreach (var expected in new byte[][] { [22, 3, 1, 0, 0], [23, 3, 3, 0, 1], [9] })
        {
            var read = await records.ReadAsync(Token);
            Assert.Equal(expected, read.Buffer.ToArray());
            records.AdvanceTo(read.Buffer.End);
        }
    }
}
