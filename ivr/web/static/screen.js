/* What the handset shows: its state, the clock, the level, and which controls are there. */

const LIVE = new Set(["ringing", "talking", "recording", "bridged", "reconnecting"]);

export class Screen {
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.title = document.title;
    const find = (id) => root.querySelector(`#${id}`);
    this.parts = Object.fromEntries(
      ["state", "state-words", "timer", "party", "sound", "level", "chooser", "incoming", "pad", "hang-up", "alert"].map((id) => [id, find(id)]),
    );
    setInterval(() => this.tick(), 250);
  }

  /* `incoming`: it rings here. `call`: there is a call, even while the line is away. */
  show(state, { wording = state, incoming = false, call = false } = {}) {
    const { parts } = this;
    parts.state.dataset.state = state;
    if (parts["state-words"].textContent !== this.words(wording)) {
      parts["state-words"].textContent = this.words(wording);
    }
    const live = call || (LIVE.has(state) && state !== "reconnecting");
    const up = live && !incoming;
    this.root.dataset.busy = live ? "yes" : "no";
    parts.chooser.hidden = live;
    parts.incoming.hidden = !incoming;
    parts.pad.hidden = !up;
    parts["hang-up"].hidden = !up;
    parts.sound.hidden = state !== "recording" && state !== "bridged";
    this.flash(incoming);
  }

  get state() {
    return this.parts.state.dataset.state;
  }

  /* A number stays in one piece. */
  party(text) {
    this.parts.party.textContent = text.replace(/(\d)-(?=\d)/g, "$1\u2011");
  }

  /* `seconds`: how long the call has been up. */
  start(seconds = 0) {
    this.since = performance.now() - 1000 * seconds;
  }

  stop() {
    this.since = null;
    this.tick();
  }

  tick() {
    const seconds = this.since == null ? null : Math.floor((performance.now() - this.since) / 1000);
    this.parts.timer.textContent = seconds === null ? "" : clock(seconds);
  }

  /* On a small screen the list was long: the call itself comes into sight. */
  bringUp() {
    const { top, height } = this.root.getBoundingClientRect();
    if (top < 0 || top + Math.min(height, innerHeight) > innerHeight) this.root.scrollIntoView({ block: "start" });
  }

  level(value) {
    this.parts.level.value = Math.min(1, Math.sqrt(value) * 1.4);
  }

  /* A tab behind others is noticed by its title. */
  flash(on) {
    clearInterval(this.flashing);
    document.title = this.title;
    if (!on) return;
    const ring = `☎ ${this.words("ringing")}`;
    document.title = ring;
    this.flashing = setInterval(() => {
      document.title = document.title === ring ? this.title : ring;
    }, 800);
  }

  alarm(text) {
    this.parts.alert.textContent = text;
  }
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
