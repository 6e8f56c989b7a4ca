"""Sound to send: 16-bit mono PCM, a tone where somebody speaks."""

import io
import math
import struct
import wave

RATE = 16000


def tone(seconds):
    count = int(RATE * seconds)
    return struct.pack(f"<{count}h", *(int(12000 * math.sin(i * 0.17) * math.sin(i * 0.0021)) for i in range(count)))


def silence(seconds):
    return bytes(2 * int(RATE * seconds))


def wav(pcm):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(pcm)
    return file.getvalue()
