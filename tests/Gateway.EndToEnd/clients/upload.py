"""Uploads zeros with requests; prints the status and the answer: upload.py URL CA-FILE BYTES length|chunked|multipart"""
import sys

import requests

url, ca, size, kind = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]


def chunks():
    left = size
    while left > 0:
        yield bytes(min(left, 65536))
        left -= 65536


if kind == "multipart":
    body = {"files": {"file": ("talk.wav", bytes(size))}}
else:
    body = {"data": bytes(size) if kind == "length" else chunks()}

answer = requests.post(url, verify=ca, timeout=60, **body)
print(answer.status_code)
print(answer.text)
