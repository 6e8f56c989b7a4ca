// Speech to text and text to speech.

import { show, text } from './i18n.js';
import { deviceObstacle, explain, explainResponse } from './problems.js';
import { showLevel } from './sound.js';

const $ = id => document.getElementById(id);
const longestRecording = 5 * 60;
const patience = 120_000;

let recording = null;

export function startVoice() {
  $('record').addEventListener('click', () => recording ? recording.stop() : record());
  $('file').addEventListener('change', () => $('file').files[0] && transcribe($('file').files[0]));
  $('speak').addEventListener('click', speak);
  loadVoices();
}

async function record() {
  show($('stt-error'), '');
  const obstacle = deviceObstacle();
  if (obstacle) return show($('stt-error'), obstacle.key, obstacle.values);
  $('record').disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const type = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'].find(each => MediaRecorder.isTypeSupported(each));
    const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    const parts = [];
    const stopMeter = meter(stream);
    recorder.ondataavailable = event => parts.push(event.data);
    recorder.onstop = () => {
      recording = null;
      stopMeter();
      stream.getTracks().forEach(track => track.stop());
      $('record').setAttribute('aria-pressed', 'false');
      transcribe(new Blob(parts, { type: recorder.mimeType }));
    };
    recorder.start();
    recording = recorder;
    $('record').setAttribute('aria-pressed', 'true');
    show($('record-hint'), 'recordingHint');
  } catch (error) {
    const { key, values } = explain(error);
    show($('stt-error'), key, values);
  } finally {
    $('record').disabled = false;
  }
}

// The level bar and the time, until the returned function is called.
function meter(stream) {
  const context = new AudioContext();
  const stopLevel = showLevel(context, context.createMediaStreamSource(stream), $('record-level'));
  const began = performance.now();
  const clock = setInterval(() => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    $('record-time').textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    if (seconds >= longestRecording) recording?.stop();
  }, 250);
  return () => {
    clearInterval(clock);
    stopLevel();
    context.close();
    $('record-time').textContent = '';
  };
}

async function transcribe(audio) {
  show($('stt-error'), '');
  $('transcript').textContent = '';
  $('record').disabled = $('file').disabled = true;
  show($('record-hint'), 'transcribing');
  try {
    const form = new FormData();
    form.append('audio', audio, audio.name ?? `recording.${/mp4/.test(audio.type) ? 'mp4' : /ogg/.test(audio.type) ? 'ogg' : 'webm'}`);
    const response = await fetch('api/speech-to-text', { method: 'POST', body: form, signal: AbortSignal.timeout(patience) });
    if (!response.ok) throw await explainResponse(response);
    $('transcript').textContent = (await response.json()).text || text('nothingHeard');
  } catch (error) {
    const { key, values } = explain(error);
    show($('stt-error'), key, values);
  } finally {
    $('record').disabled = $('file').disabled = false;
    $('file').value = '';
    show($('record-hint'), 'recordHint');
  }
}

async function speak() {
  const player = $('speech-audio');
  show($('tts-error'), '');
  $('speak').disabled = true;
  show($('speak'), 'speaking');
  try {
    const body = { text: $('speak-text').value };
    if ($('voice').value) body.voice = $('voice').value;
    const response = await fetch('api/text-to-speech', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
    if (!response.ok) throw await explainResponse(response);
    URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(await response.blob());
    player.hidden = false;
    // Where playing by itself is blocked, the controls are there to press.
    player.play().catch(() => {});
  } catch (error) {
    const { key, values } = explain(error);
    show($('tts-error'), key, values);
  } finally {
    $('speak').disabled = false;
    show($('speak'), 'speak');
  }
}

async function loadVoices() {
  try {
    const { voices } = await (await fetch('api/voices')).json();
    $('voice').append(...voices.map(voice => new Option(`${voice.name} (${voice.language})`, voice.id)));
  } catch {
    // Without the list, the voice follows the language of the text; what is wrong shows when one speaks.
  }
}
