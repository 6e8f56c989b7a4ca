"""One call, whatever the library: what to send, and when it is over."""

import base64
import json

import sound

CHUNK = 2 * 4096  # bytes: 4096 samples, as browsers send them
# The smallest JPEG there is would do as well; the service looks at its header only.
FRAME = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080010001001011100ffd9")


def outgoing():
    pcm = sound.tone(1.2) + sound.silence(2.0)
    yield json.dumps({"type": "video", "data": base64.b64encode(FRAME).decode()})
    for start in range(0, len(pcm), CHUNK):
        yield json.dumps({"type": "audio", "data": base64.b64encode(pcm[start:start + CHUNK]).decode()})


def incoming(messages):
    """Prints the kinds of the messages in the order of their first coming, up to the end of the answer."""
    seen = []
    for message in messages:
        kind = json.loads(message)["type"]
        if kind not in seen:
            seen.append(kind)
        if kind == "response.done":
            break
    print(" ".join(kind for kind in seen if kind != "session.opened"))
