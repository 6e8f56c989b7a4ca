"""text_to_speech.py BASE_ADDRESS CA_FILE: has a text spoken."""

import sys

import requests

base, ca = sys.argv[1:]
answer = requests.post(f"{base}/api/text-to-speech", json={"text": "Hello", "rate": "+0%", "pitch": "+0Hz"}, verify=ca, timeout=60)
answer.raise_for_status()
kind, size = answer.headers["Content-Type"], len(answer.content)
print(kind, size)
sys.exit(0 if kind.startswith("audio/") and size > 5000 else 1)
