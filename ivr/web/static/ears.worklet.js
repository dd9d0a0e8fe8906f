/* Runs beside the page: microphone in, 80 ms pieces of int16 at 8 kHz out, with their level.
   Where the browser gives another rate, neighbouring samples are averaged down. */

const RATE = 8000;
const PIECE = 640;

class Ears extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    this.due = this.step;
    this.sum = 0;
    this.many = 0;
    this.fresh();
  }

  fresh() {
    this.piece = new DataView(new ArrayBuffer(PIECE * 2));
    this.filled = 0;
    this.power = 0;
  }

  process(inputs) {
    const samples = inputs[0][0];
    if (samples) for (const sample of samples) this.take(sample);
    return true;
  }

  take(sample) {
    this.sum += sample;
    this.many += 1;
    this.due -= 1;
    if (this.due > 0) return;
    this.due += this.step;
    this.put(Math.max(-1, Math.min(1, this.sum / this.many)));
    this.sum = 0;
    this.many = 0;
  }

  put(value) {
    this.piece.setInt16(this.filled * 2, Math.round(value * 32767), true);
    this.power += value * value;
    this.filled += 1;
    if (this.filled < PIECE) return;
    const { buffer } = this.piece;
    this.port.postMessage({ buffer, level: Math.sqrt(this.power / PIECE) }, [buffer]);
    this.fresh();
  }
}

registerProcessor("ears", Ears);
