/* The box for typed words, which stand for speech. What the line does not take yet stays in it; where
   it takes none, the box is closed and says why. In an empty box a key that the line takes is a key. */

const SIGN = /^[0-9*#]$/;

export class Composer {
  /* `say` is given words, `press` a key, `wait` why words have to wait. */
  constructor(root, words, { say, press, wait }) {
    const find = (id) => root.querySelector(`#${id}`);
    Object.assign(this, { words, say, press, wait });
    Object.assign(this, { box: find("words"), button: find("say"), away: find("scroll") });
    this.hint = this.box.placeholder;
    find("composer").addEventListener("submit", (event) => this.submit(event));
    this.box.addEventListener("keydown", (event) => this.typed(event));
    this.close();
  }

  /* Words are heard from now on, and these keys. */
  open(keys) {
    this.set({ keys, hint: this.hint });
  }

  /* Words are not heard yet: they may be typed, and wait. */
  hold(why) {
    this.set({ why, hint: this.words(why) });
  }

  /* No words are heard here. */
  shut(why) {
    this.set({ shut: true, hint: this.words(why) });
    if (this.box.value) this.wait(why); // where words stand in the box, its hint is not seen
  }

  /* There is no call. */
  close() {
    this.set({ shut: true, hint: this.hint });
    this.box.value = "";
  }

  set({ keys = "", why = null, shut = false, hint }) {
    Object.assign(this, { keys, why });
    if (shut && document.activeElement === this.box) this.leave();
    this.box.disabled = this.button.disabled = shut;
    this.box.placeholder = hint;
  }

  submit(event) {
    event.preventDefault();
    const text = this.box.value.trim();
    const sign = text.normalize("NFKC");
    if (!text) return;
    if (!SIGN.test(sign) && this.why) {
      this.wait(this.why);
      return;
    }
    this.box.value = "";
    if (SIGN.test(sign)) this.press(sign);
    else this.say((this.last = text));
  }

  typed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.leave();
    else if (SIGN.test(event.key) && this.keys.includes(event.key) && !this.box.value) {
      event.preventDefault();
      if (!event.repeat) this.press(event.key);
    }
  }

  /* Back to where digits are keys. */
  leave() {
    this.away.focus({ preventScroll: true });
  }

  /* What was said last came when nobody listened: it is not lost. */
  unheard() {
    this.box.value ||= this.last ?? "";
    this.last = "";
  }
}
