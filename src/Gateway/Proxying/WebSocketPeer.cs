namespace Gateway.Proxying;

/// <summary>Who ended a WebSocket.</summary>
internal enum WebSocketPeer
{
    None,
    Client,
    Service,
    Gateway,
}
