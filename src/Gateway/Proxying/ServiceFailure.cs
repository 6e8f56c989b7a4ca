using System.Net.Sockets;
using Gateway.Platform;
using Gateway.Proxying.Services;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>Why a request to a service failed, in words that complete "the service …".</summary>
internal static class ServiceFailure
{
    // YARP ends its waiting by cancelling, and reports one or the other, as the cancellation comes through.
    private static readonly ServiceFault SilentInAnswer = new("silent_in_answer", "fell silent in the middle of its answer");

    public static ServiceFault Describe(IForwarderErrorFeature feature, TimeSpan requestTimeout) => feature.Error switch
    {
        _ when feature is RouteTimeout timeout => new("timeout", $"was not done within {timeout.Allowed}, the route's Timeout"),
        ForwarderError.RequestTimedOut when IsConnectTimeout(feature.Exception) => new("connect_timeout", "could not be reached within 10 s"),
        ForwarderError.RequestTimedOut or ForwarderError.RequestCanceled => new("silent", $"was silent for {requestTimeout}"),
        ForwarderError.NoAvailableDestinations => new("no_destination", "has no destination that is up"),
        ForwarderError.RequestCreation => new("transform", "could not be asked: a transform of the route failed"),
        ForwarderError.RequestBodyDestination => new("closed_in_request", "closed the connection while the request's body was being sent"),
        ForwarderError.UpgradeResponseClient => new("unasked_upgrade", "switched to another protocol without being asked"),
        ForwarderError.ResponseHeaders => new("invalid_answer", "sent an answer that breaks HTTP's rules"),
        ForwarderError.ResponseBodyCanceled => SilentInAnswer,
        ForwarderError.ResponseBodyDestination when feature.Exception is OperationCanceledException => SilentInAnswer,
        ForwarderError.ResponseBodyDestination => new("closed_in_answer", "broke off in the middle of its answer"),
        _ => FromException(feature.Exception),
    };

    private static ServiceFault FromException(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return new("refused", "refused the connection: nothing listens there");
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return new("dns", "has a name that DNS does not know");
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return new("reset", "reset the connection");
                case SocketException socket:
                    return new("unreachable", $"could not be reached: {socket.Message}");
                case HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }:
                case ReusedConnectionClosedException { InnerException: null }:
                    return new("closed", "closed the connection without an answer");
                case HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse }:
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return new("not_http", "sent an answer that is not HTTP");
                case System.Security.Authentication.AuthenticationException tls:
                    return new("tls", $"could not be trusted: {tls.Message}");
                default:
                    break;
            }
        }

        return new("other", exception is null ? "failed" : $"failed: {exception.Message}");
    }

    /// <summary>The process may open no more sockets: no fault of the service.</summary>
    public static bool IsOutOfDescriptors(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException socket && DescriptorAlarm.IsCause(socket))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Nobody answered the attempt to connect.</summary>
    public static bool IsConnectTimeout(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            // SocketsHttpHandler has no type of its own for it: the cancellation wraps a TimeoutException that names the setting.
            if (e is TimeoutException && e.Message.Contains("ConnectTimeout", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Why a request to a service failed.</summary>
/// <param name="Label">One of a few words, to count by.</param>
/// <param name="Words">For people; completes "the service …".</param>
internal sealed record ServiceFault(string Label, string Words);
