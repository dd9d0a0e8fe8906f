/* Says a prompt: the exchange's WAV where it has one, else the browser's voice, else silence of
   the same length while the subtitles are read. Resolves when it was heard, or hushed. */

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export class Voice {
  constructor(speaker) {
    this.speaker = speaker;
    this.current = new AbortController();
  }

  /* Resolves to "file", "browser" or "none" when heard to the end, to "hushed" when stopped. */
  async say(prompt) {
    this.hush();
    const { signal } = (this.current = new AbortController());
    const how = await this.sound(prompt, signal);
    return signal.aborted ? "hushed" : how;
  }

  hush() {
    this.current.abort();
    globalThis.speechSynthesis?.cancel();
  }

  async sound(prompt, signal) {
    if (prompt.kind !== "pause" && prompt.url) {
      try {
        await this.speaker.play(ours(prompt.url), signal);
        return "file";
      } catch {
        if (signal.aborted) return "hushed";
      }
    }
    const voice = prompt.kind === "say" ? voiceFor(prompt.language) : undefined;
    if (voice) {
      await speak(prompt, voice, signal);
      return "browser";
    }
    await pause(prompt.seconds, signal);
    return prompt.kind === "pause" ? "file" : "none";
  }
}

/* The exchange may name this machine in another way than the address bar does. */
function ours(address) {
  const url = new URL(address, location.href);
  const same = LOOPBACK.has(url.hostname) && LOOPBACK.has(location.hostname) && url.port === location.port;
  return same ? url.pathname + url.search : url.href;
}

export function voiceFor(language) {
  const wanted = /^(zh|cmn)/i.test(language) ? /^(zh|cmn)([-_](CN|Hans))?/i : /^en/i;
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  const fitting = voices.filter((voice) => wanted.test(voice.lang));
  return fitting.find((voice) => /CN|US|GB/.test(voice.lang)) ?? fitting[0];
}

function speak({ text, pace, seconds }, voice, signal) {
  return new Promise((resolve) => {
    const words = new SpeechSynthesisUtterance(text);
    Object.assign(words, { voice, lang: voice.lang, rate: pace || 1 });
    /* Some browsers lose the end of a long sentence: waiting has a bound. */
    const timer = setTimeout(resolve, (seconds * 2 + 3) * 1000);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    ["end", "error"].forEach((type) => words.addEventListener(type, done, { once: true }));
    signal.addEventListener("abort", done, { once: true });
    speechSynthesis.speak(words);
  });
}

function pause(seconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
