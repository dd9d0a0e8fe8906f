/* The phone page. Two roles by data-role: "caller" rings a number, "official" waits and answers.

   Hooks for tests, which do not change:
     data-testid  number-select number-search number-other caller-select caller-own ring
                  official-number attach answer decline hang-up
                  key-0 … key-9 key-star key-hash  words say  mic  messages  subtitles  state
     subtitles    li[data-kind=say|beep|recording|you|note], each with lang
     state        data-state=idle|ringing|talking|recording|bridged|reconnecting|ended
   Other modules: line (socket), call (messages), captions (labels of keys), audio, voice, subtitles, keypad,
   composer (typed words), screen, chooser. */

import { Microphone, Speaker } from "./audio.js";
import { CallView } from "./call.js";
import { Captions } from "./captions.js";
import { CallerChooser, OfficialChooser } from "./chooser.js";
import { Composer } from "./composer.js";
import { Keypad } from "./keypad.js";
import { Line, handsetOfThisTab } from "./line.js";
import { Screen } from "./screen.js";
import { Subtitles } from "./subtitles.js";
import { Voice } from "./voice.js";

const KEPT_NUMBER = "zhitong-number";
const get = (id) => document.getElementById(id);
const root = get("phone");
const config = JSON.parse(root.dataset.config);
const { role } = root.dataset;

function words(id, slots = {}) {
  return (config.words[id] ?? id).replace(/\{(\w+)\}/g, (whole, name) => slots[name] ?? whole);
}

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const line = new Line(`${scheme}//${location.host}${config.socket}`, handsetOfThisTab());
const speaker = new Speaker();
const voice = new Voice(speaker);
const screen = new Screen(root, words);
const subtitles = new Subtitles(get("subtitles"), get("scroll"), get("talk-empty"), words);
const microphone = new Microphone((piece, level) => {
  screen.level(level);
  line.sendSound(piece);
});
const keypad = new Keypad(get("pad"), (sign) => {
  speaker.key(sign);
  subtitles.pressed(sign);
  line.send({ type: "digits", digits: sign });
});
const composer = new Composer(root, words, {
  say: (text) => {
    subtitles.add("you", text, { who: words("you") });
    line.send({ type: "words", text });
  },
  press: (sign) => keypad.down(sign),
  wait: (why) => subtitles.hint(words(why)),
});
const captions = new Captions(config.captions);
const view = new CallView({
  line, speaker, voice, microphone, screen, subtitles, keypad, captions, composer, words, role,
});

get("hang-up").addEventListener("click", () => line.send({ type: "hangup" }));
get("answer").addEventListener("click", () => {
  speaker.wake();
  line.send({ type: "answer" });
});
get("decline").addEventListener("click", () => line.send({ type: "decline" }));

get("mic").addEventListener("click", () => {
  if (microphone.state === "on") {
    microphone.stop();
    view.showMicrophone();
    return;
  }
  microphone.state = "off";
  view.openMicrophone();
});

function say(word) {
  subtitles.add("note", words(word));
  screen.alarm(words(word));
}

function asCaller() {
  const chooser = new CallerChooser(words);
  view.chooser = chooser;
  const own = () => (chooser.from === config.withheld ? "" : chooser.from);
  const hold = () => own() !== null && own() !== line.number && line.attach(own());
  get("caller-select").addEventListener("change", hold);
  get("chooser").addEventListener("submit", (event) => {
    event.preventDefault();
    const { to, from } = chooser;
    if (!to || !from) {
      say(to ? "choose_caller" : "choose_number");
      return;
    }
    speaker.wake();
    subtitles.clear();
    hold();
    screen.party(chooser.party);
    line.send({ type: "dial", to, from });
  });
  line.attach(own() ?? "");
}

function asOfficial() {
  const chooser = new OfficialChooser();
  const button = document.querySelector("#chooser button");
  const shown = (on) => {
    root.dataset.on = on ? "yes" : "no";
    button.setAttribute("aria-checked", String(on));
    button.textContent = words(on ? "switch_off" : "switch_on");
  };
  const switchOn = () => {
    sessionStorage.setItem(KEPT_NUMBER, chooser.own);
    view.own = chooser.party;
    screen.party(view.own);
    line.attach(chooser.own);
    shown(true);
  };
  const switchOff = () => {
    sessionStorage.removeItem(KEPT_NUMBER);
    line.detach();
    view.own = null;
    screen.party("");
    screen.show("idle", { wording: "off" });
    shown(false);
  };
  get("chooser").addEventListener("submit", (event) => {
    event.preventDefault();
    speaker.wake();
    if (line.wanted) switchOff();
    else switchOn();
  });
  get("official-number").addEventListener("change", () => line.wanted && switchOn());
  line.addEventListener("taken", () => shown(false));
  const kept = sessionStorage.getItem(KEPT_NUMBER);
  if (!kept) {
    screen.show("idle", { wording: "off" });
    return;
  }
  chooser.choose(kept);
  switchOn();
}

line.addEventListener("taken", () => {
  screen.show("ended", { wording: "taken" });
  say("taken");
});
screen.show("idle");
view.showMicrophone();
globalThis.speechSynthesis?.getVoices();
if (role === "official") asOfficial();
else asCaller();
