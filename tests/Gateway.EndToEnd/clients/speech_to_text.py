"""speech_to_text.py BASE_ADDRESS CA_FILE: uploads a recording and prints the text."""

import sys

import requests

import sound

base, ca = sys.argv[1:]
recording = sound.wav(sound.tone(1.0))
answer = requests.post(f"{base}/api/speech-to-text", files={"audio": ("speech.wav", recording, "audio/wav")}, verify=ca, timeout=60)
answer.raise_for_status()
print(answer.json()["text"])
