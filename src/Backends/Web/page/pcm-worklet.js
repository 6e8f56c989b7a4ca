// Brings the microphone to 16 kHz mono 16-bit, by averaging all input samples that fall into one output sample.

const chunk = 4096;

class Pcm extends AudioWorkletProcessor {
  #step = sampleRate / 16000;
  #sum = 0;
  #weight = 0;
  #out = new Int16Array(chunk);
  #length = 0;

  process([[samples]]) {
    for (const sample of samples ?? []) {
      let left = 1;
      while (this.#weight + left >= this.#step) {
        const part = this.#step - this.#weight;
        this.#emit((this.#sum + sample * part) / this.#step);
        left -= part;
        this.#sum = this.#weight = 0;
      }
      this.#sum += sample * left;
      this.#weight += left;
    }
    return true;
  }

  #emit(sample) {
    this.#out[this.#length++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
    if (this.#length === chunk) {
      const { buffer } = this.#out;
      this.#out = new Int16Array(chunk);
      this.#length = 0;
      this.port.postMessage(buffer, [buffer]);
    }
  }
}

registerProcessor('pcm', Pcm);
