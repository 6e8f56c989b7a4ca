"""call_websockets.py ADDRESS CA_FILE: a call with the library websockets."""

import asyncio
import ssl
import sys

import websockets

import call


async def main(address, ca):
    async with websockets.connect(address, ssl=ssl.create_default_context(cafile=ca)) as socket:
        received = [await asyncio.wait_for(socket.recv(), 30)]
        for message in call.outgoing():
            await socket.send(message)
        while '"response.done"' not in received[-1]:
            received.append(await asyncio.wait_for(socket.recv(), 30))
        await socket.send('{"type":"close"}')
    call.incoming(received)


asyncio.run(main(*sys.argv[1:]))
