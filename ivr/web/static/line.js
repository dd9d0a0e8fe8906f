/* The line to the exchange: one WebSocket that comes back by itself. What is said while it is
   away is kept (30 seconds of sound at most) and sent when the recording goes on. */

const WAITS = [300, 600, 1200, 2400, 3000];
const BYTES_A_SECOND = 16000;
const MOST_KEPT = 30 * BYTES_A_SECOND;
const MOST_AT_ONCE = 15200;
const MOST_INPUT = 50;
const TAKEN = 4001;
const KEEPABLE = new Set(["digits", "words", "hangup"]);

export class Line extends EventTarget {
  constructor(address, handset) {
    super();
    this.address = address;
    this.handset = handset;
    this.number = "";
    this.call = null;
    this.attached = false;
    this.wanted = false;
    this.tries = 0;
    this.sound = [];
    this.soundBytes = 0;
    this.input = [];
    this.taping = false;
    this.holding = false;
    this.waitingDial = null;
  }

  /* Connect as the phone of this number; "" is a caller whose number is withheld. */
  attach(number) {
    this.wanted = true;
    this.number = number;
    if (this.attached) this.send({ type: "hold", number });
    else if (!this.socket) this.open();
  }

  /* Be no phone any more. */
  detach() {
    const { socket } = this;
    clearTimeout(this.timer);
    this.wanted = this.attached = false;
    this.socket = null;
    socket?.close();
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => this.greet(socket));
    socket.addEventListener("message", (event) => socket === this.socket && this.take(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.lost(event.code));
  }

  greet(socket) {
    const { handset, number, call } = this;
    socket.send(JSON.stringify({ type: "attach", handset, number, call, acks: true }));
  }

  take(data) {
    if (data instanceof ArrayBuffer) {
      this.tell("audio", data);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "attached") this.welcome(message);
    if (message.type === "calling" || message.type === "ringing") this.call = message.call;
    if (message.type === "hungup") this.call = null;
    this.tell("message", message);
    this.release(message);
  }

  welcome(message) {
    this.attached = true;
    this.tries = 0;
    this.call = message.call ? message.call.sid : null;
    if (this.call) return;
    this.forget();
    if (this.waitingDial) this.send(this.waitingDial);
    this.waitingDial = null;
  }

  /* Kept sound belongs to the recording it was said in; a talk is live and wants none of it. */
  release(message) {
    const again = message.type === "recording" && message.on;
    if (message.type === "recording") this.taping = message.on;
    if (again) this.flushSound();
    if (again || message.type === "listening") this.flushInput();
    if (again) return;
    if (["beep", "bridged", "hungup"].includes(message.type)) this.forget();
    else if (message.type === "listening" && message.kind === "gather") this.forgetSound();
  }

  lost(code) {
    const before = this.attached;
    this.attached = false;
    this.socket = null;
    if (code === TAKEN) {
      this.wanted = false;
      this.tell("taken", null);
      return;
    }
    this.holding = this.taping;
    if (before) this.tell("lost", null);
    const wait = WAITS[Math.min(this.tries, WAITS.length - 1)];
    this.tries += 1;
    if (this.wanted) this.timer = setTimeout(() => this.open(), wait);
  }

  /* Keys, words, hanging up and the last dialling are kept while the line is away. */
  send(message) {
    if (this.attached) this.socket.send(JSON.stringify(message));
    else if (message.type === "dial") this.waitingDial = message;
    else if (this.call && KEEPABLE.has(message.type) && this.input.length < MOST_INPUT) {
      this.input.push(message);
    }
  }

  /* One piece of the microphone's sound: int16 little-endian, mono, 8000 a second. */
  sendSound(buffer) {
    if (!this.holding) {
      if (this.attached && this.call) this.socket.send(buffer);
      return;
    }
    this.sound.push(buffer);
    this.soundBytes += buffer.byteLength;
    while (this.soundBytes > MOST_KEPT) this.soundBytes -= this.sound.shift().byteLength;
  }

  flushSound() {
    this.holding = false;
    const all = new Uint8Array(this.soundBytes);
    let at = 0;
    for (const piece of this.sound) {
      all.set(new Uint8Array(piece), at);
      at += piece.byteLength;
    }
    this.forgetSound();
    for (let i = 0; i < all.length; i += MOST_AT_ONCE) {
      this.socket.send(all.slice(i, i + MOST_AT_ONCE));
    }
  }

  flushInput() {
    this.input.splice(0).forEach((message) => this.send(message));
  }

  forgetSound() {
    this.holding = false;
    this.sound = [];
    this.soundBytes = 0;
  }

  forget() {
    this.taping = false;
    this.forgetSound();
    this.input = [];
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/* One tab is one phone: its name lives as long as the tab, reloads included. */
export function handsetOfThisTab() {
  const kept = sessionStorage.getItem("zhitong-handset");
  if (kept) return kept;
  const handset = `h-${crypto.randomUUID()}`;
  sessionStorage.setItem("zhitong-handset", handset);
  return handset;
}
