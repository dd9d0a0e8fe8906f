/* What each message of the exchange does to the page: sounds, subtitles, state. Counterpart of
   the exchange's messages; a message it does not know is let pass. */

import { Microphone } from "./audio.js";
import { printed } from "./chooser.js";

/* Longest wait for a decision about the microphone before the tone sounds anyway. */
const DECISION = 15000;
/* The warning about words that were typed while nobody listened for words. */
const NOT_HEARD = 0;
const ALL_KEYS = "0123456789*#";

export class CallView {
  constructor(parts) {
    Object.assign(this, parts);
    const { line, speaker } = parts;
    this.up = false;
    this.choosing = false;
    this.texts = new Set();
    this.offered = [];
    this.before = [];
    line.addEventListener("message", ({ detail }) => this.take(detail));
    line.addEventListener("audio", ({ detail }) => speaker.hearPeer(detail));
    line.addEventListener("lost", () => this.lost());
    setInterval(() => this.tick(), 500);
  }

  take(message) {
    const act = this[`on_${message.type}`];
    if (act) act.call(this, message);
  }

  show(state, more = {}) {
    this.screen.show(state, more);
  }

  rest() {
    this.show("idle", { wording: this.role === "official" ? "waiting" : "idle" });
  }

  on_attached({ call, state }) {
    const returning = this.screen.state === "reconnecting";
    if (!call) this.subtitles.keep(null);
    if (state === "live" && call) {
      if (returning || this.reloaded(call)) this.note("back");
      this.begin(call.seconds);
    } else if (state === "calling" && call) this.on_calling({ call: call.sid });
    else if (returning && !call) this.rest();
    else if (state === "idle" && this.screen.state !== "ended") this.rest();
  }

  on_calling({ call }) {
    this.subtitles.keep(call);
    this.show("ringing", { wording: "calling" });
    this.screen.bringUp();
    this.speaker.ring("ringback");
  }

  on_ringing({ from, call }) {
    this.subtitles.keep(call);
    this.show("ringing", { incoming: true });
    const who = this.caller(from);
    this.screen.party(who);
    this.note("rings", { from: who });
    this.screen.alarm(this.words("rings", { from: who }));
    this.speaker.ring("bell");
    this.screen.bringUp();
    document.getElementById("answer").focus({ preventScroll: true });
  }

  on_answered() {
    this.begin();
    document.getElementById("scroll").focus({ preventScroll: true });
  }

  /* The page is new and the call is not: what was heard is there again, and who it is with. */
  reloaded({ sid, from, to }) {
    if (this.up) return false;
    this.subtitles.keep(sid);
    this.chooser?.choose(to);
    this.screen.party(this.chooser?.party ?? this.caller(from));
    return true;
  }

  begin(seconds) {
    this.speaker.quiet();
    if (!this.up) this.screen.start(seconds);
    this.up = true;
    this.show("talking");
    this.composer.hold("not_yet");
    this.screen.bringUp();
    Microphone.allowed().then((allowed) => allowed && this.up && this.openMicrophone());
  }

  async on_say(prompt) {
    this.speaker.quiet();
    this.current?.classList.remove("now");
    if (this.choosing) this.offer(prompt);
    const line = prompt.text ? this.subtitles.say(prompt.text, prompt.language, this.words("line"), prompt.id) : null;
    line?.classList.add("now");
    this.current = line;
    const how = await this.voice.say(prompt);
    line?.classList.remove("now");
    if (how === "none" && !this.warned && prompt.kind === "say") {
      this.warned = true;
      this.note("no_voice");
    }
    if (how !== "hushed") this.line.send({ type: "played", id: prompt.id });
  }

  /* The keys bear what this prompt offers. */
  offer({ text, language }) {
    const { pairs, back } = this.captions.of(text);
    if (back) this.offered.push(...this.before);
    if (pairs.length) this.offered.push([pairs, language]);
    this.offered.forEach((each) => this.keypad.add(...each));
  }

  on_hush() {
    this.voice.hush();
    this.current?.classList.remove("now");
  }

  async on_beep({ id }) {
    await this.microphoneDecided();
    this.subtitles.add("beep", this.words("beep"));
    await this.speaker.beep();
    this.line.send({ type: "played", id });
  }

  on_recording({ on, seconds }) {
    if (!on) {
      this.tape = null;
      this.subtitles.recorded(seconds);
      if (this.up) this.show("talking");
      return;
    }
    this.tape = performance.now() - seconds * 1000;
    this.show("recording");
    this.tick();
    this.openMicrophone();
  }

  /* What is said now ends with a tone. */
  on_ahead() {
    this.composer.hold("before_tone");
  }

  /* What holds at any time; the rest is labelled as the line says it. */
  on_listening({ kind, max_digits: most, finish, speech }) {
    this.choosing = kind === "gather";
    this.before = this.offered;
    this.offered = [];
    if (!this.choosing) this.composer.open(finish);
    else if (speech) this.composer.open(ALL_KEYS);
    else this.composer.shut("keys_only");
    const menu = this.choosing && most === 1;
    const keys = { "*": menu && "key_again", 0: (menu || finish.includes("0")) && "key_person" };
    if (!menu && finish.includes("#")) keys["#"] = "key_end";
    const known = this.role === "caller" ? Object.entries(keys).filter(([, word]) => word) : [];
    this.keypad.label(known.map(([key, word]) => [key, this.words(word)]));
  }

  /* The line asks nothing: no key does anything. */
  unasked() {
    this.choosing = false;
    this.keypad.label();
    this.composer.hold("not_yet");
  }

  on_ringback({ on }) {
    this.unasked();
    if (!on) {
      this.speaker.quiet();
      this.show("talking");
      return;
    }
    this.composer.shut("put_through");
    this.show("talking", { wording: "putting" });
    this.note("put_through");
    this.speaker.ring("ringback");
  }

  on_bridged() {
    this.speaker.quiet();
    this.voice.hush();
    this.show("bridged");
    this.note("joined");
    this.unasked();
    this.composer.shut("talk_hint");
    this.openMicrophone({ refused: "mic_refused_talk" });
  }

  on_unbridged({ seconds }) {
    this.speaker.hushPeer();
    this.note("talked", { seconds });
    this.show("talking");
    this.composer.hold("not_yet");
  }

  on_heard({ why }) {
    this.unasked();
    if (why === "silence") this.note("silence");
  }

  on_sms({ sid, text }) {
    const known = this.texts.has(sid);
    this.texts.add(sid);
    if (!known && this.up) this.note("text_came", { text });
    document.getElementById("messages").dispatchEvent(new Event("refresh"));
  }

  on_hungup({ reason, seconds, by }) {
    const over = this.words(by === "me" ? "over_completed" : `over_${reason}`);
    const text = this.up && seconds ? this.words("over_seconds", { over, seconds }) : over;
    this.end();
    this.subtitles.add("note", text);
    this.show("ended", { wording: this.role === "official" ? "ended_waiting" : "ended" });
    if (this.own) this.screen.party(this.own);
    this.screen.alarm(text);
    this.subtitles.keep(null);
    document.getElementById(this.role === "official" ? "scroll" : "ring").focus();
  }

  on_warning({ code, text }) {
    console.info("line:", text);
    if (code !== NOT_HEARD) return;
    this.note("not_heard");
    this.composer.unheard();
  }

  on_error({ code, text }) {
    if (code === "no-call") return;
    this.subtitles.add("note", this.words("error", { text }));
    if (!this.up) {
      this.speaker.quiet();
      this.rest();
    }
  }

  end() {
    this.unasked();
    this.composer.close();
    this.speaker.quiet();
    this.speaker.hushPeer();
    this.voice.hush();
    if (this.tape) this.subtitles.recorded((performance.now() - this.tape) / 1000);
    this.tape = null;
    this.up = false;
    this.screen.stop();
    this.microphone.stop();
    this.showMicrophone();
  }

  lost() {
    this.voice.hush();
    this.speaker.quiet();
    this.speaker.hushPeer();
    if (this.line.call) this.note(this.line.holding ? "lost_kept" : "lost");
    this.show("reconnecting", { call: this.line.call !== null });
  }

  microphoneDecided() {
    const late = new Promise((resolve) => setTimeout(resolve, DECISION));
    return Promise.race([this.openMicrophone(), late]);
  }

  async openMicrophone({ refused = "mic_refused" } = {}) {
    if (this.microphone.state === "refused") {
      if (refused !== "mic_refused") this.note(refused);
      return false;
    }
    const open = await this.microphone.open();
    if (!open) this.note(refused);
    if (!this.up) this.microphone.stop();
    this.showMicrophone();
    return open;
  }

  showMicrophone() {
    const button = document.getElementById("mic");
    const on = this.microphone.state === "on";
    button.setAttribute("aria-pressed", String(on));
    button.textContent = this.words(on ? "mic_on" : "mic_off");
    button.hidden = !this.up;
  }

  tick() {
    if (this.tape) this.subtitles.recording((performance.now() - this.tape) / 1000);
  }

  caller(number) {
    return /^\+?\d+$/.test(number) ? printed(number) : this.words("withheld");
  }

  note(word, slots) {
    this.subtitles.add("note", this.words(word, slots));
  }
}
