/* Choosing the number to ring and who is calling; or, on an official's phone, whose phone it is. */

const get = (id) => document.getElementById(id);

/* As people write it: 0558-0000021, 139 0000 0012, full-width digits; E.164 where it is plain. */
export function dialable(written) {
  const plain = written.normalize("NFKC").replace(/[\s\-()（）]/g, "");
  if (/^\+\d{3,15}$/.test(plain)) return plain;
  if (/^0086\d{5,13}$/.test(plain)) return `+${plain.slice(2)}`;
  if (/^1\d{10}$/.test(plain)) return `+86${plain}`;
  if (/^0\d{9,11}$/.test(plain)) return `+86${plain.slice(1)}`;
  return /^\d{3,15}$/.test(plain) ? plain : null;
}

/* The other way round: as people here write a number, for reading only. */
export function printed(number) {
  const home = number.replace(/^\+86/, "");
  if (home === number) return number;
  if (/^1\d{10}$/.test(home)) return `${home.slice(0, 3)} ${home.slice(3, 7)} ${home.slice(7)}`;
  return `0${home.slice(0, 3)}-${home.slice(3)}`;
}

/* Who searches for an office means it rather than a post that is named after it. */
function rank({ dataset }, wanted) {
  const offices = dataset.offices.split("|");
  const names = [...offices, dataset.post.toLowerCase(), dataset.shown];
  if (names.includes(wanted.join(" "))) return 0;
  return wanted.every((word) => offices.some((office) => office.includes(word))) ? 1 : 2;
}

export class CallerChooser {
  constructor(words) {
    this.words = words;
    this.number = get("number-select");
    this.caller = get("caller-select");
    this.groups = [...this.number.querySelectorAll("optgroup")].map((group) => [group, [...group.children]]);
    get("number-search").addEventListener("input", (event) => this.search(event.target.value));
    this.number.addEventListener("change", () => this.picked());
    this.caller.addEventListener("change", () => this.picked());
    this.picked();
  }

  search(text) {
    const wanted = text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [group, options] of this.groups) {
      const fitting = options.filter((o) => wanted.every((word) => o.dataset.search.includes(word)));
      group.replaceChildren(...fitting);
      group.hidden = fitting.length === 0;
      found += fitting.length;
    }
    get("search-found").textContent = this.words(found ? "found" : "found_none", { n: found });
    const left = [...this.number.querySelectorAll("optgroup option")];
    const best = left.sort((a, b) => rank(a, wanted) - rank(b, wanted))[0];
    if (wanted.length && best) this.number.value = best.value;
    this.picked();
  }

  picked() {
    const option = this.number.selectedOptions[0];
    const listed = option?.dataset.shown !== undefined;
    const desk = option?.dataset.desk ?? "";
    get("as-official").search = new URLSearchParams(desk ? { as: "official", desk } : { as: "official" });
    get("number-other-box").hidden = listed;
    get("caller-own-box").hidden = this.caller.value !== "own";
    get("clipping").hidden = !listed;
    if (!listed) return;
    for (const part of ["paper", "post", "office"]) get(`clipping-${part}`).textContent = option.dataset[part];
    get("clipping-number").textContent = option.dataset.shown;
  }

  /* The number to ring, null where none is given yet. */
  get to() {
    return this.number.value === "other" ? dialable(get("number-other").value) : this.number.value;
  }

  /* A call that was there before this page: its number is chosen again. */
  choose(number) {
    const listed = [...this.number.options].some((option) => option.value === number);
    this.number.value = listed ? number : "other";
    if (!listed) get("number-other").value = number;
    this.picked();
  }

  get from() {
    return this.caller.value === "own" ? dialable(get("caller-own").value) : this.caller.value;
  }

  get party() {
    const option = this.number.selectedOptions[0];
    return option?.dataset.shown ? option.textContent.trim() : get("number-other").value;
  }
}

export class OfficialChooser {
  constructor() {
    this.number = get("official-number");
    this.choose(new URLSearchParams(location.search).get("desk"));
  }

  get own() {
    return this.number.value;
  }

  get party() {
    return this.number.selectedOptions[0]?.textContent.trim() ?? "";
  }

  choose(number) {
    if ([...this.number.options].some((option) => option.value === number)) this.number.value = number;
  }
}
