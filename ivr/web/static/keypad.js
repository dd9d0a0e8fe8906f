/* Twelve keys by finger, mouse or keyboard. The keyboard's digits count wherever no text is
   being typed, so that nobody has to look for the right place first. A key bears what it does
   just now, as long as the line has said so. */

const SIGNS = "0123456789*#";
const TYPING = "input, textarea, select, [contenteditable]";

export class Keypad {
  constructor(box, press) {
    this.box = box;
    this.press = press;
    this.buttons = new Map();
    for (const button of box.querySelectorAll("[data-key-sign]")) {
      button.dataset.name = button.getAttribute("aria-label");
      this.buttons.set(button.dataset.keySign, button);
      button.addEventListener("click", () => press(button.dataset.keySign));
    }
    document.addEventListener("keydown", (event) => this.typed(event));
  }

  /* Takes all labels away, then labels some keys: pairs of key and words. */
  label(pairs = [], language = document.documentElement.lang) {
    for (const sign of this.buttons.keys()) this.write(sign, "", language);
    this.add(pairs, language);
  }

  add(pairs, language) {
    for (const [sign, words] of pairs) this.write(sign, words, language);
  }

  write(sign, words, language) {
    const button = this.buttons.get(sign);
    const small = button.querySelector("small");
    small.textContent = words;
    small.lang = language;
    button.setAttribute("aria-label", words ? `${button.dataset.name}, ${words}` : button.dataset.name);
  }

  typed(event) {
    if (this.box.hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (!SIGNS.includes(event.key) || event.target.closest?.(TYPING)) return;
    event.preventDefault();
    this.down(event.key);
  }

  /* A key that was not touched itself. */
  down(sign) {
    const button = this.buttons.get(sign);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 140);
    this.press(sign);
  }
}
