/* Runs beside the page: the other side's voice, int16 at 8 kHz, out through a short jitter buffer.
   It starts at 100 ms, drops the oldest beyond 600 ms and waits anew when it runs dry. */

const RATE = 8000;
const START = 0.1 * RATE;
const MOST = 0.6 * RATE;

class Peer extends AudioWorkletProcessor {
  constructor() {
    super();
    this.waiting = [];
    this.flowing = false;
    this.step = RATE / sampleRate;
    this.at = 0;
    this.port.onmessage = (event) => this.take(event.data);
  }

  take(buffer) {
    if (buffer === null) {
      this.waiting = [];
      this.flowing = false;
      return;
    }
    const view = new DataView(buffer);
    for (let i = 0; i + 1 < view.byteLength; i += 2) {
      this.waiting.push(view.getInt16(i, true) / 32768);
    }
    if (this.waiting.length > MOST) this.waiting.splice(0, this.waiting.length - MOST);
    if (this.waiting.length >= START) this.flowing = true;
  }

  process(inputs, outputs) {
    const out = outputs[0][0];
    if (!this.flowing) return true;
    for (let i = 0; i < out.length; i += 1) {
      const from = Math.floor(this.at);
      if (from >= this.waiting.length) {
        this.flowing = false;
        break;
      }
      out[i] = this.waiting[from];
      this.at += this.step;
    }
    const used = Math.min(Math.floor(this.at), this.waiting.length);
    this.waiting.splice(0, used);
    this.at = this.flowing ? this.at - used : 0;
    return true;
  }
}

registerProcessor("peer", Peer);
