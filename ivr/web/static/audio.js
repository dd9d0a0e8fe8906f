/* Sound in and out. Speaker: tones, WAV files, the other side's voice. Microphone: pieces of
   8 kHz sound for the line. Both start only when they are first needed. */

const RATE = 8000;
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = "123456789*0#";
/* Ringback is 450 Hz, one second in five; a bell is two tones in turn. */
const RINGBACK = { tones: [[450]], on: 1, every: 5, loud: 0.08 };
const BELL = { tones: [[660], [880], [660], [880]], on: 0.22, every: 3, loud: 0.16 };

export class Speaker {
  /* Call it from a click or a key: browsers keep pages silent until then. Never waits for them. */
  wake() {
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    }
    this.context.resume().catch(() => {});
    return this.context;
  }

  tone(frequencies, seconds, loud = 0.12, after = 0) {
    const context = this.wake();
    const from = context.currentTime + after;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(loud, from + 0.01);
    gain.gain.setValueAtTime(loud, from + seconds - 0.02);
    gain.gain.linearRampToValueAtTime(0, from + seconds);
    gain.connect(context.destination);
    for (const frequency of frequencies) {
      const wave = new OscillatorNode(context, { frequency });
      wave.connect(gain);
      wave.start(from);
      wave.stop(from + seconds);
    }
  }

  key(sign) {
    const place = KEYS.indexOf(sign);
    this.tone([ROWS[Math.floor(place / 3)], COLUMNS[place % 3]], 0.12, 0.06);
  }

  beep() {
    this.tone([1000], 0.4, 0.2);
    return new Promise((resolve) => setTimeout(resolve, 420));
  }

  ring(kind) {
    this.quiet();
    const { tones, on, every, loud } = kind === "bell" ? BELL : RINGBACK;
    const once = () => tones.forEach((tone, i) => this.tone(tone, on, loud, i * on));
    once();
    this.ringing = setInterval(once, every * 1000);
  }

  quiet() {
    clearInterval(this.ringing);
    this.ringing = null;
  }

  /* Plays a WAV and resolves at its end; rejects where it cannot be had. */
  async play(address, signal) {
    const answer = await fetch(address, { signal });
    if (!answer.ok) throw new Error(`no sound: ${answer.status}`);
    const context = this.wake();
    const buffer = await context.decodeAudioData(await answer.arrayBuffer());
    if (signal.aborted) return;
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start();
    await until(source, buffer.duration, signal);
    source.stop();
  }

  async hearPeer(piece) {
    this.peer ??= this.openPeer();
    (await this.peer).port.postMessage(piece, [piece]);
  }

  async openPeer() {
    const context = this.wake();
    await context.audioWorklet.addModule(new URL("./peer.worklet.js", import.meta.url));
    const node = new AudioWorkletNode(context, "peer", { outputChannelCount: [1] });
    node.connect(context.destination);
    return node;
  }

  async hushPeer() {
    if (this.peer) (await this.peer).port.postMessage(null);
  }
}

/* The clock is a second witness: a page without leave to sound never says that it ended. */
function until(source, seconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000 + 800);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    source.addEventListener("ended", done, { once: true });
    signal.addEventListener("abort", done, { once: true });
  });
}

export class Microphone {
  constructor(take) {
    this.take = take;
    this.state = "off";
  }

  /* Asks for the microphone once; true when it runs. */
  open() {
    this.opening ??= this.start();
    return this.opening;
  }

  async start() {
    try {
      const media = navigator.mediaDevices;
      this.stream = await media.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: true },
      });
      await this.listen();
      this.state = "on";
    } catch {
      this.state = "refused";
      this.opening = null;
      this.stop();
    }
    return this.state === "on";
  }

  async listen() {
    this.context = new AudioContext({ sampleRate: RATE });
    let source;
    try {
      source = this.context.createMediaStreamSource(this.stream);
    } catch {
      /* Some browsers do not resample a microphone: take its own rate, the worklet brings it down. */
      await this.context.close();
      this.context = new AudioContext();
      source = this.context.createMediaStreamSource(this.stream);
    }
    await this.context.audioWorklet.addModule(new URL("./ears.worklet.js", import.meta.url));
    const node = new AudioWorkletNode(this.context, "ears", { numberOfOutputs: 1 });
    node.port.addEventListener("message", (event) => this.take(event.data.buffer, event.data.level));
    node.port.start();
    source.connect(node);
    node.connect(this.context.destination);
    this.context.resume().catch(() => {});
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close().catch(() => {});
    this.stream = null;
    this.context = null;
    this.opening = null;
    if (this.state === "on") this.state = "off";
  }

  /* Whether it may be opened without asking anybody. */
  static async allowed() {
    try {
      return (await navigator.permissions.query({ name: "microphone" })).state === "granted";
    } catch {
      return false;
    }
  }
}
