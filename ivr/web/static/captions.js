/* What the keys mean right now: the labels of the options that a phrase offers, as the server gives
   them. A phrase is known by its words, and what stands in its slots may be part of a label. */

export class Captions {
  constructor(phrases) {
    this.phrases = phrases.map(({ parts, keys, back }) => ({
      form: new RegExp(`^${parts.map((part, at) => (at % 2 ? "(.+?)" : plain(part))).join("")}$`, "s"),
      slots: parts.filter((_, at) => at % 2),
      keys: Object.entries(keys),
      back,
    }));
  }

  /* Pairs of key and label that a prompt offers, and whether the menu's own still hold beside them. */
  of(text) {
    for (const { form, slots, keys, back } of this.phrases) {
      const found = text.match(form);
      if (!found) continue;
      const said = Object.fromEntries(slots.map((slot, at) => [slot, found[at + 1]]));
      const fill = (label) => label.replace(/\{(\w+)\}/g, (whole, slot) => said[slot] ?? whole);
      return { pairs: keys.map(([key, label]) => [key, fill(label)]), back };
    }
    return { pairs: [], back: false };
  }
}

function plain(words) {
  return words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
