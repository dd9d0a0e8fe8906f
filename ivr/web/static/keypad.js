/* Twelve keys by finger, mouse or keyboard. The keyboard's digits count wherever no text is
   being typed, so that nobody has to look for the right place first. */

const SIGNS = "0123456789*#";
const TYPING = "input, textarea, select, [contenteditable]";

export class Keypad {
  constructor(box, press) {
    this.box = box;
    this.press = press;
    this.buttons = new Map();
    for (const button of box.querySelectorAll("[data-key-sign]")) {
      this.buttons.set(button.dataset.keySign, button);
      button.addEventListener("click", () => press(button.dataset.keySign));
    }
    document.addEventListener("keydown", (event) => this.typed(event));
  }

  typed(event) {
    if (this.box.hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (!SIGNS.includes(event.key) || event.target.closest?.(TYPING)) return;
    event.preventDefault();
    const button = this.buttons.get(event.key);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 140);
    this.press(event.key);
  }
}
