"""call_websocket_client.py ADDRESS CA_FILE: a call with the library websocket-client."""

import sys

import websocket

import call

address, ca = sys.argv[1:]
socket = websocket.create_connection(address, sslopt={"ca_certs": ca}, timeout=30)
first = socket.recv()
for message in call.outgoing():
    socket.send(message)


def messages():
    yield first
    while True:
        yield socket.recv()


call.incoming(messages())
socket.send('{"type":"close"}')
socket.close()
