/* The conversation in writing: one line for each thing heard, said, pressed or recorded.
   Text is only ever set as text. */

const MOST_LINES = 300;
const TOGETHER = 4000;
const KEPT = "zhitong-conversation";

/* A case number in two groups of digits stays on one line. */
export function whole(text) {
  return text.replace(/(\d{3,}) (?=\d{3,})/g, "$1\u00a0");
}

export class Subtitles {
  constructor(list, scroll, empty, words) {
    Object.assign(this, { list, scroll, empty, words, call: null });
    addEventListener("pagehide", () => this.save());
  }

  /* The conversation of a call outlives a reload of the page, not the call (null) or the tab. */
  keep(call) {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.removeItem(KEPT);
    this.call = call;
    if (call === null || kept?.call !== call) return;
    for (const { kind, text, lang, who, done, prompt } of kept.lines) {
      const line = this.add(kind, text, { lang, who });
      if (prompt) line.dataset.prompt = prompt;
      line.classList.toggle("done", done);
      if (kind === "recording" && !done) this.tape = line;
    }
  }

  save() {
    if (this.call === null) return;
    const lines = [...this.list.children].map((line) => ({
      kind: line.dataset.kind,
      text: line.querySelector(".text").textContent,
      lang: line.lang,
      who: line.querySelector(".who")?.textContent ?? "",
      done: line.classList.contains("done"),
      prompt: line.dataset.prompt,
    }));
    sessionStorage.setItem(KEPT, JSON.stringify({ call: this.call, lines }));
  }

  add(kind, text, { lang = document.documentElement.lang, who = "" } = {}) {
    const line = document.createElement("li");
    line.dataset.kind = kind;
    line.lang = lang;
    if (who) line.append(this.label(who));
    const words = document.createElement("span");
    words.className = "text";
    words.textContent = whole(text);
    line.append(words);
    this.empty.hidden = true;
    this.list.append(line);
    while (this.list.children.length > MOST_LINES) this.list.firstElementChild.remove();
    this.scroll.scrollTop = this.scroll.scrollHeight;
    return line;
  }

  /* A note that is not said twice in a row. */
  hint(text) {
    const last = this.list.lastElementChild;
    if (last?.dataset.kind !== "note" || last.textContent !== text) this.add("note", text);
  }

  label(who) {
    const label = document.createElement("span");
    label.className = "who";
    label.lang = document.documentElement.lang;
    label.textContent = who;
    return label;
  }

  /* A prompt that the line tells again, as it does once it is back, has its line already. */
  say(text, lang, who, id) {
    const tongue = /^(zh|cmn)/i.test(lang) ? "language_zh" : "language_en";
    const last = [...this.list.querySelectorAll("[data-kind=say]")].at(-1);
    const prompt = `${this.call} ${id} ${text}`;
    if (last?.dataset.prompt === prompt) return last;
    const line = this.add("say", text, { lang, who: `${who} · ${this.words(tongue)}` });
    line.dataset.prompt = prompt;
    return line;
  }

  /* Keys pressed quickly one after another share a line. */
  pressed(sign) {
    const last = this.list.lastElementChild;
    const fresh = last?.dataset.keys && Date.now() - Number(last.dataset.at) < TOGETHER;
    const line = fresh ? last : this.add("you", "", { who: this.words("you") });
    const keys = (fresh ? last.dataset.keys : "") + sign;
    Object.assign(line.dataset, { keys, at: Date.now() });
    line.querySelector(".text").textContent = this.words("pressed", { keys: [...keys].join(" ") });
  }

  /* One line for a whole recording; its seconds are not read out anew each time. */
  recording(seconds) {
    if (!this.tape) {
      this.tape = this.add("recording", "");
      this.tape.setAttribute("aria-live", "off");
    }
    this.write(this.tape, "recording_now", seconds);
  }

  recorded(seconds) {
    if (!this.tape) return;
    this.tape.classList.add("done");
    this.write(this.tape, "recorded", seconds);
    this.tape = null;
  }

  write(line, word, seconds) {
    line.dataset.recorded = Math.floor(seconds);
    line.querySelector(".text").textContent = this.words(word, { seconds: Math.floor(seconds) });
  }

  clear() {
    this.list.replaceChildren();
    this.tape = null;
    this.empty.hidden = false;
  }
}
