using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Proxying;

/// <summary>Why a request to a service failed, in words that complete "the service …".</summary>
internal static class ServiceFailure
{
    // YARP ends its waiting by cancelling, and reports one or the other, as the cancellation comes through.
    private const string SilentInAnswer = "fell silent in the middle of its answer";

    public static string Reason(IForwarderErrorFeature feature, TimeSpan requestTimeout) => feature.Error switch
    {
        ForwarderError.RequestTimedOut when IsConnectTimeout(feature.Exception) => "could not be reached within 10 s",
        ForwarderError.RequestTimedOut or ForwarderError.RequestCanceled => $"was silent for {requestTimeout}",
        ForwarderError.NoAvailableDestinations => "has no destination that is up",
        ForwarderError.RequestCreation => "could not be asked: a transform of the route failed",
        ForwarderError.RequestBodyDestination => "closed the connection while the request's body was being sent",
        ForwarderError.UpgradeResponseClient => "switched to another protocol without being asked",
        ForwarderError.ResponseHeaders => "sent an answer that breaks HTTP's rules",
        ForwarderError.ResponseBodyCanceled => SilentInAnswer,
        ForwarderError.ResponseBodyDestination when feature.Exception is OperationCanceledException => SilentInAnswer,
        ForwarderError.ResponseBodyDestination => "broke off in the middle of its answer",
        _ => FromException(feature.Exception),
    };

    private static string FromException(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return "refused the connection: nothing listens there";
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return "has a name that DNS does not know";
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return "reset the connection";
                case SocketException socket:
                    return $"could not be reached: {socket.Message}";
                case HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }:
                case ReusedConnectionClosedException { InnerException: null }:
                    return "closed the connection without an answer";
                case HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse }:
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return "sent an answer that is not HTTP";
                case System.Security.Authentication.AuthenticationException tls:
                    return $"could not be trusted: {tls.Message}";
                default:
                    break;
            }
        }

        return exception is null ? "failed" : $"failed: {exception.Message}";
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
