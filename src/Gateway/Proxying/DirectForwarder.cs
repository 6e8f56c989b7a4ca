using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gateway.Platform;
using Gateway.Proxying.Services;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Proxying;

/// <summary>
/// Forwards a request without a body whose route changes nothing in it: most requests. From the client's headers to the service's connection and back,
/// without the messages of HttpClient and the transforms that YARP's forwarder needs, a small request costs a fifth less. What the service and the client
/// see is the same.
/// </summary>
/// <param name="client">Has the connections.</param>
/// <param name="failures">Settles what has failed.</param>
/// <param name="time">Clock of the time to answer.</param>
internal sealed class DirectForwarder(Http11Client client, FailedForwarding failures, TimeProvider time)
{
    // The answer's head and what comes with it are one write to the client, from a buffer no larger than that: over HTTP/2 many wait for their turn.
    // After that the body is received where it is sent from.
    private const int FirstPiece = 16 * 1024;
    private const int Piece = 64 * 1024;

    private readonly ConcurrentDictionary<string, Address> _addresses = new();
    private readonly ForwardingLimit.Pool _limits = new(time);
    // Most requests go where the one before has gone.
    private Address? _last;

    /// <summary>Whether this request may go this way.</summary>
    /// <param name="context">Of a request that opens no WebSocket and has no body.</param>
    /// <param name="proxy">Its route and cluster.</param>
    /// <param name="destination">The service's address.</param>
    public static bool Suits(HttpContext context, IReverseProxyFeature proxy, string destination) =>
        destination.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        && proxy.Route.Config.Transforms is not { Count: > 0 }
        && proxy.Cluster.Config is { HttpRequest: null, SessionAffinity: not { Enabled: true } } cluster
        && (cluster.HttpClient is null || cluster.HttpClient == HttpClientConfig.Empty)
        && !NamesHost(proxy.AllDestinations)
        && !HttpMethods.IsConnect(context.Request.Method)
        && Activity.Current is null;

    /// <summary>Sends the request and its answer, or says in <see cref="IForwarderErrorFeature"/> why not, as YARP's forwarder does.</summary>
    /// <param name="context">Suitable.</param>
    /// <param name="destination">The service's address.</param>
    /// <param name="target">At the service.</param>
    /// <param name="isSecond">It has been sent before: no connection of the pool again.</param>
    /// <param name="silence">How long the service may be silent, or the client take nothing.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    public async Task<ForwarderError> SendAsync(
        HttpContext context, string destination, string target, bool isSecond, TimeSpan silence, CancellationToken cancellationToken)
    {
        context.Features.Find<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var limit = _limits.Begin(silence, context.RequestAborted, cancellationToken);
        Http11Connection connection;
        AnswerHead head;
        while (true)
        {
            try
            {
                var address = Find(destination);
                var request = RequestHead.Write(context.Request, address.Path.Length == 0 ? target : address.Path + target, address.Host);
                connection = await client.TakeAsync(address.Kept, isSecond, limit.Token);
                head = await connection.AskAsync(request, limit.Token);
                limit.Renew();
                break;
            }
            catch (Exception exception)
            {
                var error = Fail(context, limit, exception);
                if (!SecondAttempt.TryBegin(context))
                {
                    return failures.Settle(context, error);
                }

                isSecond = true;
                limit.Renew();
            }
        }

        var isForHead = HttpMethods.IsHead(context.Request.Method);
        ReadOnlyMemory<byte> whole;
        AnswerBody? body;
        bool isWhole;
        try
        {
            if (head.Status == StatusCodes.Status101SwitchingProtocols)
            {
                connection.Abort();
                return Fail(context, ForwarderError.UpgradeResponseClient, StatusCodes.Status502BadGateway, new InvalidOperationException("Nobody has asked for another protocol."));
            }

            AnswerHeaders.Copy(head, context);
            isWhole = connection.TryOpenWhole(head, isForHead, out whole);
            body = isWhole ? null : connection.Open(head, isForHead, message: null);
        }
        catch (Exception exception)
        {
            connection.Abort();
            context.Response.Clear();
            return Fail(context, ForwarderError.ResponseHeaders, StatusCodes.Status502BadGateway, exception);
        }

        var broken = isWhole ? await WriteAsync(whole, connection, context, limit)
            : body is null ? ForwarderError.None
            : await CopyBodyAsync(body, context, limit);
        return broken == ForwarderError.None ? broken : failures.Settle(context, broken);
    }

    private Address Find(string destination) =>
        _last is { } last && ReferenceEquals(last.Text, destination)
            ? last
            : _last = _addresses.GetOrAdd(destination, static (text, client) => new Address(text, client), client);

    private static bool NamesHost(IReadOnlyList<DestinationState> destinations)
    {
        for (var i = 0; i < destinations.Count; i++)
        {
            if (destinations[i].Model.Config.Host is not null)
            {
                return true;
            }
        }

        return false;
    }

    // What the connection has in its buffer: no other buffer, no copy.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ForwarderError> WriteAsync(ReadOnlyMemory<byte> whole, Http11Connection connection, HttpContext context, ForwardingLimit limit)
    {
        try
        {
            await context.Response.Body.WriteAsync(whole, limit.Token);
            return ForwarderError.None;
        }
        catch (Exception exception)
        {
            return BreakOff(context, limit.IsGivenUp ? ForwarderError.ResponseBodyCanceled : ForwarderError.ResponseBodyClient, exception);
        }
        finally
        {
            connection.CompleteWhole();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ForwarderError> CopyBodyAsync(AnswerBody body, HttpContext context, ForwardingLimit limit)
    {
        var isWriting = false;
        try
        {
            for (var isFirst = true; ; isFirst = false)
            {
                // Nobody holds a buffer while nothing comes.
                var waiting = body.ReadAsync(Memory<byte>.Empty, limit.Token);
                if (!waiting.IsCompletedSuccessfully)
                {
                    await waiting;
                }

                if (body.IsEnded)
                {
                    break;
                }

                var writer = context.Response.BodyWriter;
                var piece = isFirst ? ArrayPool<byte>.Shared.Rent(body.Arrived > 0 ? body.Arrived : FirstPiece) : null;
                try
                {
                    var read = await body.ReadAsync(piece ?? writer.GetMemory(Piece), limit.Token);
                    limit.Renew();
                    if (read == 0)
                    {
                        break;
                    }

                    isWriting = true;
                    if (piece is not null)
                    {
                        await context.Response.Body.WriteAsync(piece.AsMemory(0, read), limit.Token);
                    }
                    else
                    {
                        writer.Advance(read);
                        await writer.FlushAsync(limit.Token);
                    }

                    isWriting = false;
                    limit.Renew();
                }
                finally
                {
                    if (piece is not null)
                    {
                        ArrayPool<byte>.Shared.Return(piece);
                    }
                }
            }
        }
        catch (Exception exception)
        {
            var error = limit.IsGivenUp ? ForwarderError.ResponseBodyCanceled
                : isWriting ? ForwarderError.ResponseBodyClient
                : ForwarderError.ResponseBodyDestination;
            return BreakOff(context, error, exception);
        }
        finally
        {
            await body.DisposeAsync();
        }

        AnswerHeaders.CopyTrailers(body.Trailers, context);
        return ForwarderError.None;
    }

    // The failures have YARP's names and statuses: health checks, metrics and the log know them by these.
    private static ForwarderError Fail(HttpContext context, ForwardingLimit limit, Exception exception) => (limit.IsGivenUp, exception) switch
    {
        (true, _) => Fail(
            context, ForwarderError.RequestCanceled, context.RequestAborted.IsCancellationRequested ? StatusCodes.Status400BadRequest : StatusCodes.Status502BadGateway, exception),
        (_, OperationCanceledException) => Fail(context, ForwarderError.RequestTimedOut, StatusCodes.Status504GatewayTimeout, exception),
        _ => Fail(context, ForwarderError.Request, StatusCodes.Status502BadGateway, exception),
    };

    private static ForwarderError Fail(HttpContext context, ForwarderError error, int status, Exception exception)
    {
        context.Features.Set<IForwarderErrorFeature>(new Failure(error, exception));
        context.Response.StatusCode = status;
        return error;
    }

    private static ForwarderError BreakOff(HttpContext context, ForwarderError error, Exception exception)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Clear();
            return Fail(context, error, StatusCodes.Status502BadGateway, exception);
        }

        context.Features.Set<IForwarderErrorFeature>(new Failure(error, exception));
        // So that nobody takes a part for the whole.
        if (context.Features.Find<IHttpResetFeature>() is { } reset)
        {
            reset.Reset(Code(HttpProtocol.IsHttp3(context.Request.Protocol), error == ForwarderError.ResponseBodyCanceled));
        }
        else
        {
            context.Abort();
        }

        return error;
    }

    // CANCEL and INTERNAL_ERROR (RFC 9113 section 7), H3_REQUEST_CANCELLED and H3_INTERNAL_ERROR (RFC 9114 section 8.1).
    private static int Code(bool isHttp3, bool isCanceled) => isHttp3 ? (isCanceled ? 0x10c : 0x102) : (isCanceled ? 8 : 2);

    /// <summary>A destination's address, taken apart.</summary>
    private sealed class Address
    {
        public Address(string text, Http11Client client)
        {
            var uri = new Uri(text);
            var path = text.IndexOf('/', "http://".Length);
            (Text, Kept, Host, Path) = (text, client.At(Http11Service.At(uri)), RequestHead.HostOf(uri), path < 0 ? "" : text[path..].TrimEnd('/'));
        }

        public string Text { get; }

        public KeptConnections Kept { get; }

        public string Host { get; }

        /// <summary>What every target at it begins with; without a slash at its end.</summary>
        public string Path { get; }
    }

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
