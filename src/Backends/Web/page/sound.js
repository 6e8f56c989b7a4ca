// Sound in and out: how loud the microphone is, its samples for a call, and the playing of an answer.

/** Moves a bar with the loudness of a source; returns a function that stops it. */
export function showLevel(context, source, bar) {
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let request = requestAnimationFrame(draw);
  function draw() {
    analyser.getFloatTimeDomainData(samples);
    const level = 20 * Math.log10(Math.hypot(...samples) / Math.sqrt(samples.length) + 1e-6);
    bar.style.clipPath = `inset(0 ${100 - 100 * Math.min(1, Math.max(0, (level + 60) / 55))}% 0 0)`;
    request = requestAnimationFrame(draw);
  }
  return () => {
    cancelAnimationFrame(request);
    source.disconnect(analyser);
    bar.style.clipPath = '';
  };
}

/** Calls back with an ArrayBuffer of 16 kHz mono 16-bit samples, 4096 at a time. */
export async function streamSamples(context, source, onSamples) {
  try {
    await context.audioWorklet.addModule('pcm-worklet.js');
  } catch {
    // It fails as AbortError, which elsewhere means a busy device; here the file did not arrive.
    throw { key: 'offline', values: {} };
  }
  const node = new AudioWorkletNode(context, 'pcm', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
  node.port.onmessage = event => onSamples(event.data);
  source.connect(node);
}

/** Plays 24 kHz mono 16-bit pieces one after the other. */
export class AnswerPlayer {
  #context;
  #playing = new Set();
  #end = 0;

  constructor(context) {
    this.#context = context;
  }

  add(base64) {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const buffer = this.#context.createBuffer(1, bytes.length >> 1, 24000);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    source.onended = () => this.#playing.delete(source);
    this.#playing.add(source);
    this.#end = Math.max(this.#end, this.#context.currentTime + 0.05);
    source.start(this.#end);
    this.#end += buffer.duration;
  }

  stop() {
    this.#playing.forEach(source => source.stop());
    this.#playing.clear();
    this.#end = 0;
  }
}

export function toBase64(buffer) {
  const bytes = new Uint8Array(buffer);
  let letters = '';
  // In pieces: a call with a hundred thousand arguments is refused.
  for (let i = 0; i < bytes.length; i += 8192) letters += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(letters);
}
