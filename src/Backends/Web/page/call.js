// The video call: camera and microphone out, transcript and spoken answer back, over one WebSocket.

import { language, show } from './i18n.js';
import { deviceObstacle, explain, explainClose } from './problems.js';
import { AnswerPlayer, showLevel, streamSamples, toBase64 } from './sound.js';

const $ = id => document.getElementById(id);
const frameInterval = 500;
const longSide = 1280;
const quality = 0.7;
// With more than this waiting to be sent the network is too slow: then a frame is left out instead of queued.
const mostWaiting = 1 << 20;

const stateTexts = { idle: 'stateIdle', connecting: 'stateConnecting', ready: 'stateReady', closed: 'stateClosed', error: 'stateError' };

let call = null;

export function startCalls() {
  setState('idle');
  $('call-start').addEventListener('click', start);
  $('call-stop').addEventListener('click', () => call?.hangUp());
  window.addEventListener('pagehide', () => call?.hangUp());
}

async function start() {
  show($('call-error'), '');
  $('call-transcript').textContent = $('call-answer').textContent = '';
  $('frames-sent').textContent = '0';
  const obstacle = deviceObstacle();
  if (obstacle) return fail(obstacle);
  setState('connecting');
  const mine = call = new Call();
  try {
    await mine.open();
  } catch (error) {
    mine.end('error', explain(error));
  }
}

function fail(problem) {
  setState('error');
  show($('call-error'), problem.key, problem.values);
}

function setState(state) {
  const busy = state === 'connecting' || state === 'ready';
  $('call-state').dataset.state = state;
  show($('call-state'), stateTexts[state]);
  $('call-start').disabled = busy;
  $('call-stop').disabled = !busy;
}

class Call {
  #stream;
  #context;
  #player;
  #socket;
  #stopLevel = () => {};
  #frames;
  #ended = false;
  #opened = false;

  async open() {
    // Made while the click still counts as the person's wish: later, phones keep it silent.
    this.#context = new AudioContext();
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1280 }, height: { ideal: 720 } },
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    if (this.#ended) return stream.getTracks().forEach(track => track.stop());
    this.#stream = stream;
    stream.getTracks().forEach(track => { track.onended = () => this.end('error', { key: 'deviceLost', values: {} }); });
    $('preview').srcObject = stream;
    $('preview').parentElement.classList.add('live');
    this.#player = new AnswerPlayer(this.#context);
    const microphone = this.#context.createMediaStreamSource(stream);
    this.#stopLevel = showLevel(this.#context, microphone, $('call-level'));
    await streamSamples(this.#context, microphone, samples => this.#send('audio', samples));
    if (!this.#ended) this.#connect();
  }

  hangUp() {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ type: 'close' }));
    }
    this.end('closed');
  }

  end(state, problem) {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    call = null;
    if (problem) fail(problem);
    else setState(state);
  }

  #connect() {
    const address = new URL('ws/video', location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    address.search = `?lang=${language()}`;
    address.hash = '';
    this.#socket = new WebSocket(address);
    this.#socket.onopen = () => { this.#opened = true; };
    this.#socket.onmessage = event => this.#receive(JSON.parse(event.data));
    this.#socket.onclose = event => this.end('error', explainClose(event, this.#opened));
  }

  #receive(message) {
    switch (message.type) {
      case 'ready':
        setState('ready');
        this.#frames = setInterval(() => this.#sendFrame(), frameInterval);
        break;
      case 'speech.started':
        // Whoever speaks interrupts the answer, as in any conversation.
        this.#player.stop();
        $('listening').hidden = false;
        break;
      case 'transcript':
        $('listening').hidden = true;
        $('call-transcript').textContent = message.text;
        $('call-answer').textContent = '';
        break;
      case 'text.delta':
        $('call-answer').textContent += message.text;
        break;
      case 'audio.delta':
        this.#player.add(message.audio);
        break;
      case 'error':
        show($('call-error'), 'refused', { reason: message.message });
        break;
    }
  }

  async #sendFrame() {
    const video = $('preview');
    if (!video.videoWidth || this.#socket.bufferedAmount > mostWaiting) return;
    const scale = longSide / Math.max(video.videoWidth, video.videoHeight);
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
    const jpeg = await new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', quality));
    if (jpeg && this.#send('video', await jpeg.arrayBuffer())) {
      $('frames-sent').textContent = Number($('frames-sent').textContent) + 1;
    }
  }

  #send(type, buffer) {
    if (this.#ended || $('call-state').dataset.state !== 'ready' || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type, data: toBase64(buffer) }));
    return true;
  }

  #release() {
    clearInterval(this.#frames);
    this.#stopLevel();
    this.#player?.stop();
    this.#stream?.getTracks().forEach(track => { track.onended = null; track.stop(); });
    this.#socket?.close(1000);
    if (this.#context && this.#context.state !== 'closed') this.#context.close();
    $('listening').hidden = true;
    $('preview').srcObject = null;
    $('preview').parentElement.classList.remove('live');
  }
}
